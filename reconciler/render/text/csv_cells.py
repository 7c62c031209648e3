"""Texts as cells of a table that a spreadsheet opens."""

from __future__ import annotations

import re
from typing import Final

from reconciler.render.sanitise import sanitise

_FORMULA: Final = re.compile(r"(^|;)(?=[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet begins to calculate, whatever the signs' width: at the start of a cell, and after what
takes the comma's place in some countries, with or without quotes before it."""


def csv_text(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate."""
    return _FORMULA.sub(r"\1'", sanitise(text))
