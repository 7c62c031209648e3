"""From names of any kind to keys and titles."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_BORDERS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHERS: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 60
_LONGEST_TITLE: Final = 120


def key_of(name: str, taken: Collection[str] = ()) -> str:
    """Return a key in snake_case: `maxBreakoutRooms` becomes `max_breakout_rooms`.

    A number is put behind a key that is taken.
    """
    latin = unicodedata.normalize("NFKD", _BORDERS.sub("_", name)).encode("ascii", "ignore").decode()
    key = _OTHERS.sub("_", latin.lower()).strip("_")[:_LONGEST] or "unnamed"
    key = key if key[0].isalpha() else f"n{key}"
    number = 2
    unique = key
    while unique in taken:
        unique, number = f"{key}_{number}", number + 1
    return unique


def title_of(name: str) -> str:
    """Return the name as words on one line, a capital first."""
    spaced = " ".join(_BORDERS.sub(" ", name).replace("_", " ").split())[:_LONGEST_TITLE].strip()
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in spaced.split(" ")]
    text = " ".join(words) if " " in spaced or spaced != name else spaced
    return text[:1].upper() + text[1:] or "Unnamed"


def line_of(text: object) -> str:
    """Return a foreign text on one line."""
    return " ".join(str(text).split())
