"""Numbers in a description that are not the package's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

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
_PEOPLE: Final = ("user", "seat", "team member", "member", "people", "person", "agent seat")
_CREDITS: Final = ("ai credit", "credit")


def description_problems(content: Definition, catalog: Catalog) -> Iterator[Problem]:
    """Compare each amount with what the package grants of the thing that is named right after it."""
    if not any(map(str.isdigit, content.description)):
        return
    granted = _granted(content, catalog)
    for match in _AMOUNT.finditer(content.description):
        amount = int(re.sub(r"\D", "", match[1]))
        words = [_singular(word) for word in re.split(r"[ -]+", match[2].lower()) if word]
        said = f"{match[1]} {match[2].strip()}"
        if words[0] in _TIMES:
            yield from _time_problems(content, said, amount, words[0])
            continue
        for count in range(len(words), 0, -1):
            thing = " ".join(words[:count])
            if thing in granted:
                yield from _problems(said, amount, *granted[thing])
                break


def _granted(content: Definition, catalog: Catalog) -> Mapping[str, tuple[str, Quantity | None]]:
    """Return what is granted per name of a thing, in the singular; one that two things share is left out."""
    names: dict[str, tuple[str, Quantity | None]] = {}
    shared: set[str] = set()
    for key, limit in catalog.limits.items():
        for name in {_name(limit.title), _name(limit.unit), _name(key.replace("_", " "))} - {""}:
            shared |= {name} & names.keys()
            names[name] = (key, content.limits.get(key))
    people = dict.fromkeys(_PEOPLE, ("user_count", content.user_count))
    credits_ = dict.fromkeys(_CREDITS, ("ai_credits", content.ai_credits))
    return {**people, **credits_, **{name: names[name] for name in names.keys() - shared}}


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
