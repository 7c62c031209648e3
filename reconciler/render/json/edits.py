"""Edits of files as one document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.json.findings import finding_document
from reconciler.render.json.values import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.edits import FileEdit
    from reconciler.model.findings import Finding


def edits_json(edits: Sequence[FileEdit], findings: Sequence[Finding] = ()) -> str:
    """Return which files are created or changed, and the findings."""
    files = [{"file": edit.file, "change": "create" if edit.before is None else "change"} for edit in edits]
    return line({"edits": files, "findings": [finding_document(finding) for finding in findings]})
