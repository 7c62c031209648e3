"""Real catalogs, year by year, where the machine has them beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "replay"
REPLAY = Path(os.environ.get("RECONCILER_REPLAY", _BESIDE))


def years() -> list[Path]:
    """Return a folder per product and year, in order."""
    return sorted(path.parent for path in REPLAY.glob("*/*/packages"))
