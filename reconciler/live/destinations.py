"""Where a secret goes when a platform is opened: the hosts that would see it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from reconciler.errors import InvalidError
from reconciler.live.opening import DATABASES, WEB, scheme_of
from reconciler.model.hosts import Host

if TYPE_CHECKING:
    from collections.abc import Iterable


def strangers(url: str, named: Iterable[str]) -> tuple[Host, ...]:
    """Return the hosts that opening `url` shows a secret to, but this machine and those that are `named`.

    Names are read by what will connect, with the scheme of the URL, so that both sides mean the same: a port
    counts, and its scheme's usual one need not be stated. For a scheme that a plug-in adds, all that follows
    `://` is the name, since only the plug-in knows what in it is a host; but for one that ends in `+https` or
    `+http`, which has a host as a web address does, and the database that `store` names beside it.

    Raises `InvalidError` for a URL that names no platform.
    """
    scheme = scheme_of(url)
    known = {host for name in named for host in _read(f"{scheme}://{name}")}
    return tuple(host for host in destinations(url) if not host.is_here and host not in known)


def destinations(url: str) -> tuple[Host, ...]:
    """Return the hosts that opening `url` shows a secret to; a file and a local socket have none."""
    scheme = scheme_of(url)
    if scheme.rpartition("+")[2] in WEB:
        from reconciler.live.http import host_of  # noqa: PLC0415 - httpcore is slow to import

        if "+" not in scheme:
            return (host_of(url),)
        store = store_of(url)
        beside = destinations(store) if store else ()
        return (host_of(url.partition("+")[2].partition("?")[0]), *beside)
    if scheme in DATABASES:
        from reconciler.live.embedded.opening import hosts_of  # noqa: PLC0415 - SQLAlchemy is slow

        return hosts_of(url)
    return (Host(url.partition("://")[2]),)


def store_of(url: str) -> str | None:
    """Return the database that the address of a product names as its store; None where it names none."""
    scheme, _, rest = url.partition("://")
    return dict(parse_qsl(rest.partition("?")[2])).get("store") if "+" in scheme else None


def _read(url: str) -> tuple[Host, ...]:
    """Read a name; one that this scheme cannot have names nothing."""
    try:
        return destinations(url)
    except InvalidError:
        return ()
