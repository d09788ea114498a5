"""What messages say, and that nothing from a run is taken for markup."""

import json
from dataclasses import replace

import pytest

from monitor.alerting import Post, Runs, diagnosis, webhook
from monitor.sinks import sink
from nanwatch.events import SYMPTOMS, Cause, Diagnosis, Fix
from nanwatch_monitor.alerts.chat import discord_layout, slack_layout
from nanwatch_monitor.alerts.words import as_text, symptom_words, words_of
from nanwatch_monitor.incidents import SILENCES, Incident, Standing, silence
from nanwatch_monitor.store.outbox import MOST_SHOWN, Message

HOSTILE = "<!channel> <https://evil|x> @everyone [a](https://evil) *b* `c` ```d``` & \x1b[31m\n#"


def incident(**more):
    return Incident(1, "run1", "brave-fox", "zoo", 1.7e9, diagnosis(), "server", **more)


def message(*incidents, telling="firing", n=None):
    ids = tuple(range(1, (n or len(incidents)) + 1))
    return Message("msg_1", "1", telling, incident_ids=ids, incidents=incidents)


@pytest.mark.parametrize("symptom", [*SYMPTOMS, *SILENCES])
def test_every_symptom_has_words(symptom):
    assert symptom_words(silence(symptom, 1))


def test_a_message_names_what_was_not_finite():
    faulty = [
        replace(incident(), diagnosis=Diagnosis("nan_loss", "critical", 7, fault=fault))
        for fault in ("gradient", "loss")
    ]
    words = words_of(message(faulty[0]), "http://here")
    assert words.title == "The gradient is not finite: brave-fox"
    assert words.entries[0].text == "critical: the gradient is not finite"
    assert words_of(message(*faulty), "http://here").title == "2 alerts: NaN or infinity"


def test_a_message_without_a_cause_says_so():
    unknown = replace(incident(), diagnosis=Diagnosis("nan_loss", "critical", None))
    text = as_text(words_of(message(unknown), "http://here"))
    assert "none of the known causes" in text
    assert "Where: not known" in text


@pytest.mark.parametrize(
    ("telling", "title"),
    [
        ("worse", "Worse: the loss is not finite: brave-fox"),
        ("again", "Again: the loss is not finite: brave-fox"),
        ("flapping", "Coming and going: the loss is not finite: brave-fox"),
        ("resolved", "Calm again: brave-fox"),
        ("correction", "Back: brave-fox"),
    ],
)
def test_the_title_says_what_is_told(telling, title):
    noted = incident(standing=Standing("resolved", note="It has calmed down."))
    words = words_of(message(noted, telling=telling), "http://here")
    assert words.title == title
    if telling in ("resolved", "correction"):
        assert (words.severity, words.entries[0].text) == ("ok", "It has calmed down.")


def test_many_are_one_message_that_says_how_many():
    words = words_of(message(*[incident()] * MOST_SHOWN, n=1000), "http://here")
    assert words.title == "1000 alerts: the loss is not finite"
    assert (len(words.lines), words.lines[-1]) == (11, "and 990 more")
    assert words.link == "http://here/alerts"


def test_many_that_are_over_are_no_bad_news():
    words = words_of(message(incident(), incident(), telling="resolved"), "http://here")
    assert (words.title, words.severity) == ("2 alerts are over: the loss is not finite", "ok")


def with_cause(cause, **more):
    found = Diagnosis("nan_loss", "critical", 1, (cause,))
    return words_of(message(replace(incident(), diagnosis=found, **more)), "http://here")


def test_slack_takes_nothing_for_markup():
    told = slack_layout(with_cause(Cause("x", 0.5, HOSTILE), run_name=HOSTILE))
    header, *sections = told["attachments"][0]["blocks"]
    assert header["text"]["type"] == "plain_text"
    text = told["text"] + json.dumps(sections, ensure_ascii=False)
    assert "<!channel>" not in text
    assert "<https://evil" not in text
    assert "<http://here/runs/run1|Open in nanwatch>" in text


def test_discord_mentions_nobody_and_takes_nothing_for_markup():
    told = discord_layout(with_cause(Cause("x", 0.5, HOSTILE)))
    assert told["allowed_mentions"] == {"parse": []}
    (field,) = [one for one in told["embeds"][0]["fields"] if one["name"] == "Cause"]
    assert "[a](" not in field["value"]
    assert " *b*" not in field["value"]


def test_long_texts_stay_within_the_limits_of_the_services():
    long = Cause("x" * 100, 0.5, "y " * 5000, fix=Fix("w" * 999, "z\n" * 9999))
    words = with_cause(long, run_name="r" * 256)
    fields = discord_layout(words)["embeds"][0]["fields"]
    assert max(len(one["value"]) for one in fields) <= 1024
    assert sum(len(one["name"] + one["value"]) for one in fields) <= 6000 - 250  # with the title
    blocks = slack_layout(words)["attachments"][0]["blocks"]
    assert len(blocks[0]["text"]["text"]) <= 150
    assert max(len(block["text"]["text"]) for block in blocks) <= 3000


@pytest.mark.parametrize(("kind", "part"), [("slack", "attachments"), ("discord", "embeds")])
def test_chats_get_their_own_layout(store, clock, kind, part):
    with sink() as receiver:
        channel = replace(webhook(receiver.url), kind=kind)
        Runs(store, clock).fails()
        Post(store, clock, channel).goes(2)
    (told,) = receiver.received
    assert "brave-fox" not in told
    assert "name of run1" in json.dumps(told[part])
    assert "key=1" not in json.dumps(told)
