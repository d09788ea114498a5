"""Which loss belongs to which task: one rule a mistake, told from targets, units and loss."""

from __future__ import annotations

from nanwatch.diagnosis import targets
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.findings import Finding
from nanwatch.diagnosis.outputs import (
    BINARY,
    CATEGORICAL,
    CROSSENTROPIES,
    ERRORS,
    HINGES,
    PROBABILITIES,
    RELATIVE,
    SPARSE,
    Output,
    width,
)
from nanwatch.events import Fix

REGRESSION = Fix(
    "Use a loss of free numbers, and no last activation.",
    'Dense(1)\nmodel.compile("adam", "mse")',
)
CLASSES = Fix(
    "Use one unit a class with softmax, and the cross-entropy of class numbers.",
    'Dense(n_classes, "softmax")\nmodel.compile("adam", "sparse_categorical_crossentropy")',
)
YES_OR_NO = Fix(
    "Use one unit with sigmoid, and binary cross-entropy.",
    'Dense(1, "sigmoid")\nmodel.compile("adam", "binary_crossentropy")',
)
SEVERAL = Fix(
    "Use sigmoid and binary cross-entropy: each label is a question of its own.",
    'Dense(n_labels, "sigmoid")\nmodel.compile("adam", "binary_crossentropy")',
)
ONE_HOT = Fix(
    "Use the categorical cross-entropy with softmax.",
    'Dense(n_classes, "softmax")\nmodel.compile("adam", "categorical_crossentropy")',
)


def classes_as_yes_or_no(_: Case, output: Output) -> Finding | None:
    """Class numbers under a binary cross-entropy: its "probability" 2 makes it negative."""
    target = output.target
    if output.loss not in BINARY or target is None or targets.kind_of(target) != "classes":
        return None
    if len(target.distinct) == 2:  # two classes in another coding
        return None
    summary = (
        f"The targets are {targets.words(target)}, but binary cross-entropy asks one question "
        "with the answers 0 and 1. Larger numbers count as more than certain, so the loss falls "
        "below 0 without meaning anything."
    )
    return Finding(_clue(5.0, output, "0 or 1"), summary, CLASSES)


def numbers_as_classes(_: Case, output: Output) -> Finding | None:
    """Free numbers under a cross-entropy."""
    target = output.target
    if output.loss not in CROSSENTROPIES or target is None or _is_picture(target):
        return None
    kind = targets.kind_of(target)
    soft = kind == "unit" and (output.loss in BINARY or width(target) > 1)
    if kind not in ("numbers", "unit") or soft or (target.integral and output.loss not in BINARY):
        return None
    if target.integral and 0 < len(target.distinct) <= 2:  # yes and no in another coding
        return None
    if output.loss in SPARSE and target.distinct:  # few numbers: classes in another coding
        return None
    summary = (
        f"The targets are {targets.words(target)}: that is a regression, but "
        f"{output.call} is a loss of classes."
    )
    clue = _clue(5.0, output, "classes")
    return Finding(clue, summary, REGRESSION, "as_regression")


def one_class(_: Case, output: Output) -> Finding | None:
    """A categorical loss of one unit is 0 whatever is predicted: each row is divided by its sum."""
    if output.loss not in (*CATEGORICAL, *SPARSE) or output.units != 1:
        return None
    binary = targets.kind_of(output.target) == "binary"
    weight = 3.0 if output.activation == "softmax" else 5.0
    summary = (
        f"{output.call} compares several classes, but the model has one unit. One class alone is "
        "always certain: the loss is 0 whatever is predicted, and nothing is learnt."
    )
    clue = Clue(weight, f"units, under {output.call}", "1", "one a class", False)
    fix = YES_OR_NO if binary else CLASSES
    return Finding(clue, summary, fix, "as_binary" if binary else "")


def several_as_one(_: Case, output: Output) -> Finding | None:
    """Labels that may hold at once under a loss of one class among several."""
    if output.loss not in (*CATEGORICAL, "CategoricalHinge"):
        return None
    kind = targets.kind_of(output.target)
    if kind == "unit" and output.target is not None and width(output.target) > 1:
        return _shares_of_nothing(output)
    if kind != "multi_label":
        return None
    summary = (
        "Rows of the target have several ones, or none. Categorical cross-entropy takes a row for "
        "one choice among its columns: labels compete, and rows of zeros do not count at all."
    )
    return Finding(_clue(3.5, output, "one-hot rows"), summary, SEVERAL, "as_binary")


def _shares_of_nothing(output: Output) -> Finding | None:
    """Rows between 0 and 1 that are no shares of a whole, such as pictures to be reproduced."""
    summary = (
        "The rows of the target lie between 0 and 1 and do not sum to 1. Categorical cross-entropy "
        "divides each prediction by the sum of its row: it compares shares, and there are none."
    )
    return Finding(_clue(3.5, output, "rows that sum to 1"), summary, SEVERAL, "as_binary")


