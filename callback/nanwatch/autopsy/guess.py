"""The loss of the best constant guess: what a model reaches that pays no heed to its inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import tree
from numpy.typing import NDArray

from nanwatch.autopsy.operands import mean_of
from nanwatch.autopsy.steps import slopes_of
from nanwatch.autopsy.terms import loss_terms
from nanwatch.recorder.arrays import as_numpy, split
from nanwatch.recorder.patching import patched

Array = NDArray[np.float64]
TINY = 1e-7
"""What Keras clips probabilities to."""
LEAN = 0.1
"""By which share of the labels' spread a guess leans towards them."""
GUESSES: tuple[Callable[[Array], Array], ...] = (
    lambda rows: rows.mean(axis=0),
    lambda rows: np.median(rows, axis=0),
    lambda rows: np.zeros(rows.shape[1:]),
    lambda rows: np.log(np.clip(rows.mean(axis=0), TINY, None)),
    lambda rows: _logit(np.clip(rows.mean(axis=0), TINY, 1 - TINY)),
)
"""What may be guessed of labels, shape (rows, ...): as values, probabilities or logits."""
AS_LABELS = GUESSES[:3]
"""Those on the labels' own scale: all that a model can say that gives probabilities."""


def guess_loss(
    model: Any, batch: Any, guesses: Sequence[Callable[[Array], Array]] = GUESSES
) -> float:
    """The least loss of `batch`, without penalties, that predictions alike for all rows can have.

    Metrics may move: put them back. NaN where labels and predictions cannot be told apart by
    their shapes, or there are no labels.
    """
    x, y, weight = split(batch)
    predictions = model(x, training=False)
    shapes = [tuple(p.shape) for p in tree.flatten(predictions)]
    targets = _targets(model, y, predictions)
    if not shapes or len(targets) != len(shapes):
        return math.nan
    rows = [_as_predictions(as_numpy(t), s) for t, s in zip(targets, shapes, strict=True)]
    if any(row is None for row in rows):
        return math.nan
    guesses = (*guesses, *_weighted(weight, shapes[0][0]))
    chosen = [GUESSES[0]] * len(rows)
    best = math.nan
    for at in range(len(rows)):
        for guess in guesses:
            tried = [*chosen[:at], guess, *chosen[at + 1 :]]
            loss = _loss(model, (x, y, weight), predictions, rows, tried)
            if math.isfinite(loss) and not loss >= best:
                best, chosen = loss, tried
    return best


def output_guesses(model: Any, batch: Any) -> dict[str, float]:
    """The least loss that each output by itself can have with predictions alike for all rows.

    By the output's name, unweighted; empty for a single output. Metrics may move: put them back.
    """
    x, y, _ = split(batch)
    terms = loss_terms(model)
    predictions = model(x, training=False)
    targets = _targets(model, y, predictions)
    if len(terms) < 2 or len(targets) != len(tree.flatten(predictions)):
        return {}
    y_true = tree.pack_sequence_as(predictions, targets)
    return {term.name: _guess_of(term, y_true, predictions) for term in terms}


def _weighted(weight: Any, count: int) -> tuple[Callable[[Array], Array], ...]:
    """What may be guessed of labels whose rows don't count alike; nothing where they do."""
    given = [as_numpy(part).reshape(-1).astype(np.float64) for part in tree.flatten(weight)]
    if len(given) != 1 or len(given[0]) != count or not given[0].sum() > 0 > -given[0].min():
        return ()

    def mean(rows: Array) -> Array:
        return np.asarray(np.average(rows, axis=0, weights=given[0]))

    return (mean, lambda rows: _logit(np.clip(mean(rows), TINY, 1 - TINY)))


def _targets(model: Any, y: Any, predictions: Any) -> list[Any]:
    """The targets in the order of the predictions; names may stand beside a bare list."""
    if isinstance(y, dict) and isinstance(predictions, list | tuple):
        y = [y.get(name) for name in model.output_names]
    return [target for target in tree.flatten(y) if target is not None]


def _guess_of(term: Any, y_true: Any, predictions: Any) -> float:
    """The least loss of a constant guess, of one entry of Keras' compiled losses."""
    for step in term.path:
        y_true, predictions = y_true[step], predictions[step]
    rows = _as_predictions(as_numpy(y_true), tuple(predictions.shape))
    if rows is None:
        return math.nan
    losses = [float(np.asarray(term.loss(y_true, _constant(guess, rows)))) for guess in GUESSES]
    return min(filter(math.isfinite, losses), default=math.nan)


def plain_loss(model: Any, batch: Any) -> float:
    """The loss of `batch`, without penalties, by what the model gives and nothing else.

    In a training Keras looks behind a softmax or a sigmoid for the scores that went in; what
    `predict` gives may be far worse than the loss that was trained. Metrics, seeds and batch
    statistics may move: put them back.
    """
    parts = split(batch)
    return _compiled_loss(model, parts, tree.map_structure(_bare, model(parts[0], training=True)))


