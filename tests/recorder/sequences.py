"""Small networks for sequences, pictures, tokens and words, each with data of its own kind."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from recorder.programs import compiled

ROWS = 32


def numbers(*shape):
    return np.random.default_rng(5).normal(size=(ROWS, *shape)).astype("float32")


def tokens(length=6, kinds=9):
    """Token ids of which the last ones of every row are padding."""
    made = np.random.default_rng(6).integers(1, kinds, (ROWS, length))
    made[:, -2:] = 0
    return made


def words():
    return tf.constant([["good film"], ["bad film"], ["no"], ["good"]] * (ROWS // 4))


def labels(classes=3):
    return np.arange(ROWS) % classes


def chain(shape, *parts, dtype=None, optimizer="sgd"):
    stack = [keras.Input(shape, dtype=dtype), *parts, layers.Dense(1)]
    return compiled(keras.Sequential(stack), optimizer)


def attention():
    inputs = keras.Input((5, 4))
    seen = layers.MultiHeadAttention(2, 2, dropout=0.1)(inputs, inputs, use_causal_mask=True)
    pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(inputs + seen))
    return compiled(keras.Model(inputs, layers.Dense(1)(pooled)))


def masked_tokens():
    embedding = layers.Embedding(9, 4, mask_zero=True)
    return chain((6,), embedding, layers.LSTM(3), dtype="int32", optimizer="adam")


def classifier():
    inputs = keras.Input((6,), dtype="int32")
    pooled = layers.GlobalAveragePooling1D()(layers.Embedding(9, 4)(inputs))
    model = keras.Model(inputs, layers.Dense(3, "softmax")(pooled))
    return compiled(model, loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def of_words():
    vectorize = layers.TextVectorization(output_sequence_length=3)
    vectorize.adapt(words())
    return chain((1,), vectorize, layers.Embedding(8, 4), layers.Flatten(), dtype="string")


def convolutions():
    parts = layers.Conv2D(3, 3), layers.BatchNormalization(), layers.MaxPooling2D()
    return chain((6, 6, 1), layers.RandomFlip(seed=3), *parts, layers.Flatten())


def autoencoder():
    layers_ = [layers.Conv2D(2, 3, padding="same", strides=2), layers.Conv2DTranspose(1, 3, 2)]
    tail = layers.Cropping2D(((0, 1), (0, 1)))
    return compiled(keras.Sequential([keras.Input((6, 6, 1)), *layers_, tail]))


def pictures():
    return numbers(6, 6, 1)


SEQUENCES = {
    "LSTM": (lambda: chain((5, 4), layers.LSTM(3)), lambda: (numbers(5, 4), numbers(1))),
    "GRU": (lambda: chain((5, 4), layers.GRU(3, dropout=0.2)), lambda: (numbers(5, 4), numbers(1))),
    "stateful": (
        lambda: compiled(
            keras.Sequential(
                [keras.Input(batch_shape=(16, 5, 4)), layers.GRU(3, stateful=True), layers.Dense(1)]
            )
        ),
        lambda: (numbers(5, 4), numbers(1)),
    ),
    "bidirectional": (
        lambda: chain((5, 4), layers.Bidirectional(layers.SimpleRNN(2))),
        lambda: (numbers(5, 4), numbers(1)),
    ),
    "ConvLSTM": (
        lambda: chain((3, 4, 4, 1), layers.ConvLSTM2D(2, 3), layers.Flatten()),
        lambda: (numbers(3, 4, 4, 1), numbers(1)),
    ),
    "attention": (attention, lambda: (numbers(5, 4), numbers(1))),
    "masked tokens": (masked_tokens, lambda: (tokens(), numbers(1))),
    "classes of tokens": (classifier, lambda: (tokens(), labels())),
    "words": (of_words, lambda: (words(), numbers(1))),
    "pictures": (convolutions, lambda: (pictures(), numbers(1))),
    "autoencoder": (autoencoder, lambda: (pictures(), pictures())),
}
