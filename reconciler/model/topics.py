"""What `explain` knows about beside clients."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["rule", "guard", "change", "exit code"]


class Topic(Struct, frozen=True):
    """One id that the program's output may name, documented.

    Attributes:
        id: Unique over all kinds.
        weight: How serious: a finding's or a change's severity; empty where it has none.
        bad: An example of what it speaks against; may be empty.
        good: An example of what to write or to do.
    """

    id: str
    kind: Kind
    title: str
    explanation: str
    weight: str = ""
    bad: str = ""
    good: str = ""
