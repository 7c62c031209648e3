"""Packages that grant the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.packages import DesiredPackage


def alike_problems(sold: Mapping[str, DesiredPackage]) -> Iterator[tuple[str, Problem]]:
    """Name each package that grants exactly what an earlier one does to the same clients."""
    first: dict[object, str] = {}
    for key, package in sold.items():
        content = package.definition
        granted = (
            content.features,
            tuple(content.amounts.items()),
            content.expiry,
            content.allowed_emails,
        )
        earlier = first.setdefault(granted, key)
        if earlier != key:
            message = f"it grants exactly what `{earlier}` does"
            yield (
                package.file,
                Problem(("title",), "alike-packages", message, "let them differ, or archive one"),
            )
