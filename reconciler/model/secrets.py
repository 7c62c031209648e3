"""What a secret can be made of, and how one that got into a text is hidden."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Noun: TypeAlias = Literal["token", "password", "secret"]
"""What messages call a secret: one that travels in a header, that of a database, or one that signs."""

_LINE_END: Final = re.compile(r"\r?\n\Z")
_LAST_OF_ASCII: Final = "\x7f"
_PIECE: Final = 12
_HIDDEN: Final = (
    (re.compile(r"(rct_[0-9a-f]{12}_)[\w-]+", re.ASCII | re.IGNORECASE), r"\1***"),
    (re.compile(r"(https?://)[^\s/?#]*@", re.IGNORECASE), r"\1***@"),
    (re.compile(r"(://[^\s:/@]*:)\S{0,400}@"), r"\1***@"),
    (re.compile(r"([?&][^\s=&]{0,40}(?:password|secret|token|key)=)[^\s&]+", re.IGNORECASE), r"\1***"),
)
"""Tokens of ours, and what addresses hold: users of web servers, passwords, and values that are named so."""

_SHOWN: Final = re.compile(
    r"(rct_[0-9a-f]{12}_|://[^\s/?#]*|[?&][^\s=&]{0,40}=)\*\*\*", re.ASCII | re.IGNORECASE
)


def from_variable(text: str) -> str:
    """Return the secret within a variable's text: without the one line end that a file leaves there."""
    return _LINE_END.sub("", text)


def flaw_of(secret: str, noun: Noun) -> str:
    """Say where the first character is that cannot be part of the secret, and of what kind; else nothing.

    A token is visible ASCII, on this platform and on others. Passwords and signing secrets may be any text
    that can be printed. The character itself is never part of the answer.
    """
    for position, character in enumerate(secret, 1):
        kind = _kind_of(character, noun)
        if kind:
            return f"character {position} is {kind}"
    return ""


def _kind_of(character: str, noun: Noun) -> str:
    if character.splitlines() != [character]:
        return "a line break"
    if character.isspace() and (noun == "token" or character != " "):
        return "a space" if character == " " else "white space"
    if "\ud800" <= character <= "\udfff":
        return "a byte that is not UTF-8"
    if noun == "token" and character > _LAST_OF_ASCII:
        return "not ASCII"
    return "" if character.isprintable() else "a control character"


def hiding(text: str, secret: str) -> str:
    """Return the text with `***` for the secret, also encoded or escaped, and for any long piece of it."""
    from html import escape  # noqa: PLC0415  # 2 ms, where a secret is at hand
    from urllib.parse import quote  # noqa: PLC0415  # as above

    for form in (secret, quote(secret, safe=""), escape(secret)):
        text = text.replace(form, "***")
    pieces = {secret[start : start + _PIECE] for start in range(len(secret) - _PIECE + 1)}
    shown, end = [], 0
    for start, character in enumerate(text):
        if text[start : start + _PIECE] in pieces:
            shown += ["***"] if start >= end else []
            end = start + _PIECE
        elif start >= end:
            shown.append(character)
    return "".join(shown)


def without_secrets(text: str) -> str:
    """Return the text with `***` for what is told to be a secret by its shape alone.

    People put tokens and addresses with passwords where a name belongs; messages quote names.
    """
    for pattern, shown in _HIDDEN:
        text = pattern.sub(shown, text)
    return text


def tells_of_secret(text: str) -> bool:
    """Whether `without_secrets` hid something in what became this text."""
    return _SHOWN.search(text) is not None
