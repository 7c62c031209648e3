"""A problem: what is wrong with a document, before anybody knows its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from reconciler.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.model.findings import Position

Path: TypeAlias = tuple[str | int, ...]


class Problem(Struct, frozen=True):
    """Something wrong with a document.

    Attributes:
        path: Keys and list indexes that lead to the value concerned.
        at_key: Whether it is about the value's key rather than the value.
    """

    path: Path
    rule: str
    message: str
    fix: str = ""
    at_key: bool = False


def finding(file: str, position: Position, problem: Problem) -> Finding:
    """Return the problem at its place, with the severity of its rule."""
    from reconciler.validation.rules import RULES  # noqa: PLC0415  # 3 ms of texts, for invalid files only

    severity = RULES[problem.rule].severity
    return Finding(file, position, problem.rule, problem.message, problem.fix, severity)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return a sentence that offers the nearest known words, or an empty string."""
    return offered(nearest(word, known))


def offered(near: Iterable[str]) -> str:
    """Return the sentence that offers these words."""
    words = " or ".join(f"`{name}`" for name in near)
    return f"did you mean {words}?" if words else ""


def nearest(word: str, known: Collection[str]) -> list[str]:
    """Return the nearest known words, two at most."""
    if len(word) > _LONGEST_WORD:
        return []
    from difflib import get_close_matches  # noqa: PLC0415  # 9 ms that a valid workspace need not pay

    return get_close_matches(word, sorted(known), n=2, cutoff=0.6)


NEGATED: Final = re.compile(r"[-!]|(?:no|not|without) ", re.IGNORECASE)
"""How an item begins that says what shall not be there."""


def slug_of(text: str) -> str:
    """Return the key that a text would have."""
    return re.sub(r"[\W_]+", "_", text.lower()).strip("_")[:64]


_LONGEST_WORD = 64
