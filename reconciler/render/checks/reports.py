"""What build servers show beside the lines of a change, or as a list of tests.

SARIF 2.1.0 is read by code scanning, JUnit XML by most, code quality and the plan widget by GitLab. The
syntax of GitHub's annotations, and its cap of ten per level and step, are those of its documentation on
workflow commands and on annotation limits.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

from reconciler.model.english import counted
from reconciler.model.plans import Source
from reconciler.render.checks.remarks import NO_FILE, Level, Remark
from reconciler.render.sanitise import disarm
from reconciler.render.story.words import clipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.plans import Plan

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


def junit(remarks: Sequence[Remark], passed: Iterable[str], suite: str) -> str:
    """Return a test per remark, failed where it is an error, and a passed one per name in `passed`."""
    errors = sum(remark.level is Level.ERROR for remark in remarks)
    names = list(passed)
    counts = {"tests": str(len(remarks) + len(names)), "failures": str(errors), "errors": "0"}
    root = ET.Element("testsuites", {"name": "reconciler", **counts})
    suite_element = ET.SubElement(root, "testsuite", {"name": suite, "skipped": "0", **counts})
    for remark in remarks:
        _test(suite_element, remark)
    for name in names:
        ET.SubElement(suite_element, "testcase", {"classname": suite, "name": _writable(name)})
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _test(suite: ET.Element, remark: Remark) -> None:
    place = f"{remark.source.file}:{remark.source.line}" if remark.source else "plan"
    name = _writable(f"{place} {remark.title}")
    attributes = {"classname": _writable(remark.rule), "name": name}
    if remark.source:
        attributes |= {"file": _writable(remark.source.file), "line": str(remark.source.line)}
    test = ET.SubElement(suite, "testcase", attributes)
    if remark.figures:
        properties = ET.SubElement(test, "properties")
        for figure, count in remark.figures.items():
            ET.SubElement(properties, "property", {"name": figure, "value": str(count)})
    if remark.level is Level.ERROR:
        failure = {"type": _writable(remark.rule), "message": _writable(remark.title)}
        ET.SubElement(test, "failure", failure).text = _writable(remark.message)
    else:
        ET.SubElement(test, "system-out").text = _writable(remark.message)


def _writable(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)


_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "note"}
_LONGEST: Final = 1000
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})
"""Brackets would make links (SARIF 3.11.6), braces placeholders (3.11.5)."""


def sarif(remarks: Sequence[Remark], version: str) -> str:
    """Return one run with one result per remark; `version` is this program's."""
    rules = sorted({remark.rule for remark in remarks})
    run = {
        "tool": {
            "driver": {"name": "reconciler", "version": version, "rules": [_rule(each) for each in rules]}
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(remark, rules.index(remark.rule)) for remark in remarks],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    return {"id": rule, "shortDescription": {"text": rule.replace("-", " ").replace("_", " ")}}


def _result(remark: Remark, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": remark.rule,
        "ruleIndex": rule,
        "level": _LEVELS[remark.level],
        "message": {"text": clipped(remark.message, _LONGEST).translate(_ESCAPES)},
        "locations": [_location(remark.source)],
        "partialFingerprints": {"reconciler/v1": remark.fingerprint},
    }
    if remark.figures:
        result["properties"] = dict(remark.figures)
    return result


def _location(source: Source | None) -> dict[str, Any]:
    """Return the place; code scanning takes no result without one."""
    place = source or Source(file=NO_FILE)
    region = {"startLine": place.line, "startColumn": place.column}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(place.file)}, "region": region}}


_COMMANDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "notice"}
_PER_LEVEL: Final = 10
_IN_MESSAGE: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def github(remarks: Iterable[Remark]) -> str:
    """Return a command per line, worst first, at most ten of a level; the last says what is left out."""
    return "".join(f"{line}\n" for line in _lines(sorted(remarks, key=lambda remark: remark.level)))


def _lines(remarks: list[Remark]) -> Iterator[str]:
    for level, group in groupby(remarks, key=lambda remark: remark.level):
        of_level = list(group)
        is_over = len(of_level) > _PER_LEVEL
        shown = of_level[: _PER_LEVEL - 1] if is_over else of_level
        yield from (_command(remark) for remark in shown)
        if is_over:
            left_out = counted(len(of_level) - len(shown), f"more {_COMMANDS[level]}")
            yield f"::{_COMMANDS[level]} title=reconciler::There is room for ten: {left_out} left out here."


def _command(remark: Remark) -> str:
    properties = {"title": remark.title}
    if remark.source:
        place = remark.source
        properties = {"file": place.file, "line": str(place.line), "col": str(place.column), **properties}
    stated = ",".join(f"{name}={_part(value, _IN_PROPERTY)}" for name, value in properties.items())
    return f"::{_COMMANDS[remark.level]} {stated}::{_part(remark.message, _IN_MESSAGE)}"


def _part(text: str, escapes: Mapping[int, str]) -> str:
    return disarm(text).translate(escapes)


_SEVERITIES: Final = {Level.ERROR: "blocker", Level.WARNING: "major", Level.NOTICE: "info"}


def code_quality(remarks: Iterable[Remark]) -> str:
    """Return the code quality report; what no file is to blame for is shown at the configuration."""
    return json.dumps([_issue(remark) for remark in remarks], ensure_ascii=False, indent=2) + "\n"


def plan_widget(plan: Plan) -> str:
    """Return the counts that a merge request's widget for plans reads (`reports: terraform`)."""
    counts = plan.summary
    changed = counts.update + counts.restore + counts.rename + counts.reassign
    return json.dumps({"create": counts.create, "update": changed, "delete": counts.archive}) + "\n"


def _issue(remark: Remark) -> dict[str, Any]:
    source = remark.source
    return {
        "description": remark.message,
        "check_name": remark.rule,
        "fingerprint": remark.fingerprint,
        "severity": _SEVERITIES[remark.level],
        "location": {
            "path": source.file if source else NO_FILE,
            "lines": {"begin": source.line if source else 1},
        },
    }
