"""Plain values for JSON."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


def line(document: Any) -> str:
    """Return the document on one line, keys in the order given, ending in a newline."""
    return json.dumps(document, ensure_ascii=False) + "\n"


def instant(at: datetime) -> str:
    """Return the instant in UTC as `2026-10-01T00:00:00Z`, with a fraction only where there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
