"""What somebody probably meant who wrote a value of the wrong type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from reconciler.validation.wording import ValueKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_TRUTH: Final = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}
_DIGITS: Final = re.compile(r"[0-9][0-9,_ '.]*\Z")
_COUNTED: Final = re.compile(r"([0-9][0-9,_ .']*) *([A-Za-z]+)\Z")
_QUOTED: Final = re.compile(r"[^\w\s%]*[0-9]+[^\w\s%]*\Z")
_THOUSANDS: Final = {"k": "000", "m": "000000"}
_TIME: Final = re.compile(r"([1-9][0-9]{0,4}) *(d|w|m|mo|y|day|week|month|year|days|weeks|months|years)\Z")
_UNITS: Final = {"d": "days", "w": "weeks", "m": "months", "mo": "months", "y": "years"} | {
    f"{unit}{plural}": f"{unit}s" for unit in ("day", "week", "month", "year") for plural in ("", "s")
}
_NEVER: Final = frozenset(("never", "none", "no", "unlimited"))
_NO_CAP: Final = frozenset(("infinite", "infinity", "none", "no limit", "any", "all", "max", "∞"))


def reads_as_number(value: Any) -> bool:
    """Whether it is text that holds a number."""
    return isinstance(value, str) and _DIGITS.match(value) is not None


def advice(value: Any, wanted: Collection[ValueKind]) -> str:
    """Return what to write instead of a value of none of these forms, or an empty string."""
    if isinstance(value, str):
        return _advice_on_text(value, wanted)
    if isinstance(value, dict) and ValueKind.LIST in wanted:
        return "list the keys that are on, each on a line that begins with a dash: `- chat`"
    if isinstance(value, list) and ValueKind.MAPPING in wanted:
        return "take the dashes out"
    if not isinstance(value, (bool, int)):
        return ""
    if ValueKind.DAYS in wanted or ValueKind.EXPIRY in wanted:
        others = ", or another unit" if ValueKind.EXPIRY in wanted else ""
        return f"write {value} days{others}" if not isinstance(value, bool) else ""
    return "quote it if it is meant as text" if ValueKind.TEXT in wanted or ValueKind.KEY in wanted else ""


def _advice_on_text(text: str, wanted: Collection[ValueKind]) -> str:
    word = text.strip().lower()
    if ValueKind.TRUTH in wanted and word in _TRUTH:
        return f"write {_TRUTH[word]}: only `true` and `false` are truth values in YAML 1.2"
    if ValueKind.UNLIMITED in wanted and word in _NO_CAP:
        return "write unlimited"
    given = (advise(text) for form, advise in _BY_FORM.items() if form in wanted)
    return next(filter(None, given), "")


def _advice_on_any(text: str) -> str:
    return "" if "@" in text else "write any"


def _advice_on_list(text: str) -> str:
    return "put a space behind each dash: `- chat`" if text.startswith("-") else f"write [{text[:60]}]"


def _advice_on_mapping(text: str) -> str:
    return "write a line of `key: value` for each key, with a colon and a space" if text else ""


def _advice_on_key(text: str) -> str:
    return "write the key that the catalog has; put a comma between two keys" if " " in text else ""


def _advice_on_number(text: str) -> str:
    if reads_as_number(text):
        return f"write {re.sub('[^0-9]', '', text)}, without quotes or separators"
    if match := _COUNTED.match(text):
        digits, unit = re.sub("[^0-9]", "", match[1]), match[2].lower()
        if unit in _THOUSANDS:
            return f"write {digits}{_THOUSANDS[unit]}"
        return f"write {digits}; what is counted stands in the catalog"
    if _QUOTED.match(text):
        return f"write {re.sub('[^0-9]', '', text)}, without quotes"
    return "write it in digits, such as 10" if text.isalpha() else ""


def _advice_on_time(text: str) -> str:
    word = text.strip().lower()
    if match := _TIME.match(word):
        return f"write {match[1]} {_UNITS[match[2]]}"
    if word.isdecimal():
        return f"write {word} days, or another unit"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
        return "write how long a subscription lasts: each one counts from its own assignment"
    return "leave the key out: then it never expires" if word in _NEVER else ""


_BY_FORM: Final[Mapping[ValueKind, Callable[[str], str]]] = {
    ValueKind.NUMBER: _advice_on_number,
    ValueKind.EXPIRY: _advice_on_time,
    ValueKind.ANY: _advice_on_any,
    ValueKind.LIST: _advice_on_list,
    ValueKind.MAPPING: _advice_on_mapping,
    ValueKind.KEY: _advice_on_key,
}
