"""A small agency to plan and apply on: package files in a folder, and a real embedded platform."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from reconciler.engine.aims import FILES_APPLIED, Aim
from reconciler.engine.apply import ApplyRequest, apply
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from reconciler.sources.workspace import read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.plans import Change, Plan
    from reconciler.model.settings import Environment
    from reconciler.sources.workspace import Workspace

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CATALOG = {
    "features": {
        "chat": {"title": "Live chat"},
        "calls": {"title": "Audio calls"},
        "sessions": {"title": "Sessions"},
        "agent": {"title": "AI agent", "ai": True},
    },
    "limits": {
        "minutes": {"title": "Call time", "unit": "minute", "per": "cycle"},
        "seats": {"title": "Seats", "unit": "seat"},
    },
}
LENIENT = {"archives": "unlimited", "clients_losing": "unlimited", "acknowledge": "never"}


@dataclass(frozen=True)
class Shop:
    """Files and a platform, at one instant that a test moves by `later`."""

    root: Path
    platform: Platform
    at: datetime = NOON

    def later(self, **by: float) -> Shop:
        return replace(self, at=self.at + timedelta(**by))

    def write(self, key: str = "pro", **fields: Any) -> None:
        document = {"title": key.capitalize(), "user_count": 5, "allowed_emails": "any", **fields}
        (self.root / "packages" / f"{key}.yaml").write_text(json.dumps(document), encoding="utf-8")

    def remove(self, key: str) -> None:
        (self.root / "packages" / f"{key}.yaml").unlink()

    def guard(self, **guards: Any) -> None:
        _configure(self.root, guards)

    @property
    def workspace(self) -> Workspace:
        config = self.root / "reconciler.yaml"
        return read_workspace(config, today=self.at.date(), cache=False).required()

    @property
    def environment(self) -> Environment:
        return environment_of(self.workspace, None)

    def plan(self, aim: Aim = FILES_APPLIED, *, allow: tuple[str, ...] = ()) -> Plan:
        return plan(self.workspace, self.environment, self.platform, PlanRequest(self.at, allow, aim=aim))

    def apply(
        self, made: Plan | None = None, aim: Aim = FILES_APPLIED, *, allow: tuple[str, ...] = ()
    ) -> Run:
        request = ApplyRequest(self.at, "tester", allow, aim=aim)
        return apply(self.workspace, self.environment, made or self.plan(aim), self.platform, request)

    def sell(self, *ids: str, package: str = "pro", **stated: Any) -> None:
        """Add clients, or state something new about them."""
        lines = [
            ClientLine(
                id_,
                number,
                name=stated.get("name", id_.capitalize()),
                owner_email=stated.get("owner_email", f"owner@{id_}.example"),
                status=stated.get("status"),
                package=package,
                assigned_at=stated.get("assigned_at"),
                users=stated.get("users"),
                usage=stated.get("usage"),
            )
            for number, id_ in enumerate(ids, 1)
        ]
        self.platform.import_clients(lines, self.at)

    def change(self, action: str) -> Change:
        """Return the one change of this kind that a plan would make now."""
        (found,) = (change for change in self.plan().changes if change.action == action)
        return found


@contextmanager
def opened_shop(root: Path, **guards: Any) -> Iterator[Shop]:
    """Open an empty shop in `root`; guards are lenient unless stated."""
    (root / "packages").mkdir()
    (root / "schemas").mkdir()
    (root / "schemas" / "catalog.yaml").write_text(json.dumps(CATALOG), encoding="utf-8")
    _configure(root, guards)
    with open_platform("sqlite:///platform.db", root=root) as platform:
        yield Shop(root, platform)


def _configure(root: Path, guards: dict[str, Any]) -> None:
    local = {"platform": "sqlite:///platform.db", "guards": {**LENIENT, **guards}}
    document = {"environments": {"local": local}}
    (root / "reconciler.yaml").write_text(json.dumps(document), encoding="utf-8")
