"""A package that somebody named: there, or what was meant, or what to do first."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from reconciler.errors import WrongUsageError
from reconciler.sources.files import RefusedFileError, list_packages
from reconciler.sources.settings import required_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from reconciler.live.port import PlatformReader
    from reconciler.model.packages import PackageHead


def require_package(reader: PlatformReader, key: str, config: Path) -> None:
    """Raise `WrongUsageError` where the platform has no such package.

    Its hint names the file that has the key and was not applied yet, else keys that come near: a title, and
    a key in capitals, is told from none.
    """
    if reader.package(key) is None:
        heads = reader.packages()
        waiting = _file_of(key.casefold(), config, {head.key for head in heads})
        near = _near(key, heads)
        hint = f"{waiting} is there, and not applied yet: `reconciler apply` does." if waiting else near
        raise WrongUsageError(f"The platform has no package `{key}`.", hint=hint)


def _file_of(key: str, config: Path, applied: Collection[str]) -> str | None:
    try:
        files = list_packages(str(config.absolute().parent), required_settings(config).packages).files
    except RefusedFileError:
        return None
    waiting = (file for file in files if PurePosixPath(file).stem == key and key not in applied)
    return next(waiting, None)


def _near(key: str, heads: Iterable[PackageHead]) -> str:
    names = {name: head.key for head in heads for name in (head.title.casefold(), head.key)}
    close = dict.fromkeys(names[each] for each in get_close_matches(key.casefold(), names, n=3))
    if close:
        return f"Did you mean {' or '.join(f'`{each}`' for each in close)}?"
    return (
        "`reconciler packages list` lists those that it has." if names else "It has none: apply some first."
    )
