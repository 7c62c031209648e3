"""A small agency to try things on: files in a folder, a real embedded platform, clients."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from reconciler.engine.apply import ApplyRequest, apply
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from reconciler.model.plans import FILES_APPLIED, Aim
from reconciler.sources.workspace import Workspace, read_workspace
from tests.builders import NOON
from tests.stores import new_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.clients import Client
    from reconciler.model.plans import Change, Plan

CATALOG: dict[str, Any] = {
    "features": {
        "chat": {"title": "Chat"},
        "calls": {"title": "Calls"},
        "sessions": {"title": "Sessions"},
        "agent": {"title": "Agent", "ai": True},
    },
    "limits": {
        "sessions": {"title": "Sessions per month", "unit": "session", "per": "cycle", "feature": "sessions"},
        "minutes": {"title": "Call minutes", "unit": "minute", "per": "cycle", "feature": "calls"},
    },
}


@dataclass
class Shop:
    root: Path
    platform: Platform
    at: datetime = NOON

    def package(self, key: str, /, **fields: Any) -> None:
        document = {"title": key.title(), "user_count": 5, **fields}
        path = self.root / "packages" / f"{key}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def remove(self, key: str) -> None:
        (self.root / "packages" / f"{key}.yaml").unlink()

    def guards(self, **guards: Any) -> None:
        environment: dict[str, Any] = {"platform": "sqlite:///platform.db", "guards": guards}
        config = {"catalog": "catalog.yaml", "environments": {"local": environment}}
        (self.root / "reconciler.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def settled(self, **guards: Any) -> None:
        """Have guards count that are looser than those before: they are applied in a run of their own."""
        self.guards(**guards)
        self.apply()

    def clients(self, *ids: str, package: str, **fields: Any) -> None:
        lines = (
            ClientLine(
                id=id_,
                line=number,
                package=package,
                **{"name": id_.title(), "owner_email": f"owner@{id_}.example", "usage": {}, **fields},
            )
            for number, id_ in enumerate(ids, 1)
        )
        self.platform.import_clients(lines, self.at, assign="unlimited")

    def client(self, id_: str) -> Client:
        return self.platform.client(id_, self.at)

    def later(self, **span: int) -> None:
        self.at += timedelta(**span)

    @property
    def workspace(self) -> Workspace:
        return read_workspace(self.root / "reconciler.yaml", today=self.at.date(), cache=False).required()

    def plan(self, *allow: str, aim: Aim = FILES_APPLIED) -> Plan:
        self.later(seconds=1)
        workspace = self.workspace
        request = PlanRequest(self.at, allow, aim=aim)
        return plan(workspace, environment_of(workspace.settings, None), self.platform, request)

    def apply(
        self,
        made: Plan | None = None,
        *allow: str,
        aim: Aim = FILES_APPLIED,
        skip_blocked: bool = False,
        reason: str = "",
    ) -> Run:
        made = made or self.plan(*allow, aim=aim)
        self.later(seconds=1)
        workspace = self.workspace
        request = ApplyRequest(self.at, "tester", allow, skip_blocked=skip_blocked, reason=reason)
        return apply(workspace, environment_of(workspace.settings, None), made, self.platform, request)


def laid_out(root: Path) -> None:
    """Lay out a configuration without packages."""
    (root / "packages").mkdir()
    (root / "catalog.yaml").write_text(yaml.safe_dump(CATALOG), encoding="utf-8")


@contextmanager
def opened_shop(root: Path) -> Iterator[Shop]:
    laid_out(root)
    new_store(root / "platform.db")
    with open_platform("sqlite:///platform.db", root=root) as platform:
        shop = Shop(root, platform)
        shop.guards(clients_losing="unlimited")
        yield shop


def change_of(made: Plan, key: str) -> Change:
    """The package's own change, not the reassignment of its holders."""
    return next(each for each in made.changes if each.key == key and each.reassignment is None)


def counts(change: Change) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """Keep, lose, use and over per code and subject."""
    return {
        (finding.code.value, finding.subject): (finding.keep, finding.lose, finding.use, finding.over)
        for finding in change.impact.findings
    }
