"""The model learns its training rows by heart."""

from __future__ import annotations

from nanwatch.diagnosis import words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix

FIX = Fix(
    "Stop at the best epoch and keep its weights; then more data, augmentation, dropout, a weaker "
    "model or a penalty on its weights.",
    "+ keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)",
)


def weigh(case: Case) -> Testimony | None:
    """Validation that rises from its minimum while the training loss goes on falling."""
    train, val = (case.history.epochs.get(name, ()) for name in ("loss", "val_loss"))
    if len(val) < 2 or len(train) != len(val):
        return None
    best = min(range(len(val)), key=val.__getitem__)
    found = [
        _rise(val[-1] / val[best]),
        _fall(train[-1] / train[best]),
        Clue(0.5, "epochs since the best", str(len(val) - 1 - best), "few", False),
    ]
    summary = (
        f"The validation loss was best after epoch {best + 1} ({words.number(val[best])}) and is "
        f"{words.number(val[-1])} now, while the training loss went on falling: what is learnt "
        "since then holds for the training rows only."
    )
    return Testimony(summary, found, FIX, {"epoch": best})


def _rise(times: float) -> Clue:
    weight = 2.5 if times > 1.5 else 2.0
    return Clue(weight, "validation loss, against its best", f"{times:.2f} times", "1", False)


def _fall(times: float) -> Clue:
    weight = 1.0 if times < 0.5 else 0.5
    return Clue(weight, "training loss since then", f"{times:.2f} times", "1", False)


PAGE = CausePage(
    label="overfitting",
    title="A model that overfits",
    why=(
        "A model with enough weights can learn its training rows by heart, noise included. From "
        "then on each step makes it worse on rows that it has not seen."
    ),
    remedy="Stop early, regularise, augment, or get more data.",
    before="model.fit(x, y, epochs=500, validation_data=(x_val, y_val))",
    after=(
        "stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)\n"
        "model.fit(x, y, epochs=500, validation_data=(x_val, y_val), callbacks=[stop])"
    ),
    weigh=weigh,
    fires=(
        idle(
            symptom="overfit",
            history={"epochs": {"loss": (1.0, 0.5, 0.2, 0.1), "val_loss": (1.0, 0.7, 1.0, 1.5)}},
        ),
    ),
    quiet=(idle(symptom="overfit"), idle()),
    symptoms=frozenset({"overfit"}),
)
