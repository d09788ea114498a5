"""The catalogue of losses says what Keras does: names, defaults, numbers, hazards."""

import ast
import inspect
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from nanwatch.losses import LOSSES, find, names
from nanwatch.losses.shared import CLIPPED, NAN_LABEL

INF, NAN = math.inf, math.nan
SHARED = {parameter.name: parameter.default for parameter in LOSSES["Loss"].parameters}
OF_KERAS = [name for name, value in vars(keras.losses).items() if inspect.isclass(value)]
STRINGS = [(page.name, string) for page in LOSSES.values() for string in page.strings]
REFUSED = [name for page in LOSSES.values() for name in page.other_names]


def loss(name, **settings):
    return getattr(keras.losses, name)(**settings)


def run(function, y_true, y_pred):
    """The loss, and its gradient with respect to the predictions, as arrays."""
    predictions = tf.Variable(np.array(y_pred, getattr(function, "dtype", "float32")))
    with tf.GradientTape() as tape:
        value = function(tf.constant(y_true), predictions)
    return np.array(value), np.array(tf.convert_to_tensor(tape.gradient(value, predictions)))


def test_every_loss_of_keras_has_its_page():
    assert set(LOSSES) == set(OF_KERAS)


@pytest.mark.parametrize("page", [page for page in LOSSES.values() if page.function])
def test_every_page_names_a_function_of_keras(page):
    assert callable(getattr(keras.losses, page.function))


@pytest.mark.parametrize(("name", "string"), STRINGS)
def test_every_string_means_that_loss(name, string):
    meant = keras.losses.get(string)
    function = getattr(keras.losses, LOSSES[name].function)
    assert meant is function or type(meant) is getattr(keras.losses, name)


@pytest.mark.parametrize("name", [*REFUSED, "CategoricalGeneralizedCrossEntropy"])
def test_other_names_are_refused_by_keras(name):
    with pytest.raises(ValueError, match="Could not interpret"):
        keras.losses.get(name)


@pytest.mark.parametrize("name", LOSSES)
def test_every_parameter_has_its_default(name):
    signature = inspect.signature(getattr(keras.losses, name))
    defaults = {key: value.default for key, value in signature.parameters.items()}
    own = {parameter.name: parameter.default for parameter in LOSSES[name].parameters}
    assert {**SHARED, "name": defaults["name"], **own} == defaults


def test_a_loss_is_found_by_any_of_its_names_in_any_case():
    for page in LOSSES.values():
        for name in names(page):
            assert find(name.swapcase()) is page
    assert find(" keras.losses.Huber") is LOSSES["Huber"]
    assert find("nothing") is None


@pytest.mark.parametrize("page", LOSSES.values(), ids=LOSSES)
def test_every_page_is_complete(page):
    assert all((page.title, page.kind, page.formula, page.use, page.label, page.activation))
    assert len({ast.unparse(ast.parse(code)) for code in (page.before, page.after)}) == 2
    assert page.hazards
    for item in (*page.hazards, *page.signatures, *page.corrections, *page.parameters):
        assert all(value for value in vars(item).values() if isinstance(value, str))


