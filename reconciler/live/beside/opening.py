"""Opening a product with the store that an address names beside it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from msgspec import Struct

from reconciler.errors import InvalidError
from reconciler.live.beside.platform import BesidePlatform
from reconciler.live.embedded.opening import Place, opened
from reconciler.live.http.transport import host_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from reconciler.live.beside.product import Product
    from reconciler.live.port import Platform

STORE: Final = "store"
_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}")
_DATABASES: Final = ("sqlite:///", "postgresql://")


@contextmanager
def open_beside(
    product: Product, store: str, *, root: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Platform]:
    """Open the platform of a product, and close its store at the end of the block.

    `store` is the address of a database, as `platform` would name it; a file that is not there is created,
    and so are the tables of an empty database. `clock` says when something was found that nobody told us of.

    Raises `InvalidError` for an address that names no database.
    """
    if not store.startswith(_DATABASES):
        raise InvalidError(
            f"there is no store at {store!r}", hint="Write store=sqlite:///packages.db, or postgresql://…"
        )
    with opened(store, Place(root), creates=True) as database:
        yield BesidePlatform(product, database, clock)


class Address(Struct, frozen=True):
    """Where a product is, and its store.

    Attributes:
        base: The product's own address, without a query.
        stated: What the query states beside `store`, and the defaults of what it does not.
    """

    base: str
    store: str
    stated: Mapping[str, str]


def address_of(url: str, defaults: Mapping[str, str]) -> Address:
    """Take apart `NAME+https://HOST/PATH?store=DATABASE`; the query may state what there are defaults for.

    Raises `InvalidError` where it is no such address, or would send a token unencrypted.
    """
    _, _, web = url.partition("+")
    parts = urlsplit(web)
    base = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
    stated = {**defaults, **dict(parse_qsl(parts.query, keep_blank_values=True))}
    store = stated.pop(STORE, "")
    host = host_in(base)
    is_sound = stated.keys() == defaults.keys() and all(map(_NAME.fullmatch, stated.values()))
    if host is None or not store or not is_sound or (parts.scheme == "http" and not host.is_here):
        raise InvalidError(
            f"there is no platform at {url!r}",
            hint=f"Write https:// and a host, and ?{STORE}=sqlite:///packages.db with or without "
            f"{' and '.join(defaults)}, in letters, digits, `_` and `-`.",
        )
    return Address(base, store, stated)
