"""Opening a platform by its URL."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from msgspec import Struct

from reconciler.errors import InvalidError
from reconciler.model.settings import TRUST_OF_SYSTEM, Trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import Platform, ServedPlatform, TokenRegister
    from reconciler.model.settings import Guards
    from reconciler.store.schema import Form

PLUG_INS: Final = "reconciler.platforms"
"""The group of entry points that add URL schemes: the scheme's name, and a callable like `Opener`."""

DATABASES: Final = ("sqlite", "postgresql")
WEB: Final = ("http", "https")
_HINT: Final = (
    "Write sqlite:/// and a path, postgresql://user@host/database, or https:// and the address of a server; "
    "other schemes need a package that adds them."
)


class Address(Struct, frozen=True):
    """Where a platform is; `token` is the password of a database."""

    url: str
    token: str | None = None


Seen: TypeAlias = "Callable[[str, int, int | None], None]"
"""Told a name, how much is done, and of how much, where that is known."""


def _unseen(_name: str, _done: int, _total: int | None) -> None:
    pass


class Opener(Protocol):
    """What an entry point gives: `url` as written, paths in it from `root`, `token` from `token_env`."""

    def __call__(self, url: str, *, root: Path, token: str | None) -> AbstractContextManager[Platform]:
        """Open the platform, and close it at the end of the block."""
        ...


def open_platform(
    url: str, *, root: Path, token: str | None = None, trust: Trust = TRUST_OF_SYSTEM
) -> AbstractContextManager[Platform]:
    """Open the platform at `url`, and close it at the end of the block.

    A path after `sqlite:///` counts from `root` unless it is absolute; a file that is not there is created.
    A file of an older version is brought up to date, a server's database is not. `token` is the bearer's
    token of a server, or the password of a database. `trust` counts for servers over https.

    Raises `InvalidError` for a URL that names no platform, `UnreachableError` where it cannot be used.
    """
    scheme = scheme_of(url)
    if scheme in DATABASES:
        return _embedded(url, root, token)
    if scheme in WEB:
        from reconciler.live.http import open_http  # noqa: PLC0415 - httpcore is slow to import

        return open_http(url, token=token, trust=trust)
    return _plug_in(scheme)(url, root=root, token=token)


@contextmanager
def open_served(
    url: str,
    *,
    root: Path,
    token: str | None = None,
    program: Form | None = None,
    floor: Guards | None = None,
) -> Iterator[tuple[ServedPlatform, TokenRegister]]:
    """Open a platform that this process can serve, with its tokens; only databases are such.

    `program` is what forms of the tables this one can use, where it is to be taken for an older one; `floor`
    are guards that hold beside those of applies.
    """
    _require_database(url)
    from reconciler.live.embedded import EmbeddedPlatform, EmbeddedTokens  # noqa: PLC0415 - SQLAlchemy is slow
    from reconciler.live.embedded.opening import Place, opened  # noqa: PLC0415 - the same

    place = Place(root, token) if program is None else Place(root, token, program)
    with opened(url, place) as database:
        yield EmbeddedPlatform(database, floor), EmbeddedTokens(database)


def migrate_platform(address: Address, *, root: Path, check: bool = False) -> tuple[str | None, str]:
    """Create a database's tables, or bring them to the newest form; return the form before, and that one.

    With `check` nothing is written. Raises `UnreachableError` for a database of a newer program.
    """
    _require_database(address.url)
    from reconciler.live.embedded.opening import Place, migrated  # noqa: PLC0415 - SQLAlchemy is slow

    return migrated(address.url, Place(root, address.token), check=check)


def copy_platform(source: Address, target: Address, *, root: Path, seen: Seen = _unseen) -> dict[str, int]:
    """Copy one database's platform into another, new one, and return how many rows each table had.

    All or nothing, and verified by digest. Writers to the source wait or fail meanwhile on SQLite, and are
    not seen on PostgreSQL. `seen` is told how many rows of how many of each table are copied. Raises
    `BlockedError` where the target is in use.
    """
    for address in (source, target):
        _require_database(address.url)
    from reconciler.live.embedded.opening import Place, opened  # noqa: PLC0415 - SQLAlchemy is slow
    from reconciler.store.copying import copy_all  # noqa: PLC0415 - the same

    with (
        opened(source.url, Place(root, source.token)) as old,
        opened(target.url, Place(root, target.token), creates=True) as new,
        old.reading() as reading,
        new.writing() as writing,
    ):
        return copy_all(reading, writing, seen)


def adopt_platform(address: Address, *, root: Path) -> str:
    """Give a copy of a platform a lineage of its own, and return it: no plan fits both any more."""
    _require_database(address.url)
    from reconciler.live.embedded.opening import Place, opened  # noqa: PLC0415 - SQLAlchemy is slow
    from reconciler.store.meta import mint_lineage  # noqa: PLC0415 - the same

    with (
        opened(address.url, Place(root, address.token)) as database,
        database.writing() as connection,
    ):
        return mint_lineage(connection)


def _require_database(url: str) -> None:
    if scheme_of(url) not in DATABASES:
        raise InvalidError(
            f"only a database can be served, migrated, copied or adopted, and its tokens managed, "
            f"not {scheme_of(url)}://",
            hint="Name a sqlite:/// or postgresql:// platform.",
        )


@contextmanager
def _embedded(url: str, root: Path, token: str | None) -> Iterator[Platform]:
    with open_served(url, root=root, token=token) as (platform, _):
        yield platform


def scheme_of(url: str) -> str:
    """Return how the platform at `url` is reached; raises `InvalidError` for a URL that names none."""
    scheme, separator, rest = url.partition("://")
    if not separator or "\0" in url or (scheme == "sqlite" and (not rest.startswith("/") or rest == "/")):
        raise InvalidError(f"there is no platform at {url!r}", hint=_HINT)
    return scheme


def _plug_in(scheme: str) -> Opener:
    found = entry_points(group=PLUG_INS, name=scheme)
    if not found:
        raise InvalidError(f"there is no platform for the URL scheme `{scheme}`", hint=_HINT)
    return cast("Opener", next(iter(found)).load())
