"""What regularizers and `add_loss` contribute to a model's loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from nanwatch.recorder.patching import Patch

SERIES = "batch/regularization_loss"


def hear_penalties(model: Any, listen: Callable[[list[Any]], None]) -> Patch:
    """A patch that tells `listen` what `model.losses` holds whenever somebody asks for it.

    Asking once more would compute every penalty again.
    """

    def make(original: Any) -> Any:
        def losses(layer: Any) -> Any:
            found = original.fget(layer)
            if layer is model:
                listen(found)
            return found

        return property(losses)

    return keras.layers.Layer, "losses", make
