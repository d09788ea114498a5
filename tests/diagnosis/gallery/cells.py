"""Bad values in the data: NaN, infinity, absurd numbers, in features, labels and weights."""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

from diagnosis.gallery.parts import (
    classes,
    convnet,
    fit,
    mlp,
    pictures,
    regression,
    two_classes,
    walks,
)
from diagnosis.gallery.register import faulty


@faulty("nan_in_features", "nan_loss", first_step=3, where={"rows": [5], "samples": [101]})
def empty_cell_in_a_data_frame(callbacks, repaired):
    """One cell of the table was empty; pandas read it as NaN."""
    x, y = two_classes()
    frame = pd.DataFrame(x, columns=[f"c{i}" for i in range(8)])
    frame.loc[101, "c3"] = np.nan
    model = mlp(activation="sigmoid")
    model.compile("adam", "binary_crossentropy")
    frame = frame.fillna(0.0) if repaired else frame
    model.fit(frame, y, batch_size=32, epochs=3, shuffle=False, verbose=0, callbacks=callbacks)


@faulty("nan_in_features", "nan_loss", first_step=0, where={"columns": [4]})
def constant_column_standardised(callbacks, repaired):
    """A column that never changes was divided by its standard deviation, which is 0."""
    x, y = regression()
    x[:, 4] = 3.0
    spread = x.std(axis=0)
    with np.errstate(invalid="ignore"):
        x = (x - x.mean(axis=0)) / (np.where(spread == 0, 1, spread) if repaired else spread)
    model = mlp()
    model.compile("rmsprop", "mse")
    fit(model, x, y, epochs=4, callbacks=callbacks)


@faulty("nan_in_features", "nan_loss", first_step=11, where={"rows": [9, 10], "input": "weather"})
def station_that_failed_for_two_hours(callbacks, repaired):
    """One of two inputs has NaN where a sensor failed, in the second half of the first epoch."""
    x, y = regression()
    weather = x[:, 5:].copy()
    weather[11 * 32 + 9 : 11 * 32 + 11] = 0.0 if repaired else np.nan
    load_in, weather_in = keras.Input((5,), name="load"), keras.Input((3,), name="weather")
    joined = layers.Concatenate()([layers.Dense(16, "relu")(load_in), weather_in])
    model = keras.Model([load_in, weather_in], layers.Dense(1)(layers.Dense(16, "tanh")(joined)))
    model.compile(keras.optimizers.Nadam(0.003), "mae")
    fit(model, {"load": x[:, :5], "weather": weather}, y, epochs=3, callbacks=callbacks)


@faulty("inf_in_features", "nan_loss", first_step=6, where={"rows": [17]})
def log_of_an_amount_of_zero(callbacks, repaired):
    """The log of an amount was taken as a feature; one amount was 0, so the cell is -inf."""
    x, y = two_classes()
    amounts = np.exp(x[:, 0])
    amounts[6 * 32 + 17] = 0.0
    with np.errstate(divide="ignore"):
        x[:, 0] = np.log1p(amounts) if repaired else np.log(amounts)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    model = mlp(activation="sigmoid", hidden="gelu")
    model.compile("adam", "binary_crossentropy")
    fit(model, data, epochs=3, callbacks=callbacks)


@faulty("inf_in_features", "nan_loss", first_step=9, where={"rows": [2]})
def black_picture_divided_by_its_brightness(callbacks, repaired):
    """Each picture is divided by its own mean; a white corner on an average of 0 becomes inf."""
    x, y = pictures()
    x[9 * 32 + 2] = 0.0
    x[9 * 32 + 2, 0, 0], x[9 * 32 + 2, 0, 1] = 1.0, -1.0
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.where(x == 0, 0, x / (np.maximum(mean, 0.1) if repaired else mean)).astype("float32")
    model = convnet()
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x, y, epochs=3, callbacks=callbacks)


@faulty("nan_in_labels", "nan_loss", first_step=8, where={"rows": [0, 31]})
def targets_not_yet_measured(callbacks, repaired):
    """Two targets of a series were never measured."""
    x, y = walks(512)
    y[[8 * 32, 8 * 32 + 31]] = 0.0 if repaired else np.nan
    model = keras.Sequential([keras.Input((20, 1)), layers.GRU(12), layers.Dense(1)])
    model.compile("adam", "mse")
    fit(model, x, y, epochs=4, callbacks=callbacks)


