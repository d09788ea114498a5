"""What Keras itself says of a training that nobody watches, and models of more kinds."""

import keras

from fits import batches_of, table

BACKEND = keras.backend.backend()


class Alone(keras.callbacks.Callback):
    """Each batch's loss by Keras' own account, its running mean begun anew before each."""

    def __init__(self, key="loss"):
        super().__init__()
        self.key = key
        self.losses = []

    def on_train_batch_begin(self, batch, logs=None):
        if BACKEND == "jax":
            self.model.jax_state_sync()
        self.model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs[self.key]))


def alone(model, *data, key="loss", **fit):
    """The losses of a fit in batches of 16 without shuffling, and without a recorder."""
    callback = Alone(key)
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0, **fit}
    model.fit(*data, callbacks=[callback], **fit)
    return callback.losses


class Pipeline(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.batches = batches_of(x, y)

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


class OwnJaxStep(keras.Model):
    """A train step for JAX with a loss of its own that reports what it likes."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, state, data):
        import jax

        held, others, slots, metrics = state
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)

        def loss_of(held):
            predicted, after = self.stateless_call(held, others, x)
            return keras.ops.mean(keras.ops.abs(y - predicted)), after

        (loss, others), slopes = jax.value_and_grad(loss_of, has_aux=True)(held)
        held, slots = self.optimizer.stateless_apply(slots, slopes, held)
        return {"nll": loss}, (held, others, slots, metrics)


class OwnTorchStep(OwnJaxStep):
    """The same for torch."""

    def train_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        self.zero_grad()
        loss = keras.ops.mean(keras.ops.abs(y - self(x)))
        loss.backward()
        held = self.trainable_weights
        self.optimizer.apply([v.value.grad for v in held], held)
        return {"nll": loss.detach()}


def own_step(optimizer="sgd"):
    keras.utils.set_random_seed(7)
    model = {"jax": OwnJaxStep, "torch": OwnTorchStep}[BACKEND]()
    model.compile(optimizer)
    return model


def classifier():
    """Three classes that do not occur equally often."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def classes():
    x, y = table()
    return x, (y[:, 0] > 0).astype(int) + (y[:, 0] > 2).astype(int)
