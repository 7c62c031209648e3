"""Findings as one document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.render.json.values import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding


def findings_json(findings: Sequence[Finding]) -> str:
    """Return the findings in order, and their counts."""
    errors = sum(finding.severity == "error" for finding in findings)
    summary = {
        "errors": errors,
        "warnings": len(findings) - errors,
        "files": len({finding.file for finding in findings}),
    }
    return line({"findings": [finding_document(finding) for finding in sorted(findings)], "summary": summary})


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "file": finding.file,
        "line": finding.position.line,
        "column": finding.position.column,
        "rule": finding.rule,
        "message": finding.message,
        "fix": finding.fix,
        "severity": finding.severity,
    }