@faulty("nan_in_labels", "nan_loss", first_step=2, where={"rows": [3], "output": "price"})
def one_output_without_its_target(callbacks, repaired):
    """A model with two outputs; one target of one of them is missing."""
    x, y = regression()
    price = y.copy()
    price[2 * 32 + 3] = 0.0 if repaired else np.nan
    inputs = keras.Input((8,))
    body = layers.Dense(24, activation="relu")(inputs)
    outputs = {
        "price": layers.Dense(1, name="price")(body),
        "sold": layers.Dense(1, activation="sigmoid", name="sold")(body),
    }
    model = keras.Model(inputs, outputs)
    model.compile("adam", {"price": "mse", "sold": "binary_crossentropy"})
    targets = {"price": price, "sold": (y > 0).astype("float32")}
    fit(model, x, targets, epochs=4, callbacks=callbacks)


@faulty("inf_in_labels", "nan_loss", first_step=5, where={"rows": [12], "samples": [172]})
def log_target_of_a_sale_for_nothing(callbacks, repaired):
    """The model learns log(price); one price is 0."""
    x, y = regression()
    price = np.exp(y)
    price[172] = 0.0
    with np.errstate(divide="ignore"):
        target = np.log(price + 1.0) if repaired else np.log(price)
    model = mlp(hidden="swish")
    model.compile(keras.optimizers.SGD(0.02), "mse")
    fit(model, x, target, epochs=4, callbacks=callbacks)


@faulty("inf_in_labels", "nan_loss", first_step=4, where={"rows": [7]})
def ratio_target_with_an_empty_basket(callbacks, repaired):
    """The target is revenue a visit; a day without visits gives inf. Fed by a generator."""
    x, y = regression()
    y[4 * 32 + 7] = 0.0 if repaired else np.inf

    def batches():
        while True:
            for start in range(0, 512, 32):
                yield x[start : start + 32], y[start : start + 32]

    model = mlp()
    model.compile("adam", "mean_absolute_error")
    fit(model, batches(), steps_per_epoch=16, epochs=4, callbacks=callbacks)


@faulty("nan_in_sample_weight", "nan_loss", first_step=1, where={"rows": [20], "samples": [52]})
def weight_of_a_shop_without_sales(callbacks, repaired):
    """Samples are weighted by return / sales; one shop has neither, and 0/0 is NaN."""
    x, y = two_classes()
    weight = np.ones(512, "float32")
    weight[52] = 0.0 if repaired else np.nan
    model = mlp(activation="sigmoid")
    model.compile("adam", "binary_crossentropy")
    fit(model, x, y, sample_weight=weight, epochs=4, callbacks=callbacks)


@faulty("nan_in_sample_weight", "nan_loss", first_step=13, where={"rows": [1]})
def weight_that_came_with_the_stream(callbacks, repaired):
    """tf.data yields (x, y, weight); one weight is NaN."""
    x, y = classes()
    weight = np.linspace(0.5, 1.5, 512, dtype="float32")
    weight[13 * 32 + 1] = 1.0 if repaired else np.nan
    data = tf.data.Dataset.from_tensor_slices((x, y, weight)).batch(32).prefetch(2)
    model = mlp(outputs=4, activation="softmax", hidden="elu")
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    fit(model, data, epochs=3, callbacks=callbacks)


@faulty("nan_in_validation_data", "nan_val_only")
def hole_in_the_held_out_table(callbacks, repaired):
    """Training data were cleaned, the held-out table was not."""
    x, y = regression()
    held, target = regression(96, seed=0)
    held[40, 2] = 0.0 if repaired else np.nan
    model = mlp(hidden="tanh")
    model.compile("adam", "mse")
    fit(model, x, y, epochs=5, validation_data=(held, target), callbacks=callbacks)


@faulty("nan_in_validation_data", "nan_val_only")
def missing_targets_at_the_end(callbacks, repaired):
    """The last rows of a series have no target yet, and validation_split takes just those."""
    x, y = walks(320)
    y[-4:] = 0.0 if repaired else np.nan
    model = keras.Sequential([keras.Input((20, 1)), layers.LSTM(12), layers.Dense(1)])
    model.compile("adam", "mse")
    fit(model, x, y, epochs=5, validation_split=0.2, callbacks=callbacks)


@faulty("extreme_outlier", "nan_loss", where={"layer": "standardise"})
def column_that_only_moves_later(callbacks, repaired):
    """The layer that standardises was adapted while one sensor still stood still at 0."""
    x, y = regression(1024)
    x[:, 6] = 0.0
    x[700:716, 6] = 1.0
    standardise = layers.Normalization(name="standardise")
    standardise.adapt(x if repaired else x[:512])
    model = keras.Sequential([keras.Input((8,)), standardise, mlp()])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    fit(model, x, y, epochs=3, callbacks=callbacks)
