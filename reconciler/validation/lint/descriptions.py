"""Numbers in a description that are not the package's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.model.terms import CAPS
from reconciler.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.catalog import Catalog
    from reconciler.model.packages import Definition
    from reconciler.model.quantities import Quantity

_AMOUNT: Final = re.compile(
    r"(?<![\w.,])([0-9]{1,3}(?:[,' ][0-9]{3})+|[0-9]+)(?![\w.,]*[0-9])\s*-?\s*((?:[^\W\d_]+[ -]?){1,3})"
)
_TIMES: Final = frozenset(("day", "week", "month", "year"))


def subjects(catalog: Catalog) -> Mapping[str, str]:
    """Return the key of what is meant per name in the singular; a name that two limits share is left out."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    for key, limit in catalog.limits.items():
        for name in {_name(limit.title), _name(limit.unit), _name(key.replace("_", " "))} - {""}:
            shared |= {name} & names.keys()
            names[name] = key
    of_caps = {name: key for key, cap in CAPS.items() for name in cap.names}
    return {**of_caps, **{name: names[name] for name in names.keys() - shared}}


def description_problems(content: Definition, known: Mapping[str, str]) -> Iterator[Problem]:
    """Compare each amount with what the package grants of the thing that is named right after it.

    Args:
        content: The package.
        known: What `subjects` returns.
    """
    for match in _AMOUNT.finditer(content.description):
        amount = int(re.sub(r"\D", "", match[1]))
        words = [_singular(word) for word in re.split(r"[ -]+", match[2].lower()) if word]
        said = f"{match[1]} {match[2].strip()}"
        if words[0] in _TIMES:
            yield from _time_problems(content, said, amount, words[0])
            continue
        things = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        if subject := next((known[thing] for thing in things if thing in known), None):
            yield from _problems(said, amount, subject, content.amounts.get(subject))


def _name(text: str) -> str:
    return " ".join(_singular(word) for word in text.lower().split())


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _problems(said: str, amount: int, key: str, has: Quantity | None) -> Iterator[Problem]:
    if has != amount:
        grants = "none" if has is None else has
        message = f"the description says `{said}`, and the package grants {grants} of `{key}`"
        yield Problem(("description",), "description-differs", message, "let both say the same")


def _time_problems(content: Definition, said: str, amount: int, unit: str) -> Iterator[Problem]:
    """Compare with the expiry, where there is one in the same unit."""
    if content.expiry is None:
        return
    number, _, stated = str(content.expiry).partition(" ")
    days = amount * {"day": 1, "week": 7}.get(unit, 0)
    is_same = (
        content.expiry.amount == days if content.expiry.unit == "days" and days else int(number) == amount
    )
    if _singular(stated) == unit and not is_same:
        message = f"the description says `{said}`, and a subscription expires after {content.expiry}"
        yield Problem(("description",), "description-differs", message, "let both say the same")
