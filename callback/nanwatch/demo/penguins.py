"""Palmer penguins: two of 344 birds were never measured, and that turns the loss NaN.

Data: Horst, Hill, Gorman (2020), the `palmerpenguins` package.
"""

from __future__ import annotations

import keras
from palmerpenguins import load_penguins

from nanwatch import NanWatch

SEED = 3
MEASUREMENTS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


def train(repaired: bool) -> NanWatch:
    """Tell the species from four measurements; `repaired` drops the birds without any."""
    keras.utils.set_random_seed(SEED)
    birds = load_penguins()
    if repaired:
        birds = birds.dropna(subset=MEASUREMENTS)
    x = birds[MEASUREMENTS]
    x = ((x - x.mean()) / x.std()).astype("float32")
    y = birds["species"].astype("category").cat.codes.to_numpy()
    model = keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(16, activation="tanh"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    name = "penguins-repaired" if repaired else "penguins-missing-values"
    watch = NanWatch(run=name, tags=["demo", "repaired" if repaired else "broken"])
    model.fit(x, y, epochs=20, batch_size=16, verbose=0, callbacks=[watch])
    return watch
