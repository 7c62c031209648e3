"""How much of a file is read, and how deep."""

from __future__ import annotations

from typing import Final

LARGEST_FILE: Final = 1024 * 1024
"""Bytes."""

DEEPEST: Final = 32
"""Mappings and lists inside one another; the formats need 5."""

MOST_EVENTS: Final = 200_000
"""Keys, values, and starts and ends of mappings and lists."""

LONGEST_TEXT: Final = 16_384
"""Characters of one key or value; the longest that a format allows has 2,000."""

MOST_FAULTS: Final = 100
"""Of one file, that are told one by one."""
