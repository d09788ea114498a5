"""The remedies: what each changes, and that it is undone."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import mlp, table
from nanwatch.autopsy.remedies import REMEDIES, data, losses, optimizing
from nanwatch.autopsy.terms import loss_terms
from nanwatch.diagnosis import CAUSES


def batches(scale=1.0, shift=0.0, n=3):
    x, y = table(16 * n)
    parts = zip(np.split(x * scale + shift, n), np.split(y, n), strict=True)
    return [(tf.constant(a), tf.constant(b)) for a, b in parts]


def test_every_remedy_that_a_cause_asks_for_exists():
    asked = set()
    for page in CAUSES.values():
        for case in page.fires:
            testimony = page.weigh(case)
            asked |= {testimony.remedy, *testimony.also_try} - {""}
    assert asked
    assert asked <= set(REMEDIES)


def test_only_the_rows_with_a_bad_cell_are_dropped():
    x, y = table(16)
    x[3, 0], y[5] = math.nan, math.inf
    ((kept_x, kept_y, weights),) = data.drop_rows([(x, y, None)])
    good = [row for row in range(16) if row not in (3, 5)]
    np.testing.assert_array_equal(kept_x, x[good])
    np.testing.assert_array_equal(kept_y, y[good])
    assert weights is None


def test_a_batch_without_a_good_row_is_left_out():
    x, y = table(16)
    assert len(data.drop_rows([(x, y), (x * math.nan, y)])) == 1


def test_columns_are_scaled_by_the_statistics_of_all_batches():
    scaled = data.scale_inputs(batches(scale=np.array([1, 50, 1e4, 0.1], "float32"), shift=300.0))
    rows = np.concatenate([x for x, _ in scaled])
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(rows.std(axis=0), 1, atol=1e-3)
    assert rows.dtype == np.float32


def test_a_constant_column_does_not_divide_by_zero():
    ((x, _),) = data.scale_inputs([(np.full((8, 2), 5.0, "float32"), np.zeros((8, 1)))])
    np.testing.assert_array_equal(x, np.zeros((8, 2)))


def test_classes_and_ids_beside_measurements_stay_as_they_are():
    x = {"ids": np.arange(8), "size": np.linspace(0, 900, 8, dtype="float32")[:, None]}
    ((scaled, y),) = data.scale_both([(x, np.arange(8))])
    np.testing.assert_array_equal(scaled["ids"], x["ids"])
    np.testing.assert_array_equal(y, np.arange(8))
    assert float(np.std(scaled["size"])) == pytest.approx(1, rel=1e-5)


def test_whole_numbers_alone_are_measurements():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 4), dtype="uint8")
    ((x, _),) = data.scale_inputs([(pixels, np.zeros(32))])
    assert np.asarray(x).std() == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("name", ["scale_inputs", "scale_targets", "scale_both", "drop_rows"])
@pytest.mark.parametrize("parts", [2, 3])
def test_a_batch_keeps_its_structure(name, parts):
    batch = (*batches()[0], tf.ones(16))[:parts]
    (changed,) = REMEDIES[name].batches(None, [batch])
    assert len(changed) == parts
    assert [part.shape for part in changed] == [part.shape for part in batch]


def penalised():
    dense = keras.layers.Dense(
        1, kernel_regularizer=lambda w: 7 * tf.reduce_sum(w * w), activity_regularizer="l2"
    )
    model = keras.Sequential([keras.Input((4,)), dense])
    model.compile(keras.optimizers.SGD(weight_decay=0.5), "mse")
    return model


def test_every_kind_of_penalty_weighs_a_thousandth_and_its_weight_comes_back():
    model, (x, _) = penalised(), batches()[0]

    def strengths():
        model(x)
        return [*map(float, model.losses), model.optimizer.weight_decay]

    full = strengths()
    with optimizing.weaker_penalty(model):
        assert strengths() == pytest.approx([1e-3 * value for value in full])
    assert strengths() == full


class Adds(keras.layers.Layer):
    """Adds 3 to the loss."""

    def call(self, inputs):
        self.add_loss(3.0 * tf.ones(()))
        return inputs


@pytest.mark.parametrize(("name", "added"), [("weaker_penalty", 0.003), ("negated_addition", -3.0)])
def test_what_a_layer_adds_to_the_loss_is_changed_within_the_block_only(name, added):
    model = keras.Sequential([keras.Input((4,)), Adds(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with REMEDIES[name].settings(model, []):
        model(tf.ones((2, 4)))
        assert float(model.losses[0]) == pytest.approx(added)
    model(tf.ones((2, 4)))
    assert float(model.losses[0]) == 3.0


def test_only_settings_that_cannot_work_are_replaced():
    model = mlp(optimizer=keras.optimizers.Adam(0.5, beta_1=0.5, epsilon=0.0))
    optimizer = model.optimizer
    with optimizing.sane_optimizer(model):
        assert (optimizer.epsilon, optimizer.beta_1) == (1e-7, 0.5)
        assert float(optimizer.learning_rate) == 0.5
    assert optimizer.epsilon == 0.0


def test_a_plain_method_gets_no_momentum_that_it_has_no_slots_for():
    model = mlp(optimizer=keras.optimizers.RMSprop(epsilon=0.0))
    with optimizing.sane_optimizer(model):
        model.train_on_batch(*batches()[0])
        assert model.optimizer.momentum == 0.0


def test_bad_cells_are_filled_with_the_mean_of_their_column():
    x = np.array([[1.0, math.nan], [math.inf, math.nan], [3.0, math.nan]], "float32")
    ((filled, y),) = data.fill_cells([(x, np.array([math.nan, 0, 1]))])
    np.testing.assert_array_equal(filled, [[1, 0], [2, 0], [3, 0]])
    assert math.isnan(y[0])


def test_the_failing_batch_is_left_out():
    whole = batches()
    assert data.skip_batch(whole) == whole[:2]


def test_rows_of_classes_without_a_unit_are_dropped_but_for_what_the_loss_ignores():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile("sgd", loss)
    x, y = table(6)[0], np.array([0, 3, -1, 2, -2, 1])
    model.train_on_batch(x[:1], y[:1])
    ((kept, labels),) = REMEDIES["drop_labels"].batches(model, [(x, y)])
    np.testing.assert_array_equal(labels, [0, -1, 2, 1])
    np.testing.assert_array_equal(kept, x[[0, 2, 3, 5]])


@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        keras.losses.SparseCategoricalCrossentropy(name="own"),
    ],
)
def test_a_label_that_means_nothing_is_ignored_by_the_loss(loss):
    model = keras.Sequential([keras.Input((5, 4)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", loss)
    x, y = np.zeros((2, 5, 4), "float32"), np.array([[0, 1, 2, 255, 1]] * 2)
    model.compute_loss(x, y % 3, model(x))
    with REMEDIES["ignored_class"].settings(model, [(x, y)]):
        assert np.isfinite(model.compute_loss(x, y, model(x)))
    with (
        pytest.raises(ValueError, match="not a single"),
        REMEDIES["ignored_class"].settings(model, [(x, y % 3)]),
    ):
        pass


def test_only_weights_that_cannot_be_meant_become_1_and_they_come_back():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [keras.layers.Dense(1)(inputs) for _ in range(3)])
    model.compile("sgd", ["mse"] * 3, loss_weights=[math.inf, 0.5, -2.0])
    x, y = table(8)
    model.compute_loss(x, [y, y, y], model(x))
    with losses.even_weights(model):
        assert [term.loss_weights for term in loss_terms(model)] == [1.0, 0.5, 1.0]
        assert math.isfinite(model.compute_loss(x, [y, y, y], model(x)))
    assert [term.loss_weights for term in loss_terms(model)] == [math.inf, 0.5, -2.0]


def test_a_focal_loss_gets_its_usual_exponent_and_keeps_the_rest():
    model = mlp(loss=keras.losses.BinaryFocalCrossentropy(gamma=0.5, from_logits=True))
    model.train_on_batch(*batches()[0])
    with losses.usual_gamma(model):
        (term,) = loss_terms(model)
        assert (term.loss.gamma, term.loss.from_logits) == (2.0, True)
    assert loss_terms(model)[0].loss.gamma == 0.5


def test_rows_that_become_absurd_in_the_model_are_dropped_as_outliers():
    standardise = keras.layers.Normalization(mean=np.zeros(4), variance=np.array([1, 1, 1, 0]))
    model = keras.Sequential([keras.Input((4,)), standardise, keras.layers.Dense(1)])
    x, y = table(32)
    x[:, 3] = 0.0
    x[[5, 9], 3] = 1.0
    ((kept, _),) = REMEDIES["drop_outliers"].batches(model, [(tf.constant(x), tf.constant(y))])
    np.testing.assert_array_equal(kept, np.delete(x, [5, 9], axis=0))


def test_an_activation_that_the_model_has_already_comes_after_what_spoils_it():
    lowered = [keras.layers.Dense(1, activation="softplus"), keras.layers.Rescaling(1.0, -5.0)]
    model = keras.Sequential([keras.Input((4,)), *lowered])
    model.compile("sgd", "poisson")
    x, y = table(16)

    def loss():
        return float(model.compute_loss(x, y, model(x)))

    assert math.isnan(loss())
    with REMEDIES["softplus_output"].settings(model, []):
        assert math.isfinite(loss())
    assert math.isnan(loss())
