"""From bytes to text: UTF-8 (a byte order mark is fine at the start), no invisible characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.model.findings import Position
from reconciler.sources.yaml import faults
from reconciler.sources.yaml.limits import LARGEST_FILE
from reconciler.sources.yaml.scalars import FORBIDDEN

if TYPE_CHECKING:
    from reconciler.sources.yaml.faults import Fault

_MOST_CHARACTERS_TOLD: Final = 20
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters, at which libyaml gives up."""


def text_of(content: bytes) -> tuple[str | None, tuple[Fault, ...]]:
    """Return the text, None where YAML cannot be read from it, and what is wrong with it."""
    if len(content) > LARGEST_FILE:
        message = f"the file has more than {LARGEST_FILE // 1024:,} KiB"
        return None, (faults.fault("file-too-large", (), Position(), message),)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return None, (_not_utf8(content, error.start),)
    body = text.removeprefix("\ufeff")
    found = tuple(_forbidden(body))
    return (None if _UNREADABLE.search(body) else text), found


def _not_utf8(content: bytes, offset: int) -> Fault:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return faults.fault("yaml-encoding", (), Position(), "the file is UTF-16, not UTF-8")
    before = content[:offset].decode().removeprefix("\ufeff")
    message = f"the byte 0x{content[offset]:02x} is not UTF-8"
    return faults.fault("yaml-encoding", (), _position_after(before), message)


def _forbidden(text: str) -> list[Fault]:
    found = []
    for match in FORBIDDEN.finditer(text):
        message = faults.forbidden_message(match[0])
        position = _position_after(text[: match.start()])
        found.append(faults.fault("forbidden-character", (), position, message))
        if len(found) == _MOST_CHARACTERS_TOLD:
            break
    return found


def _position_after(text: str) -> Position:
    return Position(text.count("\n") + 1, len(text) - text.rfind("\n"))
