"""`validate`: all findings and advice about the files, and safe repairs of some that are not valid."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reconciler.model.edits import FileEdit
from reconciler.sources.documents import read_faults
from reconciler.sources.files import RefusedFileError, read_linked
from reconciler.sources.workspace import located
from reconciler.validation.lint import lint_problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from reconciler.model.findings import Finding
    from reconciler.sources.workspace import Workspace


def lint(workspace: Workspace) -> tuple[Finding, ...]:
    """Return all that validation found and all advice, without the warnings that are turned off; sorted.

    Advice looks at all packages beside one another, so that none is given while one of them is invalid.
    """
    if workspace.errors:
        return workspace.findings
    problems = lint_problems(workspace.packages, workspace.catalog, workspace.settings)
    advice = located(workspace.root, problems)
    off = workspace.settings.lint.off
    found = (*workspace.findings, *advice)
    return tuple(sorted(each for each in found if each.severity == "error" or each.rule not in off))


def repairs(workspace: Workspace, today: date) -> tuple[FileEdit, ...]:
    """Return the edits of package files that are safe: what they make the file say was meant beyond doubt."""
    return tuple(_repairs(workspace, today))


def _repairs(workspace: Workspace, today: date) -> Iterator[FileEdit]:
    from reconciler.sources.layout.repair import repaired  # noqa: PLC0415  # 4 ms, for `--fix` only

    for file in workspace.package_files:
        try:
            content = read_linked(f"{workspace.root}/{file}", os.path.realpath(workspace.root))
        except RefusedFileError:
            continue
        after = content if read_faults(file, content) else repaired(content, today)
        if after != content:
            yield FileEdit(file, content, after)
