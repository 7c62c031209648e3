"""The desired state: configuration, catalog and packages, with every finding of every file at once."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from time import time_ns
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors import InvalidError
from reconciler.model.english import counted
from reconciler.model.packages import digest_of
from reconciler.sources.catalog_file import read_catalog
from reconciler.sources.documents import inspected, locate_problems
from reconciler.sources.files import RefusedFileError, digest_of_bytes, read_linked
from reconciler.sources.package_files import PackageFiles
from reconciler.sources.settings import read_settings
from reconciler.validation.configuration import protection_problems
from reconciler.validation.packages import collection_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from reconciler.model.catalog import Catalog
    from reconciler.model.findings import Finding, Position
    from reconciler.model.packages import DesiredPackage
    from reconciler.model.settings import Settings
    from reconciler.sources.cache import DocumentCache
    from reconciler.sources.settings import SettingsReading
    from reconciler.validation.problems import Problem


class Workspace(Struct, frozen=True):
    """Everything that the files say.

    Attributes:
        root: The configuration's folder.
        catalog: None where it could not be read.
        packages: By key, sorted; only those whose files are schema-valid.
        digests: `sha256:...` per file that was read, the configuration and the catalog included.
        package_files: Those that hold packages, whatever could be made of them.
        findings: Sorted by file and place.
    """

    root: Path
    settings: Settings
    catalog: Catalog | None
    packages: Mapping[str, DesiredPackage]
    digests: Mapping[str, str]
    findings: tuple[Finding, ...]
    package_files: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the files invalid."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def required(self) -> Workspace:
        """Return the workspace itself; raises `InvalidError` with all findings where there are errors."""
        if errors := self.errors:
            files = len({finding.file for finding in errors})
            raise InvalidError(
                f"The files are invalid: {counted(len(errors), 'error')} in {counted(files, 'file')}.",
                hint="Repair the files; `reconciler explain RULE` says more about a rule.",
                findings=self.findings,
            )
        return self


def read_workspace(
    config: Path,
    *,
    today: date,
    cache: bool = True,
    passing: Callable[[Sequence[str]], Iterable[str]] = iter,
    clock: Callable[[], int] = time_ns,
) -> Workspace:
    """Read everything that `config` ties together.

    Args:
        config: The configuration file.
        today: Judges whether acknowledgements are over.
        cache: Whether to remember parsed files in the user's cache folder.
        passing: Yields the paths of package files as they are given, while they are read.
        clock: Says, in nanoseconds from the epoch, when reading begins.

    Raises:
        InvalidError: The configuration cannot be read at all; all else is in the findings.
    """
    config = config.absolute()
    root = config.parent
    reading = read_settings(config)
    settings = reading.settings
    catalog = read_catalog(root, os.path.normpath(settings.catalog))
    files = PackageFiles(root, catalog.catalog, today)
    documents = _cache(root, clock(), digest_of(catalog.digests)) if cache else None
    with _uncollected():
        beside = {config.name, *catalog.digests}
        files.read(os.path.normpath(settings.packages), beside, passing, documents=documents)
    digests = {config.name: digest_of_bytes(reading.content), **catalog.digests, **files.digests}
    findings = [*reading.findings, *catalog.findings, *files.findings]
    findings += _beside_one_another(root, files.packages)
    findings += _unprotected(config.name, reading, files.packages)
    return Workspace(
        root=root,
        settings=settings,
        catalog=catalog.catalog,
        packages=dict(sorted(files.packages.items())),
        digests=dict(sorted(digests.items())),
        package_files=files.listed,
        findings=tuple(sorted(findings)),
    )


def _cache(root: Path, since: int, catalog: str) -> DocumentCache:
    from reconciler.sources.cache import DocumentCache  # noqa: PLC0415  # for those who want one

    return DocumentCache(str(root), since, catalog)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the search for reference cycles: reading makes none, and the search costs a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _beside_one_another(root: Path, packages: Mapping[str, DesiredPackage]) -> list[Finding]:
    return located(root, ((packages[key].file, problem) for key, problem in collection_problems(packages)))


def located(root: Path, problems: Iterable[tuple[str, Problem]]) -> list[Finding]:
    """Return problems, each with the file it is about, as findings at their places."""
    of_file: dict[str, list[Problem]] = {}
    for file, problem in problems:
        of_file.setdefault(file, []).append(problem)
    return [
        each for file, told in of_file.items() for each in locate_problems(file, _content(root, file), told)
    ]


def _unprotected(name: str, reading: SettingsReading, keys: Mapping[str, object]) -> list[Finding]:
    if reading.document is None:
        return []
    return locate_problems(name, reading.content, protection_problems(reading.document, keys))


def _content(root: Path, file: str) -> bytes:
    """Read a file again, to find places in it; empty where it is gone by now."""
    try:
        return read_linked(f"{root}/{file}", os.path.realpath(root))
    except RefusedFileError:
        return b""


def locate(workspace: Workspace, key: str) -> Mapping[str, Position]:
    """Return the places of the terms of one package's file, as `Term` writes them; empty where there is none.

    What stands in a list of features or a mapping of limits has a place of its own beside its section's.
    """
    package = workspace.packages.get(key)
    if package is None:
        return {}
    seen = inspected(_content(workspace.root, package.file))
    features = seen.document.get("features") if isinstance(seen.document, dict) else None
    listed = features if isinstance(features, list) else []
    places: dict[str, Position] = {}
    for path, place in seen.places.items():
        match path:
            case (str(name),):
                places[name] = place.key
            case ("limits", str(name)):
                places[f"limits/{name}"] = place.key
            case ("features", int(index)):
                places[f"features/{listed[index]}"] = place.value
            case _:
                pass
    return places
