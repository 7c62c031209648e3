"""Findings, grouped by file: each begins with its place, so that it can be searched and clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.english import counted
from reconciler.render.story.words import Span, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.findings import Finding
    from reconciler.render.text.style import Paper

_FIX_INDENT = 4


def finding_lines(findings: Sequence[Finding], paper: Paper) -> Iterator[str]:
    """Yield the findings in order, with an empty line between files, and no count."""
    file = None
    for finding in sorted(findings):
        if file not in {None, finding.file}:
            yield ""
        file = finding.file
        yield from _finding(finding, paper)


def findings_text(findings: Sequence[Finding], paper: Paper) -> str:
    """Return the findings and a line that counts them."""
    return "\n".join([*finding_lines(findings, paper), "", *paper.lines([count_line(findings)])]) + "\n"


def count_line(findings: Sequence[Finding]) -> str:
    """Return how many errors and warnings there are, in how many files."""
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    files = len({finding.file for finding in findings})
    kinds = ((errors, "error"), (warnings, "warning"))
    said = " and ".join(counted(count, noun) for count, noun in kinds if count)
    return f"{said or 'No findings'} in {counted(files, 'file')}."


def _finding(finding: Finding, paper: Paper) -> Iterator[str]:
    place = f"{finding.file}:{finding.position.line}:{finding.position.column}"
    is_error = finding.severity == "error"
    rule = Span(finding.rule, Tone.ALARM if is_error else Tone.CAUTION)
    body: list[Span | str] = ["" if is_error else "warning: ", rule, " ", finding.message]
    yield from paper.lines(body, label=Span(place, Tone.STRONG), column=_FIX_INDENT)
    if finding.fix:
        yield from paper.lines([Span(finding.fix, Tone.QUIET)], indent=_FIX_INDENT)
