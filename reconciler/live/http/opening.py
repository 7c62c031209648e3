"""Opening a platform behind an address."""

from __future__ import annotations

from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.errors import InvalidError
from reconciler.live.http.exchange import Limits
from reconciler.live.http.platform import HttpPlatform
from reconciler.live.http.session import Session
from reconciler.live.http.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def open_http(url: str, *, token: str | None, limits: Limits | None = None) -> Iterator[HttpPlatform]:
    """Open the platform at an address, and close the connections at the end of the block.

    Raises `InvalidError` for an address that cannot be one, or that would send a token unencrypted.
    """
    _require_address(url, has_token=token is not None)
    transport = Transport(url, token)
    try:
        yield HttpPlatform(Session(url, transport, limits or Limits()))
    finally:
        transport.close()


def _require_address(url: str, *, has_token: bool) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_address = bool(host) and parts.port != 0
    except ValueError:
        host, is_address, parts = "", False, urlsplit("")
    if not is_address or parts.query or parts.fragment or parts.username or parts.password:
        raise InvalidError(
            "the platform's address is none",
            hint="Write https:// with a host, and a port where it needs one.",
        )
    if parts.scheme == "http" and has_token and not _is_here(host):
        raise InvalidError(
            f"a token is not sent to {host} unencrypted", hint="Write https:// instead of http://."
        )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
