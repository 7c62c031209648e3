"""Findings, each beginning with its place, and edits of files, as names or lines of difference."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Final

from reconciler.model.english import counted
from reconciler.render.story.words import Span, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.edits import FileEdit
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


_TONES: Final = {"+": Tone.GOOD, "-": Tone.ALARM, "@": Tone.HINT}


def edit_lines(edits: Iterable[FileEdit], paper: Paper) -> Iterator[str]:
    """Yield each file's path on a line of its own, so that another program can take them."""
    yield from (paper.paint(edit.file) for edit in edits)


def diff_lines(edits: Iterable[FileEdit], paper: Paper) -> Iterator[str]:
    """Yield a unified diff that `git apply` takes, as far as nothing in it had to be made visible."""
    for edit in edits:
        before = "/dev/null" if edit.before is None else f"a/{edit.file}"
        for line in unified_diff(
            _lines(edit.before), _lines(edit.after), before, f"b/{edit.file}", lineterm=""
        ):
            tone = Tone.STRONG if line.startswith(("+++", "---")) else _TONES.get(line[0], Tone.PLAIN)
            yield paper.paint(Span(line, tone))


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode(errors="replace").splitlines()
