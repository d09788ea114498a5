"""What a message says: what, where, since when, why, what to do, and where to look. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nanwatch import terminal
from nanwatch.diagnosis.cause import REPLAY
from nanwatch.events import Cause, Diagnosis
from nanwatch.terminal import VERIFIED_WORDS
from nanwatch_monitor.alerts.grouping import BACKLOG, DIGEST, REMINDER
from nanwatch_monitor.incidents import GOOD_NEWS, INHIBITS, SILENCES, Incident
from nanwatch_monitor.store.outbox import Message
from nanwatch_monitor.views import iso

MOST_EVIDENCE, MOST_CAUSES, MOST_LINES = 4, 3, 10
LONGEST_NAME, LONGEST_TEXT, LONGEST_CODE = 80, 400, 600
_PLACES = ("input", "output", "layer", "variable", "columns", "column_names", "rows", "samples")


@dataclass(frozen=True)
class Entry:
    """A titled part of a message; `code` is shown as it is."""

    title: str
    text: str
    code: str = ""


@dataclass(frozen=True)
class Words:
    """A message in words, for every channel to lay out.

    Attributes:
        severity: of the gravest that it is about, or "ok" where all is well again.
        entries: about the incident, when it is about one.
        lines: one for each incident, when it is about several.
        link: where to look.
    """

    title: str
    severity: str
    entries: tuple[Entry, ...]
    lines: tuple[str, ...]
    link: str


def words_of(message: Message, public_url: str) -> Words:
    """A message in words."""
    if not message.incidents:
        text = message.words or "This is a test: alerts of nanwatch arrive here."
        title = "A channel is dead" if message.telling == "channel" else "Test of this channel"
        return Words(title, "info", (Entry("", text),), (), f"{public_url}/alerts")
    if len(message.incident_ids) == 1:
        return _about_one(message.telling, message.incidents[0], public_url)
    return _about_many(message, public_url)


def as_text(words: Words) -> str:
    """A message as plain text, without its title."""
    parts = [*(_entry_as_text(entry) for entry in words.entries)]
    parts += ["\n".join(words.lines)] if words.lines else []
    return "\n".join([*parts, "", words.link])


def headline(telling: str, incident: Incident) -> str:
    """What is told of an incident, in one line."""
    what = f"{symptom_words(incident.diagnosis)}: {cut(incident.run_name, LONGEST_NAME)}"
    known = {
        "worse": f"Worse: {what}",
        "again": f"Again: {what}",
        "late": f"Reported late: {what}",
        "reminder": f"Still open: {what}",
        "resolved": f"Calm again: {cut(incident.run_name, LONGEST_NAME)}",
        "flapping": f"Coming and going: {what}",
        "correction": f"Back: {cut(incident.run_name, LONGEST_NAME)}",
    }
    return known.get(telling, what[:1].upper() + what[1:])


def symptom_words(diagnosis: Diagnosis) -> str:
    """The symptom in words."""
    silent = {"lost": "no contact", "hung": "no step is made"}.get(str(diagnosis.symptom))
    return silent or terminal.symptom_words(diagnosis)


def place_words(diagnosis: Diagnosis) -> str:
    """Where it happened, such as "step 130 (epoch 2, batch 5), layer dense_1"."""
    where: Mapping[str, Any] = diagnosis.causes[0].where if diagnosis.causes else {}
    found = "" if diagnosis.first_step is None else f"step {diagnosis.first_step}"
    if "epoch" in where and "batch" in where:
        found += f" (epoch {where['epoch'] + 1}, batch {where['batch']})"
    parts = [f"{name.replace('_', ' ')} {_few(where[name])}" for name in _PLACES if name in where]
    return cut(", ".join([*([found.strip()] if found else []), *parts]), LONGEST_TEXT)


def minute(moment: float) -> str:
    """Seconds since 1970 for people."""
    return (iso(moment) or "")[:19].replace("T", " ") + " UTC"


def cut(text: str, longest: int) -> str:
    """Text in one line, without control characters, of bounded length."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def _about_one(telling: str, incident: Incident, public_url: str) -> Words:
    well = telling in GOOD_NEWS
    severity = "ok" if well else incident.diagnosis.severity
    entries = _what_became(incident) if well else (*_what_happened(incident), *_why(incident))
    if telling == REMINDER:
        entries += (Entry("", _unanswered(f" {incident.id}")),)
    link = f"{public_url}/runs/{incident.run_id}"
    return Words(headline(telling, incident), severity, entries, (), link)


