"""Makes the Keras model of a bundle, in the state before the failing step."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import keras
from numpy.typing import NDArray

from nanwatch.bundle.errors import BundleError
from nanwatch.bundle.manifest import Manifest, Variable
from nanwatch.bundle.structure import unpack
from nanwatch.plain import error_text
from nanwatch.recorder.snapshot import optimizers_of


def rebuild(architecture: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A compiled model by Keras' JSON, one step an execution. Raises BundleError if it refuses."""
    try:
        config = dict(architecture)
        settings = {**config.pop("compile_config", {}), "steps_per_execution": 1}
        with keras.saving.custom_object_scope(dict(custom_objects or {})):
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
            _compile(model, settings)
    except Exception as error:
        raise BundleError(
            f"Keras could not rebuild the model ({error_text(error)}). Name your own "
            f"classes and functions in custom_objects, or build and compile the model by your own "
            f"code and call bundle.restore(model)"
        ) from error
    return model


def _compile(model: Any, settings: dict[str, Any]) -> None:
    if not isinstance(model, keras.Model):
        raise TypeError(f"{type(model).__name__} is no model")
    with warnings.catch_warnings():
        # Keras only warns when it leaves a model uncompiled
        warnings.filterwarnings("error", message=".*was not called as part of model loading")
        model.compile_from_config(settings)


def restore(
    model: Any,
    manifest: Manifest,
    arrays: Mapping[str, NDArray[Any]],
    lead: list[tuple[int, tuple[Any, ...]]],
) -> None:
    """Bring `model` to the kept state and over the batches that lead to the failing step."""
    if manifest.state_step is None:
        raise BundleError("; ".join(manifest.notes))
    _build(model, unpack(manifest.batches[-1].parts, arrays))
    metrics = {id(variable) for variable in model.metrics_variables}
    _assign([v for v in model.variables if id(v) not in metrics], manifest.weights, arrays)
    slots = [variable for held in optimizers_of(model) for variable in held.variables]
    _assign(slots[: len(manifest.optimizer)], manifest.optimizer, arrays)
    for _, batch in lead:
        model.train_on_batch(*batch)
    model.reset_metrics()


def _build(model: Any, batch: tuple[Any, ...]) -> None:
    """Make the variables of a model that waits for data to know its shapes."""
    if not model.built:
        model(batch[0])
    for optimizer in optimizers_of(model):
        if not optimizer.built:
            optimizer.build(model.trainable_variables)


def _assign(variables: list[Any], kept: list[Variable], arrays: Mapping[str, NDArray[Any]]) -> None:
    values = [unpack(item.value, arrays) for item in kept]
    if [tuple(v.shape) for v in variables] != [value.shape for value in values]:
        names = ", ".join(item.path for item in kept[:4])
        raise BundleError(
            f"the model is another one: {len(kept)} variables were kept ({names}, ...), and it "
            f"has {len(variables)} or of other shapes"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
