"""The story: a platform with clients, an edit, the plan that names whom it touches, the apply, and after."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import reconciler
from reconciler.engine.apply import ApplyRequest, apply
from reconciler.engine.demo.clients import believable_clients
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.live.opening import open_platform
from reconciler.sources.atomic import make_folder, write_file
from reconciler.sources.workspace import read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.clients import Client
    from reconciler.model.packages import Definition
    from reconciler.model.plans import Plan
    from reconciler.sources.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of the story."""

    text: str


@dataclass(frozen=True, slots=True)
class Edited:
    """A package file was edited; `diff` is unified."""

    diff: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan was made."""

    plan: Plan
    workspace: Workspace


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan was applied."""

    run: Run


@dataclass(frozen=True, slots=True)
class Looked:
    """One client was looked at; `current` is the current revision of the package that it holds."""

    client: Client
    current: Definition
    workspace: Workspace


Scene: TypeAlias = Told | Edited | Planned | Applied | Looked

_FILE: Final = "packages/professional.yaml"
_EDITS: Final = (
    ("  - recorded_sessions\n", ""),
    ("  recorded_sessions: 1000\n", ""),
    ("  live_sessions: 5000\n", "  live_sessions: 4000\n"),
    ("ai_credits: 2000\n", "ai_credits: 3000\n"),
)


def demo(folder: Path, at: datetime) -> Iterator[Scene]:
    """Tell the story in `folder`, which must be empty; what is there afterwards can be played with."""
    _lay_out(folder)
    workspace = read_workspace(folder / "reconciler.yaml", today=at.date())
    url = environment_of(workspace.settings, None).platform
    with open_platform(url, root=folder) as platform:
        count = _settle(workspace, platform, at - timedelta(days=1))
        yield Told(
            f"A platform with {count} clients on {len(workspace.packages)} packages, all defined in files."
        )
        yield Told("Somebody edits one of the files:")
        yield Edited(_edit(folder))
        workspace = read_workspace(folder / "reconciler.yaml", today=at.date())
        yield Told("What would that do, and to whom?")
        made = _plan(workspace, platform, at)
        yield Planned(made, workspace)
        yield Told("It is reviewed and applied.")
        yield Applied(_apply(workspace, platform, made, at))
        yield Told("Files and platform are equal again:")
        yield Planned(_plan(workspace, platform, at), workspace)
        yield Told("A client who held the package keeps what the edit removed, until it is reassigned:")
        touched = made.changes[-1]
        current = workspace.packages[touched.key].definition
        yield Looked(platform.client(touched.impact.findings[0].sample[0], at), current, workspace)


def _lay_out(folder: Path) -> None:
    example = _example()
    for pattern in ("reconciler.yaml", "packages/**/*.yaml", "schemas/*"):
        for source in example.glob(pattern):
            copy = folder / source.relative_to(example)
            make_folder(copy.parent)
            write_file(copy, source.read_bytes())


def _example() -> Path:
    """Return the example: shipped within the package, or at the top of a checkout."""
    package = Path(reconciler.__file__).parent
    shipped = package / "example"
    return shipped if shipped.is_dir() else package.parent


def _settle(workspace: Workspace, platform: Platform, at: datetime) -> int:
    _apply(workspace, platform, _plan(workspace, platform, at), at)
    return platform.import_clients(believable_clients(workspace.packages, at), at).added


def _edit(folder: Path) -> str:
    path = folder / _FILE
    before = path.read_text(encoding="utf-8")
    after = before
    for old, new in _EDITS:
        after = after.replace(old, new)
    write_file(path, after.encode())
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), _FILE, _FILE, n=1
    )
    return "".join(lines)


def _plan(workspace: Workspace, platform: Platform, at: datetime) -> Plan:
    return plan(workspace, environment_of(workspace.settings, None), platform, PlanRequest(at=at))


def _apply(workspace: Workspace, platform: Platform, made: Plan, at: datetime) -> Run:
    return apply(
        workspace, environment_of(workspace.settings, None), made, platform, ApplyRequest(at=at, actor="demo")
    )
