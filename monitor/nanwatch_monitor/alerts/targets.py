"""Where a webhook may go: the guard against requests to internal targets (SSRF).

A name is resolved once, every address is judged, and the connection goes to a judged address: what
the name says a moment later does not matter.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_OF_CLOUDS = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "168.63.129.16/32")))
"""Addresses of IPv4 that look public, at which clouds tell a machine its secrets."""
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
"""All global unicast addresses of IPv6; what translates to IPv4 or is local lies outside."""


class TargetError(Exception):
    """The target is not allowed, or cannot be found."""


@dataclass(frozen=True)
class Target:
    """A checked target.

    Attributes:
        address: the address to connect to.
        host: the name for the Host header and the certificate.
        path: with the query.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: str

    @property
    def host_header(self) -> str:
        """The Host header: the port is left out when it is the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _default_port(self.scheme) else f"{name}:{self.port}"


def checked(url: str, allowed: Iterable[str], plain: bool = True) -> Target:
    """The target of a URL.

    Args:
        allowed: host names, addresses and networks that may be internal.
        plain: whether http is good enough; hosts and addresses in `allowed` may do with it anyhow.

    Raises:
        TargetError: another scheme than http and https, an unknown name, or an internal address.
    """
    parts, host, port = split_url(url)
    words = tuple(allowed)
    address = _allowed_address(host, port, words)
    if parts.scheme == "http" and not (plain or _is_named(host, address, words)):
        raise TargetError("only https:// is allowed, or a host that NANWATCH_WEBHOOK_ALLOW names")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, address)


def split_url(url: str) -> tuple[SplitResult, str, int]:
    """The parts of a webhook's URL, its host in ASCII, and its port. Raises TargetError."""
    try:
        parts = urlsplit(url)
        port = parts.port or _default_port(parts.scheme)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError as error:
        raise TargetError("it is no URL with a host, and a port from 1 to 65535") from error
    if parts.scheme not in ("http", "https") or not host:
        raise TargetError("a webhook's URL begins with https:// or http:// and names a host")
    return parts, host, port


def is_internal(address: IpAddress) -> bool:
    """Whether an address is not one of the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_internal(address.ipv4_mapped)
        if address not in _PUBLIC_V6 or address.sixtofour or address.teredo:
            return True
    of_cloud = any(address in network for network in _OF_CLOUDS)
    return not address.is_global or address.is_multicast or of_cloud


def _allowed_address(host: str, port: int, allowed: tuple[str, ...]) -> str:
    addresses = _resolved(host, port)
    for address in addresses:
        if is_internal(address) and not _is_named(host, str(address), allowed):
            raise TargetError(
                f"{host[:80]} is the internal address {address}; "
                "name the host or its network in NANWATCH_WEBHOOK_ALLOW to let it through"
            )
    return str(addresses[0])


def _is_named(host: str, address: str, allowed: tuple[str, ...]) -> bool:
    """Whether an admin named the host, or a network that holds its address."""
    named = host.lower() in (word.lower() for word in allowed)
    return named or any(_holds(word, ipaddress.ip_address(address)) for word in allowed)


def _resolved(host: str, port: int) -> list[IpAddress]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetError(f"the webhook's host {host[:80]} is not known") from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _holds(word: str, address: IpAddress) -> bool:
    try:
        return address in ipaddress.ip_network(word, strict=False)
    except ValueError:
        return False


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
