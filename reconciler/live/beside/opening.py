"""Opening a product with the store that an address names beside it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from reconciler.errors import InvalidError
from reconciler.live.beside.platform import BesidePlatform
from reconciler.live.embedded.opening import Place, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from reconciler.live.beside.product import Product
    from reconciler.live.port import Platform

STORE: Final = "store"
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


def parameters_of(url: str) -> Mapping[str, str]:
    """Return what the query of an address states; a parameter that is repeated counts as its last one."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
