"""JUnit XML, which most build servers show as a list of tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from reconciler.render.checks.remarks import Level, Remark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
