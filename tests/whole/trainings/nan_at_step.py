"""A training whose targets turn NaN at one known step.

Arguments: that step, seconds a batch, and a file without which it does not go on after a third of
the way.
"""

import sys
import time
from pathlib import Path

import keras
import numpy as np

from nanwatch import NanWatch

nan_step, pause = int(sys.argv[1]), float(sys.argv[2])
wanted = [Path(name) for name in sys.argv[3:]]
rng = np.random.default_rng(0)
x = rng.normal(size=(40 * 8, 3)).astype("float32")
y = x.sum(axis=1, keepdims=True)
y[nan_step * 8 + 5] = np.nan


class Slow(keras.callbacks.Callback):
    """As slow as a larger model, so that somebody can look on."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(pause)
        while batch == nan_step // 3 and not all(file.exists() for file in wanted):
            time.sleep(pause)


model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
model.compile("adam", "mse")
watch = NanWatch(run="nan-at-step", project="whole", config={"nan_step": nan_step})
model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0, callbacks=[watch, Slow()])
assert all(np.isfinite(weight).all() for weight in model.get_weights())
sys.stdout.write(f"RUN {watch.run_id} {watch.url}\n")