def _about_many(message: Message, public_url: str) -> Words:
    n, what = len(message.incident_ids), _common_words(message.incidents)
    well = message.telling in GOOD_NEWS and message.group != DIGEST
    are = "alerts are over" if well else "alerts"
    late = {BACKLOG: "reported late, ", REMINDER: "still open, "}.get(message.group, "")
    lines = [_line(one) for one in message.incidents[:MOST_LINES]]
    if n > len(lines):
        lines.append(f"and {n - len(lines)} more")
    title = f"{n} {are}: {late}{what}"
    entries = (Entry("", _unanswered("")),) if message.group == REMINDER else ()
    return Words(title, _gravest(message, well), entries, tuple(lines), f"{public_url}/alerts")


def _common_words(incidents: Sequence[Incident]) -> str:
    """What all of them are."""
    told = {symptom_words(one.diagnosis) for one in incidents}
    if len(told) == 1:
        return told.pop()
    same = {one.diagnosis.symptom for one in incidents} == {INHIBITS}
    return "NaN or infinity" if same else "several symptoms"


def _unanswered(which: str) -> str:
    """What ends the reminders."""
    how = f"`nanwatch alerts ack{which or ' ALERT'}`, or on the page"
    return f"Nobody has taken it up yet. To hear no more of it: {how}."


def _gravest(message: Message, well: bool) -> str:
    if well:
        return "ok"
    critical = any(one.diagnosis.severity == "critical" for one in message.incidents)
    return "critical" if critical else "warning"


def _line(incident: Incident) -> str:
    place = place_words(incident.diagnosis)
    cause = f" - {incident.diagnosis.label}" if incident.diagnosis.causes else ""
    name = cut(f"{incident.project}/{incident.run_name}", LONGEST_NAME)
    return f"{name}: {symptom_words(incident.diagnosis)}{', ' + place if place else ''}{cause}"


def _what_became(incident: Incident) -> tuple[Entry, ...]:
    note = incident.standing.note or "It is over."
    return (Entry("What", note), Entry("Run", _run_words(incident)))


def _what_happened(incident: Incident) -> tuple[Entry, ...]:
    diagnosis = incident.diagnosis
    what = f"{diagnosis.severity}: {symptom_words(diagnosis)}"
    place = place_words(diagnosis) or "not known"
    since = minute(incident.opened_at)
    return (
        Entry("What", what),
        Entry("Run", _run_words(incident)),
        Entry("Where", place),
        Entry("Since", since),
    )


def _run_words(incident: Incident) -> str:
    return cut(f"{incident.run_name} (project {incident.project})", 2 * LONGEST_NAME)


def _why(incident: Incident) -> tuple[Entry, ...]:
    causes = incident.diagnosis.causes
    if incident.diagnosis.symptom in SILENCES:
        return (Entry("Why", incident.standing.note),)
    if not causes:
        return (Entry("Cause", "none of the known causes fits what was seen"),)
    ranked = ", ".join(f"{one.label} {one.confidence:.0%}" for one in causes[:MOST_CAUSES])
    entries = [Entry("Cause", f"{ranked}. {cut(causes[0].summary, LONGEST_TEXT)}")]
    evidence = _evidence(causes[0])
    if evidence:
        entries.append(Entry("Evidence", evidence))
    if causes[0].fix.text:
        tried = VERIFIED_WORDS[causes[0].verified]
        text = f"{cut(causes[0].fix.text, LONGEST_TEXT)} ({tried}.)"
        entries.append(Entry("Fix", text, causes[0].fix.code[:LONGEST_CODE]))
    return tuple(entries)


def _evidence(cause: Cause) -> str:
    found = [item for item in cause.evidence if item.check != REPLAY]
    told = [f"{one.check}: {one.seen} (healthy: {one.expected})" for one in found[:MOST_EVIDENCE]]
    return "; ".join(cut(line, LONGEST_TEXT // 2) for line in told)


def _entry_as_text(entry: Entry) -> str:
    line = f"{entry.title}: {entry.text}" if entry.title else entry.text
    code = "".join(f"\n    {code}" for code in entry.code.splitlines())
    return line + code


def _few(value: Any) -> str:
    """A place in words; of a long list the first three."""
    if not isinstance(value, list | tuple):
        return cut(str(value), LONGEST_NAME)
    few = ", ".join(cut(str(item), LONGEST_NAME) for item in value[:3])
    return f"{few} and {len(value) - 3} more" if len(value) > 3 else few
