"""Serves a SQLite platform in a process that kills itself, once, around a commit. Run by path, by tests.

Arguments: the database's folder, the port, when to die (`before` or `after` the commit), the file that
remembers that it did.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from reconciler.live.embedded import EmbeddedPlatform
from reconciler.live.embedded.opening import Place, opened
from reconciler.server.app import application
from reconciler.server.dependencies import Served

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.idempotency import KeyedRequest

folder, port, moment, memory = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])


def die_once(when: str) -> None:
    if when == moment and not memory.exists():
        memory.touch()
        os.kill(os.getpid(), signal.SIGKILL)


class DyingPlatform(EmbeddedPlatform):
    def once(self, request: KeyedRequest, effect: Callable[[], str]) -> str:
        def watched() -> str:
            answer = effect()
            die_once("before")
            return answer

        answer = super().once(request, watched)
        die_once("after")
        return answer


with opened("sqlite:///platform.db", Place(folder)) as database:
    serving = Served(DyingPlatform(database), None, lambda: datetime.now(UTC))
    uvicorn.run(application(serving), port=port, log_level="critical", lifespan="off")
