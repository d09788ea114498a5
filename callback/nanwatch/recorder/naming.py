"""The name under which a user knows the layer that holds a variable."""

from __future__ import annotations


def layer_of(path: str, model: str) -> str:
    """The outermost layer of a variable's path: "model/lstm/lstm_cell/kernel" belongs to "lstm".

    >>> layer_of("sequential/dense/kernel", "sequential"), layer_of("dense/kernel", "functional")
    ('dense', 'dense')
    """
    parts = path.split("/")[:-1] or [path]
    return parts[1] if parts[0] == model and len(parts) > 1 else parts[0]