def ids_as_amounts(case: Case, output: Output) -> Finding | None:
    """Class numbers under a loss of amounts: class 2 is not twice class 1."""
    target = output.target
    if output.loss not in (*ERRORS, *RELATIVE) or target is None:
        return None
    kind, units = targets.kind_of(target), output.units or 1
    if kind not in ("classes", "binary") or width(target) > 1 or len(target.shape) > 2:
        return None
    if units > 1:
        clue = Clue(5.0, "units, beside the target", f"{units}, class numbers", "one", False)
        summary = (
            f"{output.call} compares the class number with each of {units} outputs; all of them "
            "are pulled to the same number."
        )
        return Finding(clue, summary, CLASSES, "as_classes")
    asked = _wants_classes(case)
    if kind == "binary" or not (asked or output.activation in PROBABILITIES):
        return _two_classes(case, output) if kind == "binary" else None
    summary = (
        f"The targets are {targets.words(target)}, and {output.call} takes them for amounts: a "
        "mistake between class 0 and 2 counts four times one between 0 and 1."
    )
    more = (Clue(2.0, "metrics", "accuracy", "an error, for amounts", None),) if asked else ()
    return Finding(_clue(2.0, output, "amounts"), summary, CLASSES, "", more)


def _two_classes(case: Case, output: Output) -> Finding | None:
    """A squared error of probabilities has next to no gradient where they are surely wrong."""
    if output.activation not in (*PROBABILITIES, "linear", "relu", "tanh"):
        return None
    summary = (
        f"The targets are yes or no, and {output.call} is a loss of amounts: with a sigmoid its "
        "gradient dies where the prediction is surely wrong, without one it aims past the answer."
    )
    weight = 1.5 if output.activation in PROBABILITIES else 2.0
    if not _wants_classes(case):
        weight -= 0.5
    return Finding(_clue(weight, output, "amounts"), summary, YES_OR_NO, "as_binary")


def rows_as_amounts(_: Case, output: Output) -> Finding | None:
    """One-hot rows under a squared error: it can learn, but slowly, and it may stop early."""
    if output.loss not in (*ERRORS, *RELATIVE) or targets.kind_of(output.target) != "one_hot":
        return None
    summary = (
        f"The targets are one-hot rows, and {output.call} is a loss of amounts. Its gradient dies "
        "where the softmax is surely wrong."
    )
    return Finding(_clue(1.5, output, "amounts"), summary, ONE_HOT, "as_classes")


def choice_as_questions(_: Case, output: Output) -> Finding | None:
    """One-hot rows under binary cross-entropy: it learns, but the columns' zeros rule."""
    if output.loss not in BINARY or targets.kind_of(output.target) != "one_hot":
        return None
    summary = (
        "The targets are one choice among several, but binary cross-entropy judges each column by "
        "itself: saying no to everything is right in most of them."
    )
    return Finding(_clue(1.5, output, "yes or no"), summary, ONE_HOT, "as_classes")


def no_direction(_: Case, output: Output) -> Finding | None:
    """The cosine of single numbers is 1 or -1: only their sign is compared."""
    if output.loss not in ("CosineSimilarity", "KLDivergence") or output.units != 1:
        return None
    summary = (
        f"{output.call} compares the directions of whole rows. Of single numbers it sees only the "
        "sign, and its gradient is 0."
    )
    clue = Clue(5.0, f"units, under {output.call}", "1", "several", False)
    return Finding(clue, summary, REGRESSION, "as_regression")


def margin_of_numbers(_: Case, output: Output) -> Finding | None:
    """Hinge losses know two classes only."""
    kind = targets.kind_of(output.target)
    if output.loss not in HINGES or kind not in ("classes", "numbers", "unit"):
        return None
    summary = f"{output.call} knows the classes -1 and 1 only."
    fix, remedy = (CLASSES, "") if kind == "classes" else (REGRESSION, "as_regression")
    return Finding(_clue(4.5, output, "-1 or 1"), summary, fix, remedy)


def _clue(weight: float, output: Output, expected: str) -> Clue:
    seen = targets.words(output.target) if output.target else "not known"
    return Clue(weight, f"target, under {output.call}", seen, expected, False)


def _wants_classes(case: Case) -> bool:
    """Whether accuracy is measured: then the user thinks of classes."""
    asked = [*(case.facts.get("metrics") or ()), *case.history.epochs]
    return any(str(name).startswith(("acc", "binary_acc", "sparse_cat", "auc")) for name in asked)


def _is_picture(target: object) -> bool:
    """Whether the target is an image or a sequence, whose numbers only want another scale."""
    return len(getattr(target, "shape", ())) > 2


RULES = (
    classes_as_yes_or_no,
    numbers_as_classes,
    one_class,
    several_as_one,
    ids_as_amounts,
    rows_as_amounts,
    choice_as_questions,
    no_direction,
    margin_of_numbers,
)
