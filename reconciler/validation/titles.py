"""Titles that people could not tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def repeated_titles(titles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each key whose title an earlier key has, with that key; capitals and space do not count."""
    first: dict[str, str] = {}
    for key, title in titles.items():
        earlier = first.setdefault(" ".join(title.split()).casefold(), key)
        if earlier != key:
            yield key, earlier
