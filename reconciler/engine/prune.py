"""`fmt --prune`: acknowledgements that no environment needs any longer, taken out of the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.edits import FileEdit
from reconciler.planning.acknowledgements import is_spent, known_of
from reconciler.sources.files import read_any
from reconciler.sources.package_text import without_acknowledgements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.packages import Acknowledgement, DesiredPackage
    from reconciler.model.settings import Environment
    from reconciler.sources.workspace import Workspace


def prune(
    workspace: Workspace,
    opened: Callable[[Environment], AbstractContextManager[PlatformReader]],
    at: datetime,
) -> tuple[FileEdit, ...]:
    """Return the edits that take out what is spent in every environment; nothing is written.

    Raises what a platform raises: while one of them does not answer, it may need each entry.
    """
    environments = workspace.settings.environments.values()
    stated = {
        (key, number)
        for key, package in workspace.packages.items()
        for number in range(len(package.acknowledgements))
    }
    for environment in environments:
        with opened(environment) as reader:
            stated &= set(_spent(workspace, reader, at))
    numbers: dict[str, set[int]] = {}
    for key, number in stated if environments else ():
        numbers.setdefault(key, set()).add(number)
    edits = (_pruned(workspace, workspace.packages[key], gone) for key, gone in sorted(numbers.items()))
    return tuple(edits)


def _spent(workspace: Workspace, reader: PlatformReader, at: datetime) -> Iterator[tuple[str, int]]:
    known = {(each.entry.package, each.entry.verb, each.entry.term): each for each in reader.acknowledged(at)}
    for key, number, entry in _entries(workspace.packages.values()):
        if is_spent(entry, known_of(key, entry, workspace.catalog, known)):
            yield key, number


def _entries(packages: Iterable[DesiredPackage]) -> Iterator[tuple[str, int, Acknowledgement]]:
    for package in packages:
        for number, entry in enumerate(package.acknowledgements):
            yield package.key, number, entry


def _pruned(workspace: Workspace, package: DesiredPackage, gone: set[int]) -> FileEdit:
    content = read_any(f"{workspace.root}/{package.file}", str(workspace.root.resolve()))
    return FileEdit(package.file, content, without_acknowledgements(content, gone).encode())
