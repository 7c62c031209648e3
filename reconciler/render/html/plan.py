"""The plan as a self-contained page, for screens of any width, in light and dark, and for paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.render.html.pages import page
from reconciler.render.story.figures import told

if TYPE_CHECKING:
    from reconciler.render.story.story import Story

_BARS: Final = ("losing", "losing_in_use", "keeping", "gaining")
_BESIDE: Final = ("holding", "suspended", "moving")
"""What the headline does not say."""


def plan_html(story: Story) -> str:
    """Return the page."""
    bars = {entry.key: told(entry.figures, _BARS) for entry in story.entries}
    largest = max((bar.clients for each in bars.values() for bar in each), default=1)
    return page(
        "plan.html.j2",
        heading="Package plan",
        story=story,
        beside=told(story.figures, _BESIDE),
        bars={key: [(bar, _percent(bar.clients, largest)) for bar in each] for key, each in bars.items()},
    )


def _percent(count: int, whole: int) -> float:
    """Return the share of a bar, all of the page on one scale; what is there at all stays visible."""
    return max(0.6, round(100 * count / whole, 2))
