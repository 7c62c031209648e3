"""What packages mean beside one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.validation.problems import Problem
from reconciler.validation.titles import repeated_titles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.packages import DesiredPackage


def collection_problems(packages: Mapping[str, DesiredPackage]) -> Iterator[tuple[str, Problem]]:
    """Judge all packages together; yields the key of the package concerned with each problem."""
    titles = {key: package.definition.title for key, package in packages.items() if not package.archived}
    for key, first in repeated_titles(titles):
        message = f"{packages[first].file} has the title `{titles[key]}` already"
        yield key, Problem(("title",), "duplicate-title", message, "choose another title")
    yield from _rename_problems(packages)


def _rename_problems(packages: Mapping[str, DesiredPackage]) -> Iterator[tuple[str, Problem]]:
    heirs: dict[str, str] = {}
    for key, package in packages.items():
        old = package.renamed_from
        if old is None or old == key:
            continue
        if old in packages:
            message = f"`{old}` has its own file, {packages[old].file}"
            fix = "delete that file, or take `renamed_from` out"
            yield key, Problem(("renamed_from",), "rename-source-exists", message, fix)
        first = heirs.setdefault(old, key)
        if first != key:
            message = f"{packages[first].file} is renamed from `{old}` already"
            yield key, Problem(("renamed_from",), "duplicate-rename", message, "keep one of them")
