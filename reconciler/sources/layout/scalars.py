"""How a value is written: plain where every YAML reader agrees on what it is, else quoted."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.sources.layout.tree import Scalar

_PLAIN: Final = re.compile(r"[\w(/](?:[^\n\t:#]|:(?=\S)|(?<=\S)#)*\Z")
_IN_FLOW: Final = re.compile(r"[,\[\]{}]")
_NOT_TEXT_SOMEWHERE: Final = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null)\Z|[0-9][0-9a-fA-FxXoObBeE_:.,+TtZz -]*\Z"
)
"""What some YAML reader, of any version, takes for something else than text."""


def rewritten(scalar: Scalar, *, in_flow: bool) -> str:
    """Return the canonical text of a single line: quotes only where they are needed, and double ones first.

    A text that somebody left unquoted stays so.
    """
    if not scalar.style and scalar.source and "\n" not in scalar.source:
        return scalar.source
    return written(scalar.value, in_flow=in_flow)


def written(value: str | int | bool, *, in_flow: bool, quote: str = "") -> str:  # noqa: FBT001 - a value
    """Return the text of a value on one line.

    Args:
        value: What to write.
        in_flow: Whether it stands in brackets or braces.
        quote: The quotes to use if the value is text; empty: only where they are needed.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not quote and is_plain(value, in_flow=in_flow):
        return value
    if not value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    if quote == "'" or '"' in value or "\\" in value:
        return "'" + value.replace("'", "''") + "'"
    return f'"{value}"'


def is_plain(text: str, *, in_flow: bool) -> bool:
    """Whether every YAML reader takes the unquoted text for this text."""
    if not _PLAIN.match(text) or text.endswith(" ") or not text.isprintable():
        return False
    return not _NOT_TEXT_SOMEWHERE.match(text) and not (in_flow and _IN_FLOW.search(text))
