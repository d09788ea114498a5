"""What a page of the catalogue consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """One argument of a loss's constructor."""

    name: str
    default: bool | int | float | str | None
    meaning: str


@dataclass(frozen=True)
class Signature:
    """What a curve shows when a hazard has struck, so that it is known when seen.

    Attributes:
        shown: the value as it is read off a curve.
        value: the same as a number, or None when it depends on the data.
    """

    shown: str
    meaning: str
    value: float | None = None


@dataclass(frozen=True)
class Hazard:
    """A condition under which a loss goes wrong.

    Attributes:
        condition: what the labels, the predictions or the settings are.
        result: what the loss and its gradient with respect to the predictions then are: float32,
            eager or graph mode, unless said otherwise.
        remedy: what to do about it.
    """

    condition: str
    result: str
    remedy: str


@dataclass(frozen=True)
class Correction:
    """What tutorials and older documents say of a loss, and what holds in Keras 3."""

    said: str
    truth: str


@dataclass(frozen=True)
class LossPage:
    """One loss function: what it wants, what it gives, and where it breaks.

    Attributes:
        name: the class in `keras.losses`.
        title: the loss in a few words, for a heading.
        kind: what it is for; losses of one kind stand together.
        function: the function in `keras.losses`, or "".
        strings: what `keras.losses.get` takes for it, and so `compile(loss=...)`.
        other_names: what people look for, but `keras.losses.get` refuses.
        parameters: the arguments of the constructor, without those that every loss has (`name`,
            `reduction`, `dtype`: see the page `Loss`).
        label: what y_true must be.
        activation: what the model's last layer must end in.
        lowest: the lower bound of the loss of labels and predictions as wanted, or None.
        before, after: a few lines of code with a usual mistake, and mended.
    """

    name: str
    title: str
    kind: str
    function: str
    strings: tuple[str, ...]
    formula: str
    use: str
    label: str
    activation: str
    lowest: float | None
    before: str
    after: str
    hazards: tuple[Hazard, ...]
    parameters: tuple[Parameter, ...] = ()
    signatures: tuple[Signature, ...] = ()
    corrections: tuple[Correction, ...] = ()
    other_names: tuple[str, ...] = ()
