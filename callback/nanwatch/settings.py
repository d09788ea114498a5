"""What the client is told: arguments before environment before defaults, checked once.

Nothing here is read at import. Every refusal says what is wrong, why, and how to mend it.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

import platformdirs

from nanwatch.events import MAX_NAME
from nanwatch.names import run_name
from nanwatch.plain import plain

Mode = Literal["online", "offline", "disabled"]
MODES: tuple[Mode, ...] = get_args(Mode)
MAX_TAGS = 64

_Choice = TypeVar("_Choice", bound=str)


@dataclass(frozen=True)
class ClientSettings:
    """Where a run goes and what it is called.

    Attributes:
        server: URL of a named server, or None for the local monitor.
        token: the bearer token of `NANWATCH_TOKEN`, or None.
        directory: `NANWATCH_DIR`: spool, token file and the local monitor's files.
        host: this machine's name; a home folder may be shared between machines.
    """

    server: str | None
    token: str | None = field(repr=False)  # no log or traceback shows it
    project: str
    run: str
    tags: tuple[str, ...]
    config: Mapping[str, Any]
    mode: Mode
    directory: Path
    host: str

    @property
    def sync_command(self) -> str:
        """What delivers later what waits on disk."""
        return "nanwatch sync" + (f" --server {self.server}" if self.server else "")

    @classmethod
    def resolve(
        cls,
        server: str | None = None,
        project: str | None = None,
        run: str | None = None,
        tags: Iterable[str] = (),
        config: Mapping[str, Any] | None = None,
        mode: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> ClientSettings:
        """Settle every value. Raises ValueError that says what, why and how to mend."""
        said, url = _said("server", server, environ, "") if server is None else ("server", server)
        insecure = environ.get("NANWATCH_ALLOW_HTTP") == "1"
        return cls(
            server=server_url(url, insecure, said) if url or server is not None else None,
            token=_token(environ.get("NANWATCH_TOKEN", "")),
            project=label(*_said("project", project, environ, "default")),
            run=label("run", run if run is not None else run_name()),
            tags=_tags(tags),
            config=_config(config),
            mode=choose(*_said("mode", mode, environ, "online"), MODES),
            directory=data_directory(environ),
            host=socket.gethostname(),
        )


def data_directory(environ: Mapping[str, str]) -> Path:
    """`NANWATCH_DIR`, or the platform's folder for user data."""
    named = environ.get("NANWATCH_DIR") or platformdirs.user_data_dir("nanwatch")
    return Path(named).expanduser().absolute()  # a training may change its folder


def _said(
    argument: str, given: str | None, environ: Mapping[str, str], default: str
) -> tuple[str, str]:
    """A value, and who said it: for the words of a refusal."""
    variable = f"NANWATCH_{argument.upper()}"
    if given or not environ.get(variable):
        return argument, given or default
    return variable, environ[variable]


def _token(given: str) -> str | None:
    token = given.strip()  # what is read from a file ends with a line break
    if not token.isascii() or not token.isprintable():
        raise ValueError(
            "NANWATCH_TOKEN is no token: it holds characters that cannot travel in a header; "
            "`nanwatch token` prints the right one on the server's machine"
        )
    return token or None


def choose(argument: str, value: object, allowed: Sequence[_Choice]) -> _Choice:
    """`value` when it is one of `allowed`. Raises ValueError that names the nearest match."""
    if isinstance(value, str) and value in allowed:
        return cast(_Choice, value)
    near = difflib.get_close_matches(str(value).lower(), allowed, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    choices = ", ".join(repr(item) for item in allowed)
    raise ValueError(f"{argument}={value!r} is not known: {hint}Choose one of {choices}.")


def label(argument: str, value: object) -> str:
    """A name that people read: text of 1 to 256 characters in one line. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(
            f"{argument} must be text, not {type(value).__name__}; "
            f"pass {argument}={str(value)[:40]!r}"
        )
    printable = value.isprintable() and bool(value.strip())
    if printable and len(value) <= MAX_NAME:
        return value
    raise ValueError(
        f"{argument}={value[:40]!r} cannot be shown: it needs 1 to {MAX_NAME} printable "
        f"characters in one line, it has {len(value)}"
    )


def server_url(url: object, allow_http: bool = False, said: str = "server") -> str:
    """The server's base URL without a slash at its end.

    Args:
        said: who named it, the argument or a variable of the environment.

    A token travels with every request, so plain http goes to this machine only, unless
    `NANWATCH_ALLOW_HTTP=1` says that the way is safe (a VPN, a container network).

    Raises:
        ValueError: no http(s) URL, one with a password or a query in it, or plain http elsewhere.
    """
    text = str(url).strip().rstrip("/")
    if any(mark in text for mark in "@?#"):  # first of all: what stands there is not to be shown
        raise ValueError(
            f"{said} must be a bare URL without user, password, query or fragment, because it is "
            "shown in the terminal; put the token into NANWATCH_TOKEN"
        )
    parts = _split(text, said)
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname or ""):
        raise ValueError(
            f"{said}={text!r} would send the token over plain http to another machine; use "
            f"https://, or set NANWATCH_ALLOW_HTTP=1 when the way there is safe"
        )
    return text


def _split(text: str, said: str) -> Any:
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(
            f"{said}={text!r} is not a URL: {error}; it must look like 'http://127.0.0.1:8777'"
        ) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
        bare = re.sub(r"^\w+:(//|$)", "", text) or "127.0.0.1:8777"
        raise ValueError(
            f"{said}={text!r} is not a URL of a server: it must begin with http:// or https:// "
            f"and name a host; did you mean 'http://{bare}'?"
        )
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: str) -> bool:
    """Whether a URL leads to this very machine."""
    return is_loopback(urlsplit(url).hostname or "")


def _tags(tags: object) -> tuple[str, ...]:
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise ValueError(f"tags={tags!r} must be a list of texts; pass tags=[{str(tags)!r}]")
    found = tuple(label("each tag", tag) for tag in tags)
    if len(found) > MAX_TAGS:
        raise ValueError(f"{len(found)} tags are too many: at most {MAX_TAGS} are kept; use config")
    return found


def _config(config: object) -> Mapping[str, Any]:
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        raise ValueError(
            f"config must be a dict, not {type(config).__name__}; pass config={{'name': value}}"
        )
    return cast(Mapping[str, Any], plain(config))