PRICES = [12.0, 20.0, 29.0, 60.0], [14.0, 18.0, 27.0, 55.0]
PAIRS = [[12.0, 20.0], [29.0, 60.0]], [[14.0, 18.0], [27.0, 55.0]]
SOFT = (
    [[0, 1], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]],
    [[0.6, 0.4], [0.4, 0.6], [0.6, 0.4], [0.8, 0.2]],
)
MANY = (
    [[0.1, 1.0, 0.8], [0.1, 0.9, 0.1], [0.2, 0.7, 0.1], [0.3, 0.1, 0.6]],
    [[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.7, 0.1, 0.2], [0.8, 0.1, 0.1]],
)
FOCAL = [[0.97], [0.91], [0.03]], [[1.0], [1.0], [0.0]]
BALANCED = {"apply_class_balancing": True, "reduction": "none"}
EXAMPLES = [
    ("MeanSquaredError", {}, PRICES, 9.25),
    ("MeanAbsoluteError", {}, PRICES, 2.75),
    ("MeanAbsolutePercentageError", {}, PRICES, 10.4741),
    ("MeanSquaredLogarithmicError", {}, PRICES, 0.0106422),
    ("Huber", {}, PRICES, 2.25),
    ("CosineSimilarity", {"axis": 1}, PAIRS, -0.99636),
    ("LogCosh", {}, PAIRS, 2.07048),
    ("Poisson", {}, MANY, 0.93771),
    ("KLDivergence", {}, MANY, 1.14717),
    ("BinaryCrossentropy", {}, SOFT, 0.83945),
    ("BinaryCrossentropy", {"reduction": "sum"}, SOFT, 3.35778),
    ("BinaryCrossentropy", {"reduction": "none"}, SOFT, [0.91629, 0.591918, 0.794651, 1.05492]),
    ("BinaryFocalCrossentropy", BALANCED, FOCAL, [0.000114067, 0.00342849, 0.00031986]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings", "arrays", "expected"), EXAMPLES)
def test_examples_of_the_tutorials_come_out(name, settings, arrays, expected):
    y_true, y_pred = map(np.array, arrays)
    value = np.array(loss(name, **settings)(y_true, y_pred))
    np.testing.assert_allclose(value, expected, rtol=2e-5)


HALF = {"dtype": "float16"}
LOGITS = {"from_logits": True}
FINITE = "finite"
HAZARDS = [  # loss, settings, y_true, y_pred, the loss, its gradient
    ("MeanSquaredError", {}, [[0.0]], [[2e19]], INF, FINITE),
    ("MeanSquaredError", HALF, [[0.0]], [[256.0]], INF, FINITE),
    ("MeanSquaredError", {}, [[INF]], [[INF]], NAN, NAN),
    ("MeanSquaredError", {}, [[NAN]], [[1.0]], NAN, NAN),
    ("MeanSquaredError", {}, [[], []], [[], []], NAN, FINITE),
    ("MeanAbsoluteError", {}, [[0.0]], [[INF]], INF, FINITE),
    ("MeanAbsolutePercentageError", {}, [[0.0]], [[1.0]], 1e9, 1e9),
    ("MeanAbsolutePercentageError", HALF, [[1e-3]], [[1.0]], INF, INF),
    ("MeanSquaredLogarithmicError", {}, [[1.0]], [[-5.0]], 0.48045, 0),
    ("MeanSquaredLogarithmicError", {}, [[1.0]], [[-INF]], 0.48045, 0),
    ("MeanSquaredLogarithmicError", {}, [[1.0]], [[INF]], INF, NAN),
    ("Huber", {}, [[0.0]], [[INF]], INF, NAN),
    ("Huber", HALF, [[0.0]], [[32800.0]], FINITE, NAN),
    ("Huber", HALF, [[0.0]], [[32000.0]], FINITE, FINITE),
    ("LogCosh", {}, [[0.0]], [[-2e38]], INF, FINITE),
    ("LogCosh", {}, [[0.0]], [[2e38]], FINITE, FINITE),
    ("LogCosh", {}, [[0.0]], [[-INF]], NAN, FINITE),
    ("Poisson", {}, [[0.0]], [[-1.0]], NAN, FINITE),
    ("Poisson", {}, [[1.0]], [[-1e-7]], INF, -INF),
    ("Poisson", {}, [[1.0]], [[0.0]], 16.118095, -1e7),
    ("Poisson", {}, [[10.0]], [[10.0]], -13.0259, 0),
    ("Poisson", HALF, [[0.0]], [[0.0]], 0, NAN),
    ("KLDivergence", {}, [[1.0, 0.0]], [[0.0, 1.0]], 16.118095, FINITE),
    ("KLDivergence", {}, [[1.0, 0.0]], [[-3.0, 5.0]], 16.118095, 0),
    ("KLDivergence", {}, [[0.3, 0.3]], [[0.9, 0.9]], -0.65917, FINITE),
    ("KLDivergence", HALF, [[1.0, 0.0]], [[0.7, 0.3]], FINITE, -INF),
    ("BinaryCrossentropy", {}, [[1.0], [0.0]], [[0.0], [1.0]], 16.030239, 0),
    ("BinaryCrossentropy", {}, [[1.0], [0.0]], [[-5.0], [5.0]], 16.030239, 0),
    ("BinaryCrossentropy", {}, [[255.0]], [[0.9]], -557.99, FINITE),
    ("BinaryCrossentropy", LOGITS, [[1.0]], [[INF]], NAN, FINITE),
    ("BinaryCrossentropy", LOGITS, [[1.0]], [[-INF]], INF, FINITE),
    ("BinaryCrossentropy", HALF, [[1.0]], [[1.0]], NAN, NAN),
    ("BinaryCrossentropy", HALF, [[0.0]], [[0.0]], 0, 0),
    ("BinaryFocalCrossentropy", {"gamma": 0.5}, [[1.0]], [[1.0]], 0, NAN),
    ("BinaryFocalCrossentropy", {}, [[1.0]], [[-1e4]], 1612131840.0, FINITE),
    ("BinaryFocalCrossentropy", LOGITS, [[1.0]], [[-INF]], INF, NAN),
    ("CategoricalCrossentropy", {}, [[1.0, 0.0]], [[0.0, 0.0]], NAN, NAN),
    ("CategoricalCrossentropy", {}, [[1.0, 0.0]], [[-2.0, 5.0]], 16.118095, 0),
    ("CategoricalCrossentropy", HALF, [[1.0, 0.0]], [[0.0, 1.0]], 15.9453125, 0),
    ("CategoricalCrossentropy", {}, [[0.0, 0.0]], [[0.2, 0.8]], 0, 0),
    ("CategoricalCrossentropy", LOGITS, [[1.0, 0.0]], [[1.0, -INF]], NAN, FINITE),
    ("CategoricalFocalCrossentropy", {}, [[1.0, 0.0]], [[0.0, 1.0]], 4.0295229, 0),
    ("CategoricalFocalCrossentropy", {}, [[1.0, 0.0]], [[0.0, 0.0]], NAN, NAN),
    ("SparseCategoricalCrossentropy", {}, [0], [[0.0, 0.0, 0.0]], math.log(3), 0),
    ("SparseCategoricalCrossentropy", {}, [0], [[0.0, 0.5, 0.5]], 16.118095, FINITE),
    ("SparseCategoricalCrossentropy", {}, [1.7], [[0.2, 0.3, 0.5]], -math.log(0.3), FINITE),
    ("SparseCategoricalCrossentropy", LOGITS, [0], [[0.0, -INF]], 0, FINITE),
    ("CategoricalGeneralizedCrossEntropy", {}, [0], [[0.0, 1.0]], 2, NAN),
    ("CategoricalGeneralizedCrossEntropy", {}, [5], [[0.3, 0.7]], 2, NAN),
    ("CategoricalGeneralizedCrossEntropy", {}, [0], [[-1.0, 2.0]], NAN, NAN),
    ("CategoricalGeneralizedCrossEntropy", {}, [[1.0, 0.0]], [[0.3, 0.7]], FINITE, FINITE),
    ("Hinge", {}, [[0.0], [1.0]], [[-2.0], [2.0]], 0, 0),
    ("Hinge", {}, [[255.0]], [[-0.3]], 77.5, FINITE),
    ("Hinge", {}, [[INF]], [[0.5]], 0, NAN),
    ("SquaredHinge", HALF, [[-1.0]], [[256.0]], INF, FINITE),
    ("CategoricalHinge", {}, [[255.0, 0.0]], [[0.5, 0.5]], 0, 0),
    ("CategoricalHinge", {}, [[1.0, 0.0]], [[0.0, INF]], NAN, FINITE),
    ("Dice", {}, [[1.0, 0.0]], [[1.0, -2.0]], -2e7, FINITE),
    ("Dice", {}, [[0.0, 0.0]], [[0.0, 0.0]], 1, 0),
    ("Dice", HALF, [[0.0, 0.0]], [[0.0, 0.0]], 1, NAN),
    ("Dice", {}, [[255.0, 0.0]], [[1.0, 0.0]], -0.9921875, FINITE),
    ("Tversky", {}, [[0.0, 0.0]], [[0.0, 0.0]], 1, 0),
    ("CosineSimilarity", {}, [[1.0, 0.0]], [[0.0, 0.0]], 0, -1e7),
    ("CosineSimilarity", HALF, [[1.0, 0.0]], [[0.0, 0.0]], NAN, NAN),
    ("Circle", {}, [1, 1], [[1.0, 0.0], [0.0, 1.0]], 0, 0),
    ("Circle", {}, [1, 2], [[1.0, 0.0], [0.0, 1.0]], 0, 0),
    ("Circle", HALF, [1, 1, 2], [[10.0, 0.0], [-10.0, 0.0], [10.0, 0.0]], INF, NAN),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings", "y_true", "y_pred", "value", "gradient"), HAZARDS)
def test_hazards_happen(name, settings, y_true, y_pred, value, gradient):
    found, slope = run(loss(name, **settings), y_true, y_pred)
    assert as_expected(found, value)
    assert as_expected(slope, gradient)


def as_expected(found, expected):
    """A number close to it; "finite": all are; NaN or an infinity: one is; 0: all are."""
    if expected is FINITE:
        return np.isfinite(found).all()
    close = np.isclose(found, expected, rtol=1e-4, atol=1e-6, equal_nan=True)
    return close.all() if expected == 0 else close.any()


def test_weight_zero_does_not_silence_a_nan_label():
    weights = np.array([0.0, 1.0])
    value = loss("MeanSquaredError")(np.array([[NAN], [1.0]]), np.zeros((2, 1)), weights)
    assert np.isnan(value)
    assert loss("MeanSquaredError")(np.ones((2, 1)), np.zeros((2, 1)), np.zeros(2)) == 0


@pytest.mark.parametrize(
    "name", [page.name for page in LOSSES.values() if NAN_LABEL in page.hazards]
)
def test_a_nan_label_gives_nan(name):
    found, slope = run(loss(name), [[NAN, 1.0]], [[0.4, 0.6]])
    assert np.isnan(found)
    assert np.isnan(slope).any()


@pytest.mark.parametrize("page", [page for page in LOSSES.values() if CLIPPED in page.signatures])
def test_the_plateau_of_probability_zero_is_at_its_value(page):
    y_true = [[0]] if page.name.startswith("Sparse") else [[1.0, 0.0]]
    settings = {"axis": 0} if "Binary" in page.name else {}
    found, _ = run(loss(page.name, reduction="none", **settings), y_true, [[0.0, 1.0]])
    assert as_expected(found, CLIPPED.value)


@pytest.mark.parametrize("label", [3, -1])
def test_a_class_that_does_not_exist_raises_or_is_silent_when_compiled(label):
    sparse = loss("SparseCategoricalCrossentropy")
    y_true, y_pred = np.array([label]), np.array([[0.2, 0.3, 0.5]], "float32")
    with pytest.raises(tf.errors.InvalidArgumentError):
        sparse(y_true, y_pred)
    assert np.isnan(tf.function(sparse, jit_compile=True)(y_true, y_pred))


@pytest.mark.parametrize(
    ("name", "y_true"),
    [("CategoricalCrossentropy", [1, 0]), ("SparseCategoricalCrossentropy", [[1, 0], [0, 1]])],
)
def test_labels_of_the_other_coding_are_refused(name, y_true):
    with pytest.raises(ValueError, match="rank"):
        loss(name)(np.array(y_true), np.array([[0.4, 0.6], [0.5, 0.5]]))


@pytest.mark.parametrize(("dtype", "label"), [("float16", 2049), ("bfloat16", 257)])
def test_half_precision_rounds_labels_to_another_class(dtype, label):
    scores = np.zeros((1, 3000), "float32")
    scores[0, label] = 9
    exact = loss("SparseCategoricalCrossentropy", from_logits=True)
    rounded = loss("SparseCategoricalCrossentropy", from_logits=True, dtype=dtype)
    assert float(exact(np.array([label]), scores)) < 0.5
    assert float(rounded(np.array([label]), scores)) > 9


@pytest.mark.parametrize("labels", [[1, 2, 3, 4, 1], [1, 1, 1, 0], [1, 2, -1, -1]])
def test_a_label_that_cannot_be_aligned_costs_about_709(labels):
    value = loss("CTC")(np.array([labels]), np.zeros((1, 4, 5), "float32"))
    assert 708 < float(value) < 711


def test_alpha_of_tversky_weighs_what_was_missed():
    y_true, y_pred = np.array([[1.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
    assert float(loss("Tversky", alpha=1.0, beta=0.0)(y_true, y_pred)) == pytest.approx(0.5)
    assert float(loss("Tversky", alpha=0.0, beta=1.0)(y_true, y_pred)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("Huber", "delta", 3.0),
        ("CosineSimilarity", "axis", 1),
        ("SparseCategoricalCrossentropy", "axis", 1),
    ],
)
def test_get_config_loses_a_parameter(name, parameter, value):
    assert parameter not in loss(name, **{parameter: value}).get_config()


OWN = {
    "root": (lambda t, p: keras.ops.sqrt(keras.ops.mean((t - p) ** 2, -1)), [[1.0]], [[1.0]], 0),
    "norm": (lambda t, p: keras.ops.norm(t - p, axis=-1), [[1.0]], [[1.0]], 0),
    "where": (lambda t, p: -t * keras.ops.where(p > 0, keras.ops.log(p), 0), [[1.0]], [[0.0]], 0),
    "log": (lambda t, p: -t * keras.ops.log(p), [[0.0]], [[0.0]], NAN),
    "divided": (lambda t, p: keras.ops.sum(t * p) / keras.ops.sum(t), [[0.0]], [[1.0]], NAN),
    "exp": (lambda t, p: keras.ops.log(1 + keras.ops.exp(p)) - t * p, [[0.0]], [[100.0]], INF),
}


@pytest.mark.parametrize(("own", "y_true", "y_pred", "value"), OWN.values(), ids=OWN)
def test_own_losses_give_nan_gradients(own, y_true, y_pred, value):
    found, slope = run(own, y_true, y_pred)
    assert as_expected(found, value)
    assert np.isnan(slope).any()
