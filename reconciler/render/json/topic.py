"""One topic as a document."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler.render.json.values import line

if TYPE_CHECKING:
    from reconciler.model.topics import Topic


def topic_json(topic: Topic) -> str:
    """Return the topic on one line."""
    return line(asdict(topic))
