"""What is wrong with the files, as a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.english import counted
from reconciler.render.markdown.escape import escape
from reconciler.render.markdown.pieces import Piece, fitted
from reconciler.render.markdown.plan import COMMENT_LIMIT
from reconciler.render.story.words import key, prose, words, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding

_HEADING = "\n| Severity | Place | Rule | Finding |\n|---|---|---|---|\n"


def findings_markdown(findings: Sequence[Finding], *, limit: int = COMMENT_LIMIT) -> str:
    """Return the findings in at most `limit` bytes of UTF-8; errors are the last to be left out."""
    if not findings:
        return "✅ **The package files are valid.**\n"
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    verdict = (
        "⛔ **The package files are invalid:**" if errors else "🟡 **The package files are valid,** with"
    )
    head = f"{verdict} {counted(errors, 'error')}, {counted(warnings, 'warning')}.\n{_HEADING}"
    rows = [Piece(_row(each), "findings", 1 if each.severity == "error" else 2) for each in findings]
    return fitted([Piece(head), *rows], limit)


def _row(finding: Finding) -> str:
    sign = "🔴" if finding.severity == "error" else "🟠"
    place = f"{finding.file}:{finding.position.line}:{finding.position.column}"
    message = "; ".join(part for part in (finding.message, finding.fix) if part)
    row = words(
        f"| {sign}\u00a0{finding.severity} | ",
        key(place),
        " | ",
        key(finding.rule),
        " | ",
        prose(message),
        " |\n",
    )
    return written(row, escape)
