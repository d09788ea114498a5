"""Further chat services by apprise, which is an extra of its own.

Its plugins open their own connections, so the guard against internal targets cannot bind the
address as it does for webhooks. What can be done: only an admin sets a channel up, only services
of a list are taken, options that soften its checks are removed, nothing is attached, redirects are
off, and it runs in a process of its own that is ended after some seconds.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from nanwatch_monitor.alerts.channel import DeliveryError
from nanwatch_monitor.alerts.words import as_text, words_of
from nanwatch_monitor.store.outbox import Message

WITHIN_S = 15.0
MOST_AT_ONCE = 4
SCHEMES = frozenset(
    {
        "bark",
        "dingtalk",
        "feishu",
        "gchat",
        "gotifys",
        "lark",
        "line",
        "matrixs",
        "mmosts",
        "ntfys",
        "opsgenie",
        "pagerduty",
        "pbul",
        "pover",
        "rockets",
        "tgram",
        "wxteams",
        "wecombot",
        "workflows",
        "zulip",
    }
)
_SOFTENING = frozenset(("cto", "rto", "redirect", "verify"))
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


class Apprise:
    """Sends over one of apprise's services.

    Args:
        url: as apprise has it, such as tgram://token/chat.
        public_url: where people reach this server, for the links.
        within_s: when to give up.
    """

    def __init__(self, url: str, public_url: str, within_s: float = WITHIN_S) -> None:
        self._url, self._public_url, self._within_s = hardened(url), public_url, within_s

    def send(self, message: Message) -> None:
        """Deliver, or raise DeliveryError."""
        words = words_of(message, self._public_url)
        said = json.dumps({"url": self._url, "title": words.title, "body": as_text(words)})
        program = [sys.executable, "-m", "nanwatch_monitor.alerts.apprise_process"]
        try:
            with _turns:  # by its input, because everybody on the machine sees arguments
                done = subprocess.run(  # noqa: S603 - our own module
                    program,
                    input=said.encode(),
                    timeout=self._within_s,
                    capture_output=True,
                    check=False,
                )
        except subprocess.TimeoutExpired as error:
            reason = f"the service was not done within {self._within_s:.0f} s"
            raise DeliveryError(reason, permanent=False) from error
        if done.returncode != 0:
            raise DeliveryError("the service did not take it", permanent=False)


def is_installed() -> bool:
    """Whether apprise is there."""
    return importlib.util.find_spec("apprise") is not None


def hardened(url: str) -> str:
    """The URL without options that soften apprise's checks.

    Raises:
        ValueError: it is none of a service on the list.
    """
    parts = urlsplit(url)
    if parts.scheme.lower() not in SCHEMES:
        raise ValueError(f"its service is none of {', '.join(sorted(SCHEMES))}")
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in _SOFTENING]
    return urlunsplit(parts._replace(query=urlencode(kept)))