def perfect_loss(
    model: Any, batch: Any, guesses: Sequence[Callable[[Array], Array]] = GUESSES
) -> float:
    """The least loss of `batch`, without penalties, for predictions that follow the labels.

    They equal the labels, or lean towards them from a constant guess: a loss may want them on
    another scale, such as the logarithm of a count. Where leaning changes nothing, as beyond a
    limit to which predictions are clipped, a guess tells nothing. NaN where labels and predictions
    differ in shape. Metrics may move: put them back.
    """
    x, y, weight = split(batch)
    predictions = model(x, training=False)
    labels = [as_numpy(t) for t in tree.flatten(y) if t is not None]
    given = tree.flatten(predictions)
    if [label.size for label in labels] != [math.prod(tuple(p.shape)) for p in given]:
        return math.nan
    rows = [label.reshape(tuple(p.shape)) for label, p in zip(labels, given, strict=True)]

    def loss(follow: Callable[[Array], Array]) -> float:
        return _loss(model, (x, y, weight), predictions, rows, [follow] * len(rows))

    pairs = [(loss(guess), loss(_leaning(guess))) for guess in guesses]
    tried = [loss(lambda rows: rows), *(leaning for flat, leaning in pairs if leaning != flat)]
    return min(filter(math.isfinite, tried), default=math.nan)


def unseen_label(model: Any, batch: Any) -> float:
    """The lowest of labels below 0 that the loss takes for 0, as a squared logarithm does.

    NaN where there are none, or their loss differs. Metrics may move: put them back.
    """
    x, y, weight = split(batch)
    labels = [as_numpy(label) for label in tree.flatten(y) if label is not None]
    lowest = min((float(label.min()) for label in labels if label.size), default=math.nan)
    if not lowest < 0:
        return math.nan
    raised = tree.map_structure(lambda label: keras.ops.maximum(label, 0), y)
    predictions = model(x, training=False)
    losses = [_compiled_loss(model, (x, each, weight), predictions) for each in (y, raised)]
    return lowest if losses[0] == losses[1] else math.nan


def _leaning(guess: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A guess that lies a little higher for rows whose labels do.

    One on the labels' own scale stays among them: a loss need not know what lies beyond.
    """

    def follow(rows: Array) -> Array:
        spread, flat = rows.std(axis=0), guess(rows)
        spread = np.where(spread > 0, spread, 1.0)
        leaning = np.asarray(flat + LEAN * (rows - rows.mean(axis=0)) / spread)
        among = rows.min() <= flat.min() and flat.max() <= rows.max()
        return leaning.clip(rows.min(), rows.max()) if among else leaning

    return follow


def _bare(prediction: Any) -> Any:
    return keras.ops.convert_to_tensor(np.asarray(as_numpy(prediction)))


def _loss(model: Any, parts: Any, predictions: Any, rows: list[Any], guesses: Any) -> float:
    constants = [_constant(guess, row) for guess, row in zip(guesses, rows, strict=True)]
    y_pred = tree.pack_sequence_as(predictions, constants)
    if getattr(model, "_compile_loss", None) is None:
        return _loss_of_own_step(model, tuple(part for part in parts if part is not None), y_pred)
    return _compiled_loss(model, parts, y_pred)


def _compiled_loss(model: Any, parts: Any, y_pred: Any) -> float:
    """The compiled loss of predictions, without the penalties that Keras adds to it."""
    x, y, weight = parts
    loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight)
    return float(np.asarray(loss)) - sum(float(np.asarray(part)) for part in model.losses)


def _loss_of_own_step(model: Any, batch: Any, y_pred: Any) -> float:
    """What a train step that computes its own loss makes of given predictions.

    NaN where it does not ask the model as a whole for its own.
    """
    asked = False

    def instead(call: Callable[..., Any]) -> Callable[..., Any]:
        def give(*args: Any, **kwargs: Any) -> Any:
            nonlocal asked
            asked = True
            made = call(*args, **kwargs)  # kept in the graph, so that gradients are still taken
            return tree.map_structure(lambda real, given: given + 0 * real, made, y_pred)

        return give

    with patched([(model, "call", instead)]):
        loss = slopes_of(model, batch).loss
    return mean_of(loss) if asked and loss is not None else math.nan


def _constant(guess: Callable[[Array], Array], rows: Array) -> Any:
    return keras.ops.convert_to_tensor(np.broadcast_to(guess(rows), rows.shape).astype("float32"))


def _as_predictions(labels: NDArray[Any], shape: tuple[int, ...]) -> Array | None:
    """Labels in the shape of the predictions, as losses see them; classes as rows with one 1."""
    if labels.dtype.kind not in "fiub":
        return None
    size = math.prod(shape)
    if labels.size == size:
        return labels.reshape(shape).astype(np.float64)
    if labels.size == shape[0] and shape[-1] == 1:  # stretched over all that a row predicts
        return np.broadcast_to(labels.reshape(-1, *[1] * (len(shape) - 1)), shape).astype(float)
    if labels.size * shape[-1] != size:
        return None
    classes = np.clip(labels.reshape(shape[:-1]).astype(np.int64), 0, shape[-1] - 1)
    return np.asarray(np.eye(shape[-1])[classes])


def _logit(share: Array) -> Array:
    return np.asarray(np.log(share / (1 - share)))
