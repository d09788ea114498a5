"""A healthy training: handwritten digits (scikit-learn's copy of the UCI data, 1797 images)."""

from __future__ import annotations

import keras
from sklearn.datasets import load_digits

from nanwatch import NanWatch


def train() -> NanWatch:
    """Train a classifier to about 97 % on images that it has not seen."""
    x, y = load_digits(return_X_y=True)
    model = keras.Sequential(
        [
            keras.layers.Input((64,)),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    watch = NanWatch(run="digits-healthy", tags=["demo", "healthy"])
    model.fit(x, y, validation_split=0.2, epochs=15, verbose=0, callbacks=[watch])
    return watch
