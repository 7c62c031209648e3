"""What benchmarks reach and are to reach: told as they run, kept for the table, and failed where missed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

SCALE: Final = float(os.environ.get("RECONCILER_BENCHMARK_SCALE", "1"))
"""Below 1 everything is so much smaller: to see that the benchmarks run, not what they measure."""
KEPT_IN: Final = "RECONCILER_BENCHMARK_ROWS"
"""The variable that names the file of all rows."""
_FEWEST: Final = 20
MIB: Final = 2**20


def scaled(count: int) -> int:
    return max(min(count, _FEWEST), round(count * SCALE))


@dataclass(frozen=True)
class Row:
    """One thing that was measured.

    Attributes:
        what: With a colon between the two that are compared.
        most: The goal: not more than this.
        least: The goal: not less than this.
        unit: Of the figure; a ratio has none.
        peak: The most memory of the first of the two, in bytes.
        aside: What else there is to say.
    """

    what: str
    figure: float
    most: float | None = None
    least: float | None = None
    unit: str = ""
    peak: int = 0
    aside: str = ""

    @property
    def is_missed(self) -> bool:
        return SCALE >= 1 and self._is_off

    @property
    def _is_off(self) -> bool:
        return (self.most is not None and self.figure > self.most) or (
            self.least is not None and self.figure < self.least
        )

    @property
    def cells(self) -> tuple[str, str, str, str]:
        goal = f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}" if self.least else ""
        memory = f"{self.peak / MIB:,.0f} MiB" if self.peak else ""
        mark = " **missed**" if self.is_missed else ""
        what = f"{self.what} ({self.aside})" if self.aside else self.what
        return what, f"{self.figure:.3g}{self.unit}{mark}", f"{goal}{self.unit if goal else ''}", memory


missed: Final[list[str]] = []
"""What the test that is running missed, at full size: it fails once all of it is measured."""


def reached(row: Row) -> None:
    """Tell a row, and keep it."""
    print(f"\n{' | '.join(row.cells)}")
    if kept := os.environ.get(KEPT_IN):
        with Path(kept).open("a", encoding="utf-8") as rows:
            rows.write(json.dumps(asdict(row)) + "\n")
    if row.is_missed:
        missed.append(f"{row.what}: {row.figure:.3g}")
