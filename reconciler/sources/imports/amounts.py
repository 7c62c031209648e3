"""From foreign numbers to quantities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.quantities import UNLIMITED
from reconciler.model.terms import CAPS

if TYPE_CHECKING:
    from reconciler.model.quantities import Quantity
    from reconciler.sources.imports.imported import Import

UNSTATED_CAPS: Final = {key: UNLIMITED for key, cap in CAPS.items() if cap.is_always_granted}
"""What is written where a foreign format does not say how much of it a package grants."""
_ABSURD: Final = 10**9
_LONGEST_SHOWN: Final = 20
_NINES: Final = re.compile(r"9{6,}\Z")
_WORDS: Final = frozenset(("unlimited", "infinite", "inf", ".inf", "∞"))


def quantity_of(value: Any, where: str, into: Import) -> Quantity | None:
    """Return the quantity; None, with a remark, where there is none.

    Infinity, and numbers that nobody means as such (from a thousand million on, or nothing but nines), are
    `unlimited`.
    """
    if isinstance(value, str) and value.strip().lower() in _WORDS:
        return UNLIMITED
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:  # noqa: PLR0124 - NaN
        into.remark(f"{where}: {str(value)[:60]!r} is no amount; it was left out.")
        return None
    if value == float("inf"):
        return UNLIMITED
    shown = f"{value:g}" if isinstance(value, float) else str(value)[:_LONGEST_SHOWN]
    if value >= _ABSURD or _NINES.match(shown):
        into.remark(f"{where}: {shown} is taken for unlimited.")
        return UNLIMITED
    if value < 0 or value != int(value):
        into.remark(f"{where}: {shown} is no whole number from 0 on; it was left out.")
        return None
    return int(value)
