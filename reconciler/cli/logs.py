"""What libraries log, as messages on standard error."""

from __future__ import annotations

import logging

from reconciler.render.sanitise import disarm


def show_logs() -> None:
    """Show warnings and errors; tracebacks quote what a request said, and no build server obeys them."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Disarmed("%(levelname)s: %(message)s"))
    logging.basicConfig(handlers=[handler])


class _Disarmed(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return disarm(super().format(record))
