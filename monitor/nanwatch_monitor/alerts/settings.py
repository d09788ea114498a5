"""What channels are set up with, in the environment or in the page. Light: no database, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from nanwatch_monitor.errors import SetupError

Kind = Literal["webhook", "slack", "discord", "email", "apprise"]
Security = Literal["starttls", "tls", "none"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_PORTS: Mapping[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
_VARIABLES: Mapping[Kind, str] = {
    "webhook": "NANWATCH_WEBHOOK_URL",
    "slack": "NANWATCH_SLACK_URL",
    "discord": "NANWATCH_DISCORD_URL",
    "email": "NANWATCH_EMAIL_TO",
    "apprise": "NANWATCH_APPRISE_URL",
}


@dataclass(frozen=True, repr=False)
class ChannelSettings:
    """A way to people.

    Attributes:
        id: its key in messages and attempts.
        name: for people.
        target: a URL or addresses; it may hold a secret, and is only shown redacted.
        secret: what signs messages, or None.
        source: who set it up: somebody in the page, or the environment.
    """

    id: str
    kind: Kind
    name: str
    target: str
    secret: str | None = None
    enabled: bool = True
    source: Literal["page", "environment"] = "page"

    def __repr__(self) -> str:
        """Without what is secret, so that no log or traceback shows it."""
        return f"ChannelSettings({self.id!r}, {self.kind!r}, {self.name!r})"


@dataclass(frozen=True, repr=False)
class Smtp:
    """A mail server.

    Attributes:
        security: "starttls": encrypt before anything is said; "tls": from the first byte on.
        sender: the address in From.
    """

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = None
    security: Security = "starttls"

    def __repr__(self) -> str:
        """Without the password, so that no log or traceback shows it."""
        return f"Smtp({self.host!r}, {self.port})"


def fixed(kind: Kind, target: str, secret: str | None = None) -> ChannelSettings:
    """A channel of the environment."""
    return ChannelSettings(
        f"env-{kind}", kind, _VARIABLES[kind], target, secret, source="environment"
    )


def channels_of(environ: Mapping[str, str]) -> tuple[ChannelSettings, ...]:
    """The channels that an environment sets up."""
    secret = environ.get("NANWATCH_WEBHOOK_SECRET", "").strip() or None
    given = {kind: environ.get(name, "").strip() for kind, name in _VARIABLES.items()}
    return tuple(
        fixed(kind, target, secret if kind == "webhook" else None)
        for kind, target in given.items()
        if target
    )


def smtp_of(environ: Mapping[str, str]) -> Smtp | None:
    """The mail server that an environment names, or None. Raises SetupError."""
    host = environ.get("NANWATCH_SMTP_HOST", "").strip()
    if not host:
        return None
    security = _security(environ.get("NANWATCH_SMTP_SECURITY") or "starttls")
    port = environ.get("NANWATCH_SMTP_PORT") or str(_PORTS[security])
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise _unusable("NANWATCH_SMTP_PORT", "a port is a number from 1 to 65535")
    user = environ.get("NANWATCH_SMTP_USER") or None
    sender = environ.get("NANWATCH_SMTP_FROM") or user or f"nanwatch@{host}"
    if not sender.isprintable() or "@" not in sender:
        raise _unusable("NANWATCH_SMTP_FROM", "it is no address such as nanwatch@example.org")
    password = environ.get("NANWATCH_SMTP_PASSWORD", "").strip() or None
    return Smtp(host, int(port), sender, user, password, security)


def _security(word: str) -> Security:
    for known in _PORTS:
        if word == known:
            return known
    raise _unusable("NANWATCH_SMTP_SECURITY", "it is none of starttls, tls and none")


def _unusable(name: str, why: str) -> SetupError:
    return SetupError(f"{name} cannot be used", why, "mend it, or unset it")
