"""What a text must look like to be an id, a name or an address, and the one sentence that says why it is not.

Whoever takes such a text in (a file, a line of an import, a body, the embedded platform) asks the same form,
so that all of them take the same and say the same.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from msgspec import Struct

from reconciler.errors import WrongUsageError
from reconciler.model.emails import fault_of, is_plain, normal_email
from reconciler.model.patterns import (
    CLIENT_ID_PATTERN,
    EMAIL_PATTERN,
    HASH_PATTERN,
    INVISIBLE,
    KEY_PATTERN,
    LINE_PATTERN,
    PACKAGE_KEY_PATTERN,
    TEXT_PATTERN,
)
from reconciler.model.secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_UNSEEN: Final = re.compile(rf"[{INVISIBLE}\ud800-\udfff]")
_SHOWN: Final = 60
_KEPT: Final = 128
"""Characters of the longest text whose answer is kept."""


class Form(Struct, frozen=True, eq=False):
    """One kind of text; each is itself alone, so that a set of texts does not compare patterns.

    Attributes:
        what: Begins the sentence: `a client's id`.
        said: What it looks like, for people.
        longest: In characters.
    """

    what: str
    pattern: str
    said: str
    longest: int

    def fault(self, text: str) -> str:
        """Return the sentence that says what is wrong with a text; empty: nothing."""
        return _lately_fault(self, text) if len(text) <= _KEPT else self.found_fault(text)

    def found_fault(self, text: str) -> str:
        """Return the same, whether it was asked of this text before or not."""
        if len(text) > self.longest:
            return f"{self.what} has {self.longest} characters at most, and this has {len(text):,}"
        if self.pattern == EMAIL_PATTERN and is_plain(text.lower()):
            return ""
        is_text = text.isascii() or not _SURROGATE.search(text)
        if not (is_text and _matcher(self.pattern).match(text)):
            return f"{self.what} is {self.said}, and this is {_quoted(text)}"
        if self.pattern == EMAIL_PATTERN and (reason := fault_of(normal_email(text))):
            return f"{self.what} is {self.said}, and {_quoted(text)} is not: {reason[:200]}"
        return ""

    def __get_pydantic_core_schema__(self, source: Any, reader: Callable[[Any], dict[str, Any]]) -> Any:
        """Have the texts of a field be of this form; the sentence is the fault."""
        function = {"type": "no-info", "function": self._checked}
        return {"type": "function-before", "function": function, "schema": {**reader(source), "strict": True}}

    def __get_pydantic_json_schema__(self, core: Any, reader: Callable[[Any], dict[str, Any]]) -> Any:
        """Describe the texts of this form."""
        format_ = {"format": "email"} if self.pattern == EMAIL_PATTERN else {}
        return {**reader(core), "maxLength": self.longest, "pattern": self.pattern, **format_}

    def _checked(self, value: Any) -> Any:
        if isinstance(value, str) and (fault := self.fault(value)):
            raise ValueError(fault)
        return value


_LINE: Final = "one line of visible text without space at either end"
_KEY: Final = "lower-case letters, digits and `_`, beginning with a letter"

CLIENT_ID: Final = Form(
    "a client's id",
    CLIENT_ID_PATTERN,
    "made of letters A to Z, digits and `_ . : @ | + = , ~ - /`, beginning with a letter, a digit or `_`,"
    " also after each `/`",
    128,
)
CLIENT_NAME: Final = Form("a client's name", LINE_PATTERN, _LINE, 200)
EMAIL: Final = Form("an e-mail address", EMAIL_PATTERN, "one such as `ops@acme.example`", 320)
PACKAGE_KEY: Final = Form(
    "a package's key",
    PACKAGE_KEY_PATTERN,
    "made of lower-case letters, digits, `_` and `-`, beginning with a letter",
    64,
)
KEY: Final = Form("the key of a feature or limit", KEY_PATTERN, f"made of {_KEY}", 64)
TITLE: Final = Form("a title", LINE_PATTERN, _LINE, 120)
DESCRIPTION: Final = Form("a description", TEXT_PATTERN, "text without U+0000", 2_000)
UNIT: Final = Form("a unit", TEXT_PATTERN, "text without U+0000", 40)
TEXT: Final = Form("a text", TEXT_PATTERN, "text without U+0000", 5_000)
HASH: Final = Form("a hash", HASH_PATTERN, "`sha256:` and up to 64 hexadecimal digits", 71)
ACTOR: Final = Form("who applies", LINE_PATTERN, _LINE, 200)
REASON: Final = Form("a reason", LINE_PATTERN, _LINE, 1_000)
TOKEN_NAME: Final = Form("a token's name", LINE_PATTERN, _LINE, 120)
LINE: Final = Form("a name", LINE_PATTERN, _LINE, 200)


def require(texts: Iterable[tuple[Form, str]]) -> None:
    """Raise `WrongUsageError` with the first fault among texts that are taken in."""
    if fault := first_fault(dict.fromkeys(texts)):  # the same few features are in thousands of packages
        raise WrongUsageError(fault)


def first_fault(texts: Iterable[tuple[Form, str]]) -> str:
    """Return the first fault among texts; empty: none has any."""
    return next(filter(None, (form.fault(text) for form, text in texts)), "")


def visible(text: str) -> str:
    """Return the text with the characters that no line may have as escapes."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def composed(text: str) -> str:
    """Return a text in Unicode's composed form (NFC), without space at either end: equal texts are equal."""
    text = text.strip()
    return text if text.isascii() else normalize("NFC", text)


@lru_cache(maxsize=16_384)
def _lately_fault(form: Form, text: str) -> str:
    """Spare the second look: a line is looked at where it is read and by the platform, keys in each line."""
    return form.found_fault(text)


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.removesuffix("$") + r"\Z")


def _quoted(text: str) -> str:
    text = without_secrets(text)  # before it is cut: then a secret has no shape any more
    return f"`{visible(text[:_SHOWN])}`{'...' if len(text) > _SHOWN else ''}" if text.strip() else "blank"
