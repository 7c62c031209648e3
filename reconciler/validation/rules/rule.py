"""The shape of a rule."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Rule(Struct, frozen=True):
    """What `explain RULE` prints.

    Attributes:
        id: Stable, in kebab-case.
        title: A few words, for tables.
        explanation: One paragraph: what is refused, and why.
        bad: An example that breaks the rule; empty where a text cannot show it.
        good: The same, repaired.
    """

    id: str
    title: str
    explanation: str
    bad: str = ""
    good: str = ""
    severity: Literal["error", "warning"] = "error"
