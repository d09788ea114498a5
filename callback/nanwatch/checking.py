"""`nanwatch.check`: what would go wrong in a training, told without training.

The configuration and the whole data are looked at, and one step is run as far as its gradients.
The model is left as it was, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import tree

from nanwatch import diagnosis
from nanwatch.autopsy.batch import look_at_batch
from nanwatch.autopsy.dissect import dissect
from nanwatch.describe import describe_data, describe_run
from nanwatch.diagnosis.case import Autopsy, Case, History
from nanwatch.diagnosis.looks import ArrayLook, ErrorLook
from nanwatch.diagnosis.preflight import CERTAIN, foresee, remaining
from nanwatch.events import SEVERITIES, Diagnosis, Symptom
from nanwatch.plain import plain
from nanwatch.recorder.arrays import as_numpy, split
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource

ROWS = 32
BATCHES = 8


def check(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
) -> list[Diagnosis]:
    """Say what would go wrong in `model.fit` with the same arguments; nothing is trained.

        for found in nanwatch.check(model, x, y):
            print(found.severity, found.label, found.causes[0].summary)

    Args:
        model: a compiled Keras model. Its weights, seeds, metrics and optimizer stay as they are;
            one that is not built yet is built.
        x: arrays as `fit` takes them, or a tf.data.Dataset, PyDataset or generator, of which the
            first batches are looked at. A generator is advanced by these.

    Returns:
        What was found, the gravest first: "warning" where harm is certain, else "info". The
        symptom is what it would lead to; `first_step` is None.

    Raises:
        ValueError: the model is not compiled.
    """
    if getattr(model, "optimizer", None) is None:
        raise ValueError("the model is not compiled: call model.compile(...) before nanwatch.check")
    streamed = y is None and not _is_arrays(x)
    whole = _mapped(_as_array, _first_batches(x) if streamed else (x, y, sample_weight))
    batch = _weighted(_mapped(lambda array: array[:ROWS], whole), class_weight)
    _build(model, batch)
    facts = plain({**describe_run(model, {}), **describe_data(model, batch)})
    if class_weight:
        facts["class_weight"] = plain(class_weight)
    looks = _looks(model, whole, x)
    autopsy = dissect(model, batch, DataSource())
    foreseen = [_graded(found) for found in foresee(facts, looks, autopsy)]
    tried = _tried(Case("underfit", "info", None, facts=facts, data=looks), autopsy)
    found = remaining([tried] if tried else [], foreseen)
    return sorted(found, key=lambda one: -SEVERITIES.index(one.severity))


def _graded(found: Diagnosis) -> Diagnosis:
    """The diagnosis as a warning where the harm is certain, now that all of the data are known."""
    certain = any(cause.label in CERTAIN for cause in found.causes)
    return replace(found, severity="warning") if certain else found


def _looks(model: Any, whole: Any, x: Any) -> tuple[ArrayLook, ...]:
    """A look at all of the data; rows are where they stand in them."""
    columns = tuple(map(str, getattr(x, "columns", ())))
    looks = look_at_batch(model, whole, DataSource(column_names=columns))
    return tuple(replace(look, samples=look.rows or look.outliers) for look in looks)


def _tried(case: Case, autopsy: Autopsy) -> Diagnosis | None:
    """What a step over the first rows comes to; None when it goes well."""
    symptom = _symptom(autopsy)
    if symptom is None:
        return None
    kind, _, message = autopsy.raised.partition(": ")
    error = ErrorLook(kind, message) if autopsy.raised else None
    failed = replace(case, symptom=symptom, severity="warning", error=error, autopsy=autopsy)
    history = History(loss=(autopsy.loss,), first_losses=(autopsy.loss,), seen=1)
    return diagnosis.diagnose(replace(failed, history=history))


def _symptom(autopsy: Autopsy) -> Symptom | None:
    if autopsy.raised:
        return "exception"
    healthy = np.isfinite(autopsy.loss) and autopsy.gradients_finite and autopsy.weights_finite
    return None if healthy else "nan_loss"


def _build(model: Any, batch: Any) -> None:
    """Build model, loss, metrics and optimizer as `fit` does, so that they can be put back."""
    x, y, weight = split(batch)
    try:
        if not model.built:
            model(x)
        before = Snapshot(model, 0)
        model.compute_metrics(x, y, model(x, training=False), weight)
        model.reset_metrics()
        before.restore()
        model.optimizer.build(model.trainable_variables)
    except Exception:  # noqa: BLE001 - a door: the step that is run next says what does not fit
        return


def _first_batches(stream: Any) -> Any:
    """The first batches of a stream as one, or the first alone where they don't fit together."""
    batches = [keras.utils.unpack_x_y_sample_weight(batch) for batch in _batches(stream)]
    arrays = [_mapped(as_numpy, batch) for batch in batches]
    try:
        return tree.map_structure(lambda *parts: _joined(parts), *arrays)
    except ValueError:  # other lengths, such as sentences padded batch by batch
        return arrays[0]


def _batches(stream: Any) -> Iterator[Any]:
    if isinstance(stream, keras.utils.PyDataset):
        yield from (stream[at] for at in range(min(BATCHES, stream.num_batches or BATCHES)))
        return
    yield from (batch for _, batch in zip(range(BATCHES), stream, strict=False))


def _joined(parts: tuple[Any, ...]) -> Any:
    return None if parts[0] is None else np.concatenate(parts)


def _mapped(change: Callable[[Any], Any], structure: Any) -> Any:
    """The structure with every array changed; what is missing stays None."""
    return tree.map_structure(lambda one: None if one is None else change(one), structure)


def _is_arrays(x: Any) -> bool:
    """Whether the data are arrays rather than a stream of batches."""
    leaves = tree.flatten(x)
    return all(hasattr(leaf, "shape") and hasattr(leaf, "__getitem__") for leaf in leaves)


def _as_array(values: Any) -> Any:
    """An array or a tensor as it is; a list, a table or a series as an array."""
    return values if hasattr(values, "dtype") and hasattr(values, "shape") else np.asarray(values)


def _weighted(batch: Any, class_weight: Mapping[int, float] | None) -> Any:
    """The batch with its class weights merged into the sample weights, as `fit` does it."""
    x, y, weight = split(batch)
    if not class_weight or y is None or tree.is_nested(y):
        return (x, y) if weight is None else (x, y, weight)
    labels = as_numpy(y)
    classes = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(-1)
    weights = np.array([class_weight.get(int(one), 1.0) for one in classes], "float32")
    return x, y, weights if weight is None else as_numpy(weight).reshape(-1) * weights
