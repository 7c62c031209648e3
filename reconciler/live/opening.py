"""Opening a platform by its URL."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from os import O_CREAT, O_EXCL, O_RDWR, close
from os import open as os_open
from typing import TYPE_CHECKING, Final

from reconciler.errors import InvalidError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

_SQLITE: Final = "sqlite:///"
_STATE_FOLDER: Final = ".reconciler"
_HINT: Final = "Write `sqlite:///` and a path, such as sqlite:///.reconciler/platform.db."


@contextmanager
def open_platform(url: str, *, root: Path, token: str | None = None) -> Iterator[Platform]:
    """Open the platform at `url`, and close it at the end.

    A path after `sqlite:///` counts from `root` unless it is absolute; a file that is not there is created,
    and brought up to date where it is of an older version. An embedded platform needs no `token`.

    Raises `InvalidError` for a URL that names no platform, `UnreachableError` where it cannot be used.
    """
    del token
    if not url.startswith(_SQLITE) or url == _SQLITE or "\0" in url:
        scheme = url.partition(":")[0]
        raise InvalidError(f"there is no platform for the URL scheme `{scheme}`: {url}", hint=_HINT)
    path = root / url.removeprefix(_SQLITE)
    _create(path)
    # Imported here, since SQLAlchemy is slow to import and most commands open no platform.
    from reconciler.live.embedded import EmbeddedPlatform  # noqa: PLC0415
    from reconciler.store.database import Database  # noqa: PLC0415
    from reconciler.store.schema import bring_up_to_date  # noqa: PLC0415

    database = Database(path)
    try:
        bring_up_to_date(database)
        yield EmbeddedPlatform(database)
    finally:
        database.close()


def _create(path: Path) -> None:
    """Create the file, for its owner only since it holds addresses, and the folder that it is in."""
    try:
        path.parent.mkdir(exist_ok=True)
        if path.parent.name == _STATE_FOLDER:
            _ignore_in_git(path.parent / ".gitignore")
        with suppress(FileExistsError):
            close(os_open(path, O_CREAT | O_EXCL | O_RDWR, 0o600))
        is_file = path.is_file()
    except OSError as error:
        raise UnreachableError(
            f"the platform's file {path} cannot be created: {error.strerror}",
            hint="Check that its folder exists and can be written.",
        ) from error
    if not is_file:
        raise UnreachableError(
            f"{path} is not a file", hint="Name a file under `platform` in reconciler.yaml."
        )


def _ignore_in_git(path: Path) -> None:
    if not path.exists():
        path.write_text("*\n", encoding="utf-8")
