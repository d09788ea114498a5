"""From a case to a diagnosis: every cause testifies, the testimonies are weighed and ranked.

The model is a sum: a cause starts at PRIOR and each clue adds its weight, in log-odds. The
confidence is the logistic function of the sum. A replay in which the cause's own remedy cured
the training is a clue like the others, and so is one in which it did not. Of a run that stayed
finite, a replay counts by how much lower its loss gets than that of the replay without a change.
"""

from __future__ import annotations

import math

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.replays import HELD, replay_clues, verified
from nanwatch.diagnosis.silent import is_silent
from nanwatch.events import Cause, Diagnosis, Evidence

PRIOR = -2.0
"""The log-odds of any cause before a case is looked at."""
WORTH_SAYING, LIKELY = 0.2, 0.5
"""Confidences: of a suspect that is named among others, and of one that is likelier than not."""


def diagnose(case: Case, pages: tuple[CausePage, ...]) -> Diagnosis:
    """The diagnosis of a case: all suspects worth saying, the likeliest first."""
    causes = [cause for page in pages if (cause := suspect(case, page)) is not None]
    causes.sort(key=lambda cause: -cause.confidence)
    return Diagnosis(case.symptom, case.severity, case.first_step, tuple(causes), case.fault)


def remedies(case: Case, pages: tuple[CausePage, ...]) -> list[str]:
    """The remedies worth a replay, each once: every suspect's own, then what tells them apart.

    The likeliest suspect comes first. Not worth it is a remedy that, if it cured, would still
    not make its cause likely.
    """
    heard = [testimony for page in pages if (testimony := _hear(page, case)) is not None]
    least = LIKELY if is_silent(case) else WORTH_SAYING
    heard = [one for one in heard if _confidence([*one.clues, HELD]) >= least]
    heard.sort(key=lambda testimony: -_confidence(list(testimony.clues)))
    wanted = [*(t.remedy for t in heard), *(name for t in heard for name in t.also_try)]
    return list(dict.fromkeys(filter(None, wanted)))


def suspect(case: Case, page: CausePage) -> Cause | None:
    """What one cause has to say about a case; None when that is not worth saying."""
    heard = testimony_of(case, page)
    if heard is None:
        return None
    testimony, clues = heard
    confidence = _confidence(clues)
    if confidence < WORTH_SAYING:
        return None
    return Cause(
        page.label,
        round(confidence, 3),
        testimony.summary,
        tuple(Evidence(clue.check, clue.seen, clue.expected, clue.healthy) for clue in clues),
        dict(testimony.where),
        testimony.fix,
        verified(case, testimony.remedy),
    )


def testimony_of(case: Case, page: CausePage) -> tuple[Testimony, list[Clue]] | None:
    """What one cause testifies, and its clues with those of the replays; None for nothing."""
    testimony = _hear(page, case)
    if testimony is None:
        return None
    return testimony, [*testimony.clues, *replay_clues(case, testimony.remedy)]


def _hear(page: CausePage, case: Case) -> Testimony | None:
    if case.symptom not in page.symptoms:
        return None
    try:
        return page.weigh(case)
    except Exception:  # noqa: BLE001 - a door: one rule that stumbles must not silence the others
        return None


def _confidence(clues: list[Clue]) -> float:
    return 1.0 / (1.0 + math.exp(-(PRIOR + sum(clue.weight for clue in clues))))
