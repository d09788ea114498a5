"""Diabetes progression from raw measurements: unscaled columns make plain SGD explode.

Data: Efron, Hastie, Johnstone, Tibshirani (2004), scikit-learn's `load_diabetes`.
"""

from __future__ import annotations

import keras
from sklearn.datasets import load_diabetes

from nanwatch import NanWatch


def train(repaired: bool) -> NanWatch:
    """Fit a linear regression; `repaired` puts a normalising layer in front of it."""
    x, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    layers = [keras.layers.Input((10,)), keras.layers.Dense(1)]
    if repaired:
        normalize = keras.layers.Normalization()
        normalize.adapt(x.to_numpy())
        layers.insert(1, normalize)
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.01), "mse", metrics=["mae"])
    name = "diabetes-repaired" if repaired else "diabetes-raw-units"
    watch = NanWatch(run=name, tags=["demo", "repaired" if repaired else "broken"])
    model.fit(x, y, epochs=30, verbose=0, callbacks=[watch])
    return watch
