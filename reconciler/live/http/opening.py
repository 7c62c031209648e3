"""Opening a platform behind an address."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import InvalidError
from reconciler.live.http.exchange import Limits
from reconciler.live.http.platform import HttpPlatform
from reconciler.live.http.session import Session
from reconciler.live.http.transport import Transport, host_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.hosts import Host


@contextmanager
def open_http(url: str, *, token: str | None, limits: Limits | None = None) -> Iterator[HttpPlatform]:
    """Open the platform at an address, and close the connections at the end of the block.

    Raises `InvalidError` for an address that cannot be one, or that would send a token unencrypted.
    """
    host = host_of(url)
    if token is not None and url.startswith("http:") and not host.is_here:
        raise InvalidError(
            f"a token is not sent to {host} unencrypted", hint="Write https:// instead of http://."
        )
    transport = Transport(url, token)
    try:
        yield HttpPlatform(Session(url, transport, limits or Limits()))
    finally:
        transport.close()


def host_of(url: str) -> Host:
    """Return the host that a token is sent to; raises `InvalidError` for an address that cannot be one."""
    host = host_in(url)
    if host is None:
        raise InvalidError(
            "the platform's address is none",
            hint="Write https:// with a host, and a port where it needs one.",
        )
    return host
