"""SARIF 2.1.0, which code scanning reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from reconciler.model.plans import Source
from reconciler.render.checks.remarks import NO_FILE, Level, Remark
from reconciler.render.story.words import clipped

if TYPE_CHECKING:
    from collections.abc import Sequence

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
