"""What a command takes and does, as its reference says it."""

from __future__ import annotations

from msgspec import Struct


class OptionManual(Struct, frozen=True):
    """One option.

    Attributes:
        spelled: As in the usage: `-o, --out FILE`.
        variable: The environment variable that sets it too; empty where there is none.
    """

    spelled: str
    help: str
    variable: str = ""


class CommandManual(Struct, frozen=True):
    """One command, or a group of them.

    Attributes:
        path: With the names of the groups around it: `reconciler clients add`.
        usage: What follows the path.
        summary: One sentence.
        paragraphs: What else is said, without line breaks inside.
        options: Its own, without those that every command takes.
    """

    path: str
    usage: str
    summary: str
    paragraphs: tuple[str, ...] = ()
    options: tuple[OptionManual, ...] = ()
