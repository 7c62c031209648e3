"""The matrix as one document."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler.render.json.values import line

if TYPE_CHECKING:
    from reconciler.model.comparison import Comparison


def comparison_json(comparison: Comparison) -> str:
    """Return columns and sections; a cell is true, false, a number, `unlimited`, a text or null."""
    return line(asdict(comparison))
