"""Whether this machine's clock and the server's agree: points don't mind, times shown do."""

from __future__ import annotations

import time

from nanwatch.events import CLOCK_FACT, FactsLearned
from nanwatch.transport import Link, LinkError

MOST_OFF_S = 60.0
NO_CLOCK_S = 1e9  # 30 years: what is further off is no clock


def clock_off_s(link: Link) -> float | None:
    """How far this clock is ahead of the server's, in seconds; None when it tells no time."""
    before = time.time()
    try:
        theirs = link.get("/healthz").body.get("time")
    except LinkError:
        return None
    return (before + time.time()) / 2 - theirs if isinstance(theirs, int | float) else None


def wrong_clock(link: Link) -> tuple[FactsLearned, str] | None:
    """What the server is to know, and words for people, where the clocks don't agree."""
    off_s = clock_off_s(link)
    if off_s is None or not MOST_OFF_S < abs(off_s) < NO_CLOCK_S:
        return None
    where = "ahead of" if off_s > 0 else "behind"
    words = f"this machine's clock is {abs(off_s):.0f} s {where} the server's"
    return FactsLearned({CLOCK_FACT: round(off_s)}), words
