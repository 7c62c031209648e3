"""`clients import --batch`: many clients in pieces, each whole or not at all."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.clients import ImportReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from reconciler.live.port import Platform
    from reconciler.model.clients import ClientLine
    from reconciler.model.events import Author


class Pieces(Struct):
    """An import of pieces, which moves nobody: whom it would move is judged where all is imported at once.

    Attributes:
        size: Lines of a piece.
        done: The last line that is imported, or that was passed over since it was before.
        clients: How many are imported.
        added: How many of them are new.
    """

    size: int
    done: int = 0
    clients: int = 0
    added: int = 0

    def imported(
        self, platform: Platform, lines: Iterable[ClientLine], now: Callable[[], datetime], by: Author
    ) -> Iterator[None]:
        """Import the lines after `done`, each piece in a transaction; what is raised ends with its piece.

        Yields whenever one is written.
        """
        remaining = (line for line in lines if line.line > self.done)
        while piece := [*islice(remaining, self.size)]:
            self.added += platform.import_clients(piece, now(), by=by).added
            self.clients += len(piece)
            self.done = piece[-1].line
            yield

    @property
    def report(self) -> ImportReport:
        """What all of them came to."""
        return ImportReport(self.added, self.clients - self.added)
