"""Numbers, instants and lists as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.quantities import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.model.changesets import Run
    from reconciler.model.quantities import Quantity


def number(count: int) -> str:
    """Return the number with its thousands grouped: `1,234`."""
    return f"{count:,}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return the number with the noun in the right form: `1 client`, `1,234 clients`."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def verb(count: int, singular: str, plural: str) -> str:
    """Return the verb's form that goes with the number."""
    return singular if count == 1 else plural


def quantity(value: Quantity | None) -> str:
    """Return the cap in words; what is not granted is `none`."""
    if value is None:
        return "none"
    return UNLIMITED if isinstance(value, str) else number(value)


def instant(at: datetime) -> str:
    """Return the instant to the minute; all instants inside are UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def author(run: Run) -> str:
    """Return who applied, and for whom they said that it was: `ci, on behalf of ana@laptop`."""
    return run.actor if run.on_behalf_of is None else f"{run.actor}, on behalf of {run.on_behalf_of}"


def several(names: Sequence[str], total: int, shown: int) -> str:
    """Return the first names and how many there are beside them: `acme, globex and 28 more`."""
    first = list(names[:shown])
    if total > len(first):
        return f"{', '.join(first)} and {number(total - len(first))} more" if first else number(total)
    return first[0] if len(first) == 1 else f"{', '.join(first[:-1])} and {first[-1]}" if first else "none"


def clipped(text: str, longest: int = 100) -> str:
    """Return the text, or its beginning and an ellipsis where it is longer."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def joined(parts: Sequence[str]) -> str:
    """Return the parts that say something, separated by a dot in the middle."""
    return " · ".join(part for part in parts if part)
