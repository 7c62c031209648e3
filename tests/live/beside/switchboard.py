"""A product that nobody here would sell: a JSON file of packages and of who has which.

It can be made to fail, or to die, at any of its writes: a package is written a term at a time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from reconciler.live.beside import Package, Seen
from reconciler.model.packages import Definition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def quietly() -> None:
    """Let every step pass."""


@dataclass
class Switchboard:
    file: Path
    snapshots: Literal["period", "none"] = "none"
    kind: str = "switchboard"
    step: Callable[[], None] = field(default=quietly)
    show: Callable[[], None] = field(default=quietly)

    def seen(self) -> Seen:
        self.show()
        board = self.board()
        packages = {
            key: Package(Definition.normalised(said["terms"]), said["archived"])
            for key, said in board["packages"].items()
        }
        return Seen(packages, board["holders"])

    def write(self, key: str, package: Package, *, renamed_from: str | None = None) -> None:
        if renamed_from is not None:
            board = self.board()
            board["packages"][key] = board["packages"].pop(renamed_from)
            holders = board["holders"].items()
            board["holders"] = {id_: key if held == renamed_from else held for id_, held in holders}
            self._save(board)
        wanted = package.definition.as_document()
        for term in wanted:
            self._save_term(key, term, wanted)
        board = self.board()
        board["packages"][key] = {"terms": wanted, "archived": package.archived}
        self._save(board)

    def place(self, packages: Mapping[str, str | None]) -> None:
        board = self.board()
        both = {**board["holders"], **packages}
        self._save({**board, "holders": {id_: key for id_, key in both.items() if key}})

    def board(self) -> dict[str, Any]:
        if not self.file.exists():
            return {"packages": {}, "holders": {}}
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found

    def by_hand(self, key: str, **terms: Any) -> None:
        """Edit a package as the product's own users would."""
        board = self.board()
        board["packages"][key]["terms"] |= terms
        self.file.write_text(json.dumps(board))

    def _save_term(self, key: str, term: str, wanted: dict[str, Any]) -> None:
        board = self.board()
        said = board["packages"].setdefault(key, {"terms": {"title": wanted["title"]}, "archived": False})
        if said["terms"].get(term) != wanted[term]:
            said["terms"][term] = wanted[term]
            self._save(board)

    def _save(self, board: dict[str, Any]) -> None:
        self.step()
        self.file.write_text(json.dumps(board))
