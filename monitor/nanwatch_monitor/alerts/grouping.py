"""What goes out together, and when: so that a storm of alerts is a few messages. Pure: no clock.

A group is one symptom in one project. Its first message goes at once; what follows is gathered
for some seconds, and a group speaks twice a minute at most. A channel takes ten messages a minute,
and then one more about all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nanwatch_monitor.incidents import OLD_AFTER_S

MINUTE_S = 60.0
MOST_A_MINUTE = 10
MOST_OF_A_GROUP = 2
URGENT_GATHER_S = 5.0
GATHER_S = 30.0
BACKLOG, DIGEST, CHANNEL, REMINDER = "backlog", "digest", "channel", "reminder"

_NEWS = ("firing", "worse", "again")


@dataclass(frozen=True)
class Waiting:
    """Something that is due to be told to a channel.

    Attributes:
        group: see `group_of`.
        urgent: whether it is critical.
        since: when it came up, in seconds since 1970.
    """

    id: int
    group: str
    urgent: bool
    since: float


@dataclass(frozen=True)
class Spoken:
    """A message that went to the channel within the last minute."""

    group: str
    at: float


@dataclass(frozen=True)
class Choice:
    """What makes the next message."""

    group: str
    ids: tuple[int, ...]


def group_of(project: str, symptom: str, telling: str, ended_at: float | None, since: float) -> str:
    """What a piece of news belongs to.

    Args:
        telling: what is told of an incident, such as "firing".
        ended_at: when its run ended, if it did.
        since: when the news came up. Long after the end, the run was delivered late.
    """
    if telling == REMINDER:
        return REMINDER
    if telling == "late" or (ended_at is not None and ended_at < since - OLD_AFTER_S):
        return BACKLOG
    return "\x1f".join(("" if telling in _NEWS else telling, symptom, project))


def next_message(waiting: Sequence[Waiting], spoken: Sequence[Spoken], now: float) -> Choice | None:
    """What a channel is to be told next, or None when it has to wait.

    Args:
        waiting: what is due, the longest due first.
        spoken: what it was told within the last minute, tests left out.
    """
    if not waiting or len(spoken) > MOST_A_MINUTE:
        return None
    if len(spoken) == MOST_A_MINUTE:
        latest = max(one.at for one in spoken)
        return _all(DIGEST, waiting) if now >= latest + URGENT_GATHER_S else None
    for group in dict.fromkeys(one.group for one in waiting):
        members = [one for one in waiting if one.group == group]
        if _may_speak(group, members, [one.at for one in spoken if one.group == group], now):
            return _all(group, members)
    return None


def _may_speak(group: str, members: Sequence[Waiting], spoken: Sequence[float], now: float) -> bool:
    if group in (BACKLOG, REMINDER) and now < min(one.since for one in members) + GATHER_S:
        return False
    gather_s = URGENT_GATHER_S if any(one.urgent for one in members) else GATHER_S
    return not spoken or (len(spoken) < MOST_OF_A_GROUP and now >= max(spoken) + gather_s)


def _all(group: str, members: Iterable[Waiting]) -> Choice:
    return Choice(group, tuple(one.id for one in members))
