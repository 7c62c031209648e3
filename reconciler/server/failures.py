"""How often credentials fail, by where they come from: whoever guesses is told to wait."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

_ADDRESSES: Final = 10_000
_MINUTE: Final = 60


class Failures:
    """The failures that each address has left: so many at once, and so many more each minute.

    A valid token is never looked at by this, whoever else is at the same address. Of addresses that nobody
    heard of for long, the oldest are forgotten.
    """

    def __init__(self, a_minute: int) -> None:
        self._most = a_minute
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def wait_after(self, address: str, now: datetime) -> int:
        """Count a failure; return the seconds that the sender is to wait before the next one, or 0."""
        who = _network(address)
        left, at = self._left.pop(who, (float(self._most), now))
        gained = max(0.0, (now - at).total_seconds()) * self._most / _MINUTE
        left = max(min(float(self._most), left + gained) - 1, -1.0)
        self._left[who] = (left, now)
        if len(self._left) > _ADDRESSES:
            self._left.popitem(last=False)
        return ceil(-left * _MINUTE / self._most) if left < 0 else 0


def _network(address: str) -> str:
    """Return the address, or of IPv6 the network that one subscriber has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address
