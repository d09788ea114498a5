"""Names and ids of runs: readable ones for people, random ones for machines."""

from __future__ import annotations

import re
import secrets

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOODS = (
    "amber bold brave breezy bright calm clever cosy crisp curious daring deft eager early easy "
    "fair fleet fond fresh gentle glad golden grand happy hardy humble jolly keen kind light "
    "lively lucky mellow merry mild modest neat nimble noble patient plucky polite proud quick "
    "quiet rapid ready rosy sandy serene sharp shiny silent silver sleek smooth snowy solid "
    "sturdy sunny swift tidy tranquil vivid warm wise witty"
)
_ANIMALS = (
    "ant badger bear beaver bee bison camel cat crane cricket crow deer dolphin dove eagle eel "
    "elk falcon finch fox frog gecko goat goose hare hawk hedgehog heron horse ibex jay koala "
    "lark lemur lion llama lynx marten mole moose moth newt ocelot orca otter owl panda parrot "
    "pelican pike puffin quail rabbit raven robin salmon seal shrew sparrow squid stork swan "
    "tern tiger toad trout turtle viper vole walrus whale wolf wren yak zebra"
)


def run_name() -> str:
    """A name that is easy to say, such as "calm-otter-17". Not unique; the id is."""
    mood, animal = secrets.choice(_MOODS.split()), secrets.choice(_ANIMALS.split())
    return f"{mood}-{animal}-{secrets.randbelow(90) + 10}"


def random_id() -> str:
    """An id that no other run or stream has: 64 random bits as hexadecimal text."""
    return secrets.token_hex(8)


def checked_id(run_id: object) -> str:
    """The id of a run that is to be resumed. Raises ValueError when it cannot be one."""
    if isinstance(run_id, str) and _ID.fullmatch(run_id):
        return run_id
    raise ValueError(
        f"resume={str(run_id)[:40]!r} is no run's id; it is what `run_id` or `run.id` was, and "
        f"what `nanwatch runs` lists beside the name"
    )
