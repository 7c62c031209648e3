"""The product as whoever types a command has it: `switchboard://FILE`, found as an installed package is."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import UnreachableError
from reconciler.live.beside import open_beside
from tests.live.beside.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform


@dataclass
class Stops:
    """Ends the work at the step that a file names, counted from 0: `6 down` or `6 interrupted`."""

    file: Path
    steps: int = 0

    def __call__(self) -> None:
        number, how = self.file.read_text().split() if self.file.exists() else ("-1", "")
        if self.steps == int(number):
            if how == "interrupted":
                os.kill(os.getpid(), signal.SIGINT)
            raise UnreachableError("the switchboard is down")
        self.steps += 1


def stop(file: Path, step: int, how: str = "down") -> None:
    """Have what writes to a board from now on end at a step."""
    file.with_suffix(".stop").write_text(f"{step} {how}")


def go_on(file: Path) -> None:
    """Have it end nowhere."""
    file.with_suffix(".stop").unlink()


@contextmanager
def open_board(url: str, *, root: Path, token: str | None) -> Iterator[Platform]:
    del token
    file = root / url.partition("://")[2]
    board = Switchboard(file, step=Stops(file.with_suffix(".stop")))
    with open_beside(board, f"sqlite:///{file.stem}-store.db", root=root) as platform:
        yield platform


def installed(folder: Path) -> Path:
    """Lay out what says that it is installed, in a folder that is to be on the path."""
    about = folder / "switchboard-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: switchboard\nVersion: 1.0\n")
    entry = f"[reconciler.platforms]\nswitchboard = {__name__}:open_board\n"
    (about / "entry_points.txt").write_text(entry)
    return folder
