"""All channels: those of the environment, which are fixed, and those set up in the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from nanwatch_monitor.alerts.apprise_channel import Apprise, hardened, is_installed
from nanwatch_monitor.alerts.channel import Channel
from nanwatch_monitor.alerts.chat import Chat, discord_layout, slack_layout
from nanwatch_monitor.alerts.mail import Mail
from nanwatch_monitor.alerts.settings import ChannelSettings, Kind, Smtp
from nanwatch_monitor.alerts.targets import TargetError, checked
from nanwatch_monitor.alerts.webhook import Webhook, key_of
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.store.channels import ChannelStore

MOST_RECIPIENTS = 10
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class UnusableError(Exception):
    """A channel cannot be used as it is set up; the text says why."""


@dataclass(frozen=True)
class Reach:
    """What every channel needs to know of this server.

    Attributes:
        public_url: where people reach it, for the links.
        allowed: internal hosts and networks that webhooks may go to.
        smtp: the mail server; None sends no mail.
    """

    public_url: str
    allowed: tuple[str, ...] = ()
    smtp: Smtp | None = None


class Channels:
    """Finds channels and opens them.

    Args:
        environment: those that the environment sets up.
    """

    def __init__(
        self, store: ChannelStore, environment: tuple[ChannelSettings, ...], reach: Reach
    ) -> None:
        self._store, self._environment, self._reach = store, environment, reach

    def all(self) -> list[ChannelSettings]:
        """Every channel, those of the environment first."""
        return [*self._environment, *self._store.all()]

    def find(self, channel_id: str) -> ChannelSettings | None:
        """One channel, or None."""
        return next((known for known in self.all() if known.id == channel_id), None)

    def open(self, settings: ChannelSettings) -> Channel:
        """What sends. Raises UnusableError."""
        return opened(settings, self._reach)

    def check(self, settings: ChannelSettings) -> None:
        """Raise UnusableError when a new channel could not be used. Looks names up."""
        opened(settings, self._reach)
        if settings.kind in ("webhook", "slack", "discord"):
            try:
                checked(settings.target, self._reach.allowed, plain=False)
            except TargetError as error:
                raise UnusableError(str(error)) from error


def refuse_unusable(environment: Iterable[ChannelSettings], reach: Reach) -> None:
    """Raise SetupError when a channel of the environment cannot be used as it is set up."""
    for fixed in environment:
        try:
            opened(fixed, reach)
        except UnusableError as error:
            what = f"{fixed.name} cannot be used"
            raise SetupError(what, str(error), "mend it, or unset it") from error


def opened(settings: ChannelSettings, reach: Reach) -> Channel:
    """What sends over a channel. Raises UnusableError."""
    if not settings.target:
        raise UnusableError("where it goes is not in backups; delete it and set it up anew")
    fixed = settings.source == "environment"
    match settings.kind:
        case "webhook":
            _check_secret(settings.secret)
            here = (reach.allowed, reach.public_url)
            return Webhook(settings.target, *here, secret=settings.secret, plain=fixed)
        case "slack":
            return Chat(settings.target, slack_layout, reach.allowed, reach.public_url)
        case "discord":
            return Chat(settings.target, discord_layout, reach.allowed, reach.public_url)
        case "email":
            return _mail(settings.target, reach)
        case "apprise":
            return _apprise(settings.target, reach)


def redacted(kind: Kind, target: str) -> str:
    """What may be shown of a target: enough to tell it, without what lets somebody in."""
    if kind == "email":
        return ", ".join(map(_redacted_address, addresses(target)))
    parts = urlsplit(target)
    host = "" if kind == "apprise" else parts.hostname or ""  # there the host may be a token
    return f"{parts.scheme}://{host}/…"


def addresses(target: str) -> tuple[str, ...]:
    """The addresses in a target, which has commas or spaces between them."""
    return tuple(target.replace(",", " ").split())


def _redacted_address(address: str) -> str:
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _check_secret(secret: str | None) -> None:
    try:
        if secret is not None:
            key_of(secret)
    except ValueError as error:
        raise UnusableError(str(error)) from error


def _mail(target: str, reach: Reach) -> Channel:
    if reach.smtp is None:
        raise UnusableError("no mail server is named; set NANWATCH_SMTP_HOST at the server")
    found = addresses(target)
    if not 1 <= len(found) <= MOST_RECIPIENTS or not all(map(_ADDRESS.fullmatch, found)):
        raise UnusableError(f"it takes 1 to {MOST_RECIPIENTS} plain addresses (a@example.org)")
    return Mail(reach.smtp, found, reach.public_url)


def _apprise(target: str, reach: Reach) -> Channel:
    if not is_installed():
        raise UnusableError('apprise is not there; pip install "nanwatch[apprise]" at the server')
    try:
        hardened(target)
    except ValueError as error:
        raise UnusableError(str(error)) from error
    return Apprise(target, reach.public_url)
