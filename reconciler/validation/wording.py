"""How values, and what a schema expects of them, are named in sentences."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from reconciler.model.expiry import EXPIRY_PATTERN
from reconciler.model.forms import CLIENT_ID, visible
from reconciler.model.patterns import (
    CLIENT_ID_PATTERN,
    DATE_PATTERN,
    DAYS_PATTERN,
    FILE_PATTERN,
    ISSUER_PATTERN,
    KEY_PATTERN,
    LINE_PATTERN,
    NETWORK_PATTERN,
    PACKAGE_KEY_PATTERN,
    RULE_PATTERN,
    SHARE_PATTERN,
    TERM_PATTERN,
    TEXT_PATTERN,
    URL_PATTERN,
    VARIABLE_PATTERN,
)
from reconciler.model.secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.validation.problems import Path


class ValueKind(Enum):
    """The sorts of value that a schema accepts, as far as advice tells them apart."""

    KEY = auto()
    TEXT = auto()
    EXPIRY = auto()
    DAYS = auto()
    DATE = auto()
    NAME = auto()
    NUMBER = auto()
    TRUTH = auto()
    LIST = auto()
    MAPPING = auto()
    ANY = auto()
    UNLIMITED = auto()
    CHOICE = auto()
    SHARE = auto()
    URL = auto()


class Expected(NamedTuple):
    """What a schema accepts.

    Attributes:
        words: Said behind `must be`.
        forms: What any of its alternatives is.
    """

    words: str
    forms: frozenset[ValueKind]


class Spelling(NamedTuple):
    """What a text must match.

    Attributes:
        rule: The rule that is broken where it does not.
        words: Said behind `must be`.
    """

    rule: str
    words: str
    form: ValueKind = ValueKind.TEXT

    @property
    def expected(self) -> Expected:
        """What a schema with this pattern accepts."""
        return Expected(self.words, frozenset((self.form,)))


PATTERNS: Final[Mapping[str, Spelling]] = {
    KEY_PATTERN: Spelling("bad-key", "a key of lower-case letters, digits and `_`", ValueKind.KEY),
    PACKAGE_KEY_PATTERN: Spelling(
        "bad-key", "a key of lower-case letters, digits, `_` and `-`", ValueKind.KEY
    ),
    TERM_PATTERN: Spelling(
        "bad-key", "the key of a feature, limit or cap, or `features/KEY` or `limits/KEY`", ValueKind.KEY
    ),
    LINE_PATTERN: Spelling("bad-text", "one line of visible text without space at either end"),
    TEXT_PATTERN: Spelling("bad-text", "text without U+0000"),
    CLIENT_ID_PATTERN: Spelling("bad-text", f"an id {CLIENT_ID.said}"),
    EXPIRY_PATTERN: Spelling(
        "bad-expiry", "a length of time such as `14 days`, `2 weeks`, `1 month` or `1 year`", ValueKind.EXPIRY
    ),
    DAYS_PATTERN: Spelling(
        "bad-value", "a number of days such as `7 days`; `0 days` lets steps follow at once", ValueKind.DAYS
    ),
    DATE_PATTERN: Spelling("bad-date", "a date as YYYY-MM-DD", ValueKind.DATE),
    SHARE_PATTERN: Spelling("bad-share", "a whole percentage such as `5%`", ValueKind.SHARE),
    URL_PATTERN: Spelling(
        "bad-platform", "a URL such as `sqlite:///.reconciler/platform.db` or `https://...`", ValueKind.URL
    ),
    RULE_PATTERN: Spelling("bad-key", "the id of a rule, such as `alike-packages`"),
    ISSUER_PATTERN: Spelling("bad-value", "an `https://` address, or one of this machine"),
    NETWORK_PATTERN: Spelling(
        "bad-value", "an address such as `10.0.0.7`, or a network such as `10.0.0.0/8`"
    ),
    FILE_PATTERN: Spelling("bad-value", "the whole path of a file, without spaces, `,` and `=`"),
    VARIABLE_PATTERN: Spelling("bad-value", "the name of an environment variable", ValueKind.NAME),
}
"""Per pattern of the schemas."""


def in_python(pattern: str) -> str:
    """Return a published pattern as Python's `re` must have it."""
    return pattern.removesuffix("$") + r"\Z"


def spelling_of(pattern: str) -> Spelling:
    """Return what is known of a pattern that `in_python` made."""
    return PATTERNS[pattern.removesuffix(r"\Z") + "$"]


_TYPES: Final = {
    "integer": ("a whole number from {minimum}", ValueKind.NUMBER),
    "string": ("text", ValueKind.TEXT),
    "boolean": ("`true` or `false`", ValueKind.TRUTH),
    "array": ("a list", ValueKind.LIST),
    "object": ("a mapping of keys", ValueKind.MAPPING),
}
_CONSTANTS: Final = {"any": ValueKind.ANY, "unlimited": ValueKind.UNLIMITED}
_LONGEST_SHOWN: Final = 60


def named(path: Path) -> str:
    """Name the value at a path."""
    match path:
        case ():
            return "the file"
        case (*_, str(key), int(index)):
            return f"item {index + 1} of `{key}`"
        case _:
            return f"`{path[-1]}`"


def shown(value: Any) -> str:
    """Show a value, shortened, as it would be written."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case int():
            return f"the number {str(value)[:_LONGEST_SHOWN]}"
        case str():
            whole = without_secrets(value)  # before it is cut: then a secret has no shape any more
            cut = whole if len(whole) <= _LONGEST_SHOWN else f"{whole[:_LONGEST_SHOWN]}..."
            line = visible(cut.replace("\n", "\\n").replace("\t", "\\t"))
            return f"the text `{line}`" if value.strip() else "blank text"
        case list():
            return "a list"
        case _:
            return "a mapping of keys"


def expected(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Expected:
    """Say what a schema accepts; `root` holds its definitions."""
    match schema:
        case {"$ref": str(reference)}:
            return expected(root["$defs"][reference.rpartition("/")[2]], root)
        case {"anyOf": branches}:
            each = [expected(branch, root) for branch in branches]
            forms = frozenset(form for one in each for form in one.forms)
            return Expected(", or ".join(one.words for one in each), forms)
        case {"const": value}:
            return Expected(f"`{value}`", frozenset((_CONSTANTS.get(value, ValueKind.CHOICE),)))
        case {"enum": values}:
            choices = ", ".join(f"`{value}`" for value in values)
            return Expected(f"one of {choices}", frozenset((ValueKind.CHOICE,)))
        case {"pattern": str(pattern)}:
            return spelling_of(pattern).expected
        case _:
            words, form = _TYPES[schema["type"]]
            return Expected(words.format(**schema), frozenset((form,)))
