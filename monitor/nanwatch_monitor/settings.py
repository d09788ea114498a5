"""What the server can be told: read once in the command line, then passed in as one value."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nanwatch.settings import data_directory, is_loopback
from nanwatch_monitor.alerts.settings import ChannelSettings, Smtp, channels_of, fixed, smtp_of
from nanwatch_monitor.alerts.targets import TargetError, split_url
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.home import Home

DEFAULT_PORT = 8777
IDLE_EXIT_S = 24 * 3600.0
LOG_FORMATS = ("text", "json")


@dataclass(frozen=True)
class ServerSettings:
    """Everything that a server needs to know. What holds a secret is not in its representation.

    Attributes:
        home: the user's folder on this machine.
        database_url: an SQLAlchemy URL; None is the SQLite file in `home`.
        host: the address to listen on.
        port: the port to listen on; 0 lets the system choose.
        auth: False lets everybody in, on loopback only.
        token: an admin token beside the one in the home folder.
        allowed_hosts: names beside localhost and plain addresses that the Host header may carry.
        public_url: where people reach the server; None is the address it listens on.
        channels: where alerts go, beside those that are set up in the page.
        webhook_url: one more of these, without a signature.
        webhook_allow: hosts and networks that the guard against internal targets lets through.
        heartbeat_url: what is asked for once a minute while the server is well.
        log_format: "text", or "json" for one object a line.
        smtp: the server that mails go to; None sends none.
        requests_per_s: what one token may ask in the long run.
        idle_exit_s: leave after so many seconds without use; None stays.
    """

    home: Home
    database_url: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    auth: bool = True
    token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    public_url: str | None = None
    channels: tuple[ChannelSettings, ...] = ()
    webhook_url: str | None = field(default=None, repr=False)
    webhook_allow: tuple[str, ...] = ()
    heartbeat_url: str | None = field(default=None, repr=False)
    log_format: str = "text"
    smtp: Smtp | None = None
    requests_per_s: float = 1000.0
    idle_exit_s: float | None = None

    @property
    def url(self) -> str:
        """Where people reach the server."""
        return self.public_url or self.local_url

    @property
    def local_url(self) -> str:
        """Where programs on this machine reach the server, whatever stands in front of it."""
        return f"http://{dialable(self.host)}:{self.port}"

    @property
    def fixed_channels(self) -> tuple[ChannelSettings, ...]:
        """The channels that nobody can change in the page."""
        webhook = (fixed("webhook", self.webhook_url),) if self.webhook_url else ()
        return (*webhook, *self.channels)

    @property
    def effective_database_url(self) -> str:
        """The database: the one that was named, else the file in the home folder."""
        return self.database_url or f"sqlite:///{self.home.database_file}"


def from_environment(environ: Mapping[str, str], **overrides: Any) -> ServerSettings:
    """The settings of an environment; an override that is not None beats it.

    Raises:
        SetupError: a value cannot be used.
    """
    found: dict[str, Any] = {
        "home": Home(data_directory(environ), socket.gethostname()),
        "database_url": environ.get("NANWATCH_DATABASE_URL") or None,
        "host": environ.get("NANWATCH_HOST") or "127.0.0.1",
        "port": _port(environ.get("NANWATCH_PORT") or str(DEFAULT_PORT)),
        "token": environ.get("NANWATCH_TOKEN", "").strip() or None,  # a secret's file ends so
        "allowed_hosts": _words(environ.get("NANWATCH_ALLOWED_HOSTS", "")),
        "public_url": (environ.get("NANWATCH_PUBLIC_URL") or "").rstrip("/") or None,
        "channels": channels_of(environ),
        "smtp": smtp_of(environ),
        "webhook_allow": _words(environ.get("NANWATCH_WEBHOOK_ALLOW", "")),
        "heartbeat_url": environ.get("NANWATCH_HEARTBEAT_URL", "").strip() or None,
        "log_format": _log_format(environ.get("NANWATCH_LOG_FORMAT") or "text"),
    }
    found.update({name: value for name, value in overrides.items() if value is not None})
    return _checked(ServerSettings(**found))


def as_local_monitor(settings: ServerSettings) -> ServerSettings:
    """What a callback starts, whatever the environment says of other servers: loopback only,
    the database of the home folder, and gone after a day without use.
    """
    return replace(
        settings,
        database_url=None,
        host="127.0.0.1",
        public_url=None,
        idle_exit_s=IDLE_EXIT_S,
    )


def _checked(settings: ServerSettings) -> ServerSettings:
    if not settings.auth and not is_loopback(settings.host):
        raise SetupError(
            f"refused to serve on {settings.host} without asking for a token",
            "everybody on the network could read, change and delete the runs",
            "leave out --no-auth, or listen on 127.0.0.1",
        )
    for channel in settings.fixed_channels:
        if channel.kind in ("webhook", "slack", "discord"):
            _check_url(channel.name, channel.target)
    if settings.heartbeat_url is not None:
        _check_url("NANWATCH_HEARTBEAT_URL", settings.heartbeat_url)
    return settings


def _check_url(name: str, url: str) -> None:
    try:
        split_url(url)
    except TargetError as error:
        what = f"{name} cannot be used"
        raise SetupError(what, str(error), "mend it, or unset it") from error


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise SetupError(
            f"NANWATCH_PORT is {text[:40]!r}", "a port is a number from 0 to 65535", "set it so"
        )
    return int(text)


def _log_format(text: str) -> str:
    if text not in LOG_FORMATS:
        what = f"NANWATCH_LOG_FORMAT is {text[:40]!r}"
        raise SetupError(what, "logs are text or json", f"set it to {' or '.join(LOG_FORMATS)}")
    return text


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)


def dialable(host: str) -> str:
    """An address that a browser on this machine can open."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared with, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
