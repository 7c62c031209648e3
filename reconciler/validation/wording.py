"""How values, and what a schema expects of them, are named in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.model.expiry import EXPIRY_PATTERN
from reconciler.model.patterns import (
    DATE_PATTERN,
    KEY_PATTERN,
    LINE_PATTERN,
    PACKAGE_KEY_PATTERN,
    RULE_PATTERN,
    SHARE_PATTERN,
    TERM_PATTERN,
    URL_PATTERN,
    VARIABLE_PATTERN,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.validation.problems import Path

PATTERNS: Final[Mapping[str, tuple[str, str]]] = {
    KEY_PATTERN: ("bad-key", "a key of lower-case letters, digits and `_`"),
    PACKAGE_KEY_PATTERN: ("bad-key", "a key of lower-case letters, digits, `_` and `-`"),
    TERM_PATTERN: ("bad-key", "the key of a feature, limit or cap, or `features/KEY` or `limits/KEY`"),
    LINE_PATTERN: ("bad-text", "one line of text that is not only space"),
    EXPIRY_PATTERN: ("bad-expiry", "a length of time such as `14 days`, `2 weeks`, `1 month` or `1 year`"),
    DATE_PATTERN: ("bad-date", "a date as YYYY-MM-DD"),
    SHARE_PATTERN: ("bad-share", "a whole percentage such as `5%`"),
    URL_PATTERN: ("bad-platform", "a URL such as `sqlite:///.reconciler/platform.db` or `https://...`"),
    RULE_PATTERN: ("bad-key", "the id of a rule, such as `alike-packages`"),
    VARIABLE_PATTERN: ("bad-value", "the name of an environment variable"),
}
"""Rule and expectation per pattern of the schemas."""


def in_python(pattern: str) -> str:
    """Return a published pattern as Python's `re` must have it."""
    return pattern.removesuffix("$") + r"\Z"


def words_of(pattern: str) -> tuple[str, str]:
    """Return the rule and the expectation of a pattern that `in_python` made."""
    return PATTERNS[pattern.removesuffix(r"\Z") + "$"]


_TYPES: Final = {
    "integer": "a whole number from {minimum}",
    "string": "text",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a mapping of keys",
}
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
            cut = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}..."
            line = cut.replace("\n", "\\n").replace("\t", "\\t")
            return f"the text `{line}`" if value.strip() else "blank text"
        case list():
            return "a list"
        case _:
            return "a mapping of keys"


def expected(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """Say what a schema accepts; `root` holds its definitions."""
    match schema:
        case {"$ref": str(reference)}:
            return expected(root["$defs"][reference.rpartition("/")[2]], root)
        case {"anyOf": branches}:
            return ", or ".join(expected(branch, root) for branch in branches)
        case {"const": value}:
            return f"`{value}`"
        case {"enum": values}:
            return f"one of {', '.join(f'`{value}`' for value in values)}"
        case {"pattern": str(pattern)}:
            return words_of(pattern)[1]
        case _:
            return _TYPES[schema["type"]].format(**schema)
