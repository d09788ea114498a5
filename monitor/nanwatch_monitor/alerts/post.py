"""One request to a checked target: no redirect, no proxy, and over in time whatever is answered."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from nanwatch_monitor.alerts.channel import DeliveryError
from nanwatch_monitor.alerts.targets import Target, TargetError, checked

WITHIN_S = 5.0
LONGEST_RETRY_AFTER_S = 3600.0
_LATER = (408, 425, 429)  # refusals that pass


def post(
    url: str, body: bytes, headers: Mapping[str, str], allowed: tuple[str, ...], plain: bool
) -> int:
    """Post JSON; the status, which is one of success.

    Args:
        allowed: see `targets.checked`.
        plain: whether http:// is good enough for a host that is not in `allowed`.

    Raises:
        DeliveryError: it did not arrive.
    """
    told = {"Content-Type": "application/json", **headers}
    return _sent("POST", url, body, told, allowed, plain)


def ping(url: str, allowed: tuple[str, ...]) -> int:
    """Ask for an address and do not read what is there; otherwise as `post`."""
    return _sent("GET", url, None, {}, allowed, plain=True)


def _sent(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    allowed: tuple[str, ...],
    plain: bool,
) -> int:
    try:
        target = checked(url, allowed, plain)
        status, retry_after_s = _answered(target, method, body, headers)
    except TargetError as error:
        raise DeliveryError(str(error), permanent=False) from error
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        raise DeliveryError(_why(error), permanent=False) from error
    if not 200 <= status < 300:
        permanent = 300 <= status < 500 and status not in _LATER
        reason = f"the receiver answered {status}"
        raise DeliveryError(reason, permanent=permanent, status=status, retry_after_s=retry_after_s)
    return status


def _answered(
    target: Target, method: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[int, float]:
    connection = _connection(target)
    told = {
        "Host": target.host_header,
        "User-Agent": "nanwatch",
        "Connection": "close",
        **headers,
    }
    try:
        with _deadline(connection):
            connection.request(method, target.path, body, told, preload_content=False)
            response = connection.getresponse()
            return response.status, _retry_after(response.headers.get("Retry-After"))
    finally:
        connection.close()


def _connection(target: Target) -> HTTPConnection:
    """A connection to the checked address; the certificate is that of the host's name."""
    if target.scheme == "http":
        return HTTPConnection(target.address, target.port, timeout=WITHIN_S)
    return HTTPSConnection(
        target.address,
        target.port,
        timeout=WITHIN_S,
        cert_reqs="CERT_REQUIRED",
        assert_hostname=target.host,
        server_hostname=target.host,
    )


@contextmanager
def _deadline(connection: HTTPConnection) -> Iterator[None]:
    """Cut the connection when it takes too long: a receiver may answer a byte at a time."""

    def cut() -> None:
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(WITHIN_S, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _retry_after(header: str | None) -> float:
    """Seconds, of a header that gives seconds or a date; 0 without one that can be read."""
    if header is None:
        return 0.0
    try:
        seconds = urllib3.Retry().parse_retry_after(header)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_S)


def _why(error: Exception) -> str:
    """The reason in a few words; an error's own text may hold the URL."""
    known = {
        "NewConnectionError": "nobody answers there",
        "ConnectTimeoutError": f"no connection within {WITHIN_S:.0f} s",
        "TimeoutError": f"no answer within {WITHIN_S:.0f} s",
        "ReadTimeoutError": f"no answer within {WITHIN_S:.0f} s",
        "RemoteDisconnected": "the connection was cut before an answer",
        "SSLCertVerificationError": "its certificate cannot be verified",
    }
    return known.get(type(error).__name__, type(error).__name__)
