"""`demo`: a platform with a few hundred clients, an edit, the plan that names whom it touches, the apply."""

from __future__ import annotations

import difflib
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

import reconciler
from reconciler.engine.apply import ApplyRequest, apply
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from reconciler.model.quantities import allowance
from reconciler.model.terms import CAPS, USERS
from reconciler.sources.atomic import make_folder, write_file
from reconciler.sources.workspace import read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.clients import Client
    from reconciler.model.packages import Definition, DesiredPackage
    from reconciler.model.plans import Plan
    from reconciler.sources.workspace import Workspace

_NAMES: Final = (
    "Alder", "Ashford", "Bluebird", "Brightwater", "Calder", "Cedar", "Copper", "Eastgate", "Fairview",
    "Foxglove", "Granite", "Harbour", "Hartwell", "Juniper", "Kestrel", "Larkspur", "Maple", "Northwind",
    "Orchard", "Pinecrest", "Riverside", "Sandpiper", "Silverton", "Thornbury", "Willow",
)  # fmt: skip
_TRADES: Final = (
    "Accounting", "Architects", "Catering", "Dental", "Events", "Fitness", "Insurance", "Interiors", "Legal",
    "Motors", "Property", "Travel", "Veterinary",
)  # fmt: skip
_PEOPLE: Final = ("ana", "ben", "carla", "david", "elif", "farid", "greta", "hugo", "ines", "jonas", "kim")
_MIX: Final = {"starter": 42, "professional": 38, "premium": 9, "trial": 11}
_OLDEST_DAYS: Final = 400


_FILE: Final = "packages/professional.yaml"
_EDITS: Final = (
    ("  - recorded_sessions\n", ""),
    ("  recorded_sessions: 1000\n", ""),
    ("  live_sessions: 5000\n", "  live_sessions: 4000\n"),
    ("ai_credits: 2000\n", "ai_credits: 3000\n"),
)


def believable_clients(packages: Mapping[str, DesiredPackage], at: datetime) -> Iterator[ClientLine]:
    """Yield a client per name and trade, on the packages of the example, with usage that fits each.

    Nothing depends on `at` but the dates, so that counts are the same whenever the demo runs.
    """
    chance = Random(7)  # noqa: S311 - the same clients every time, not secrets
    for number, (name, trade) in enumerate((name, trade) for trade in _TRADES for name in _NAMES):
        key = chance.choices(list(_MIX), weights=list(_MIX.values()))[0]
        definition = packages[key].definition
        yield ClientLine(
            id=f"{name}-{trade}".lower(),
            line=number + 1,
            name=f"{name} {trade}",
            owner_email=f"{chance.choice(_PEOPLE)}@{name}-{trade}.example".lower(),
            status="active" if chance.random() < 0.97 else "disabled",  # noqa: PLR2004 - a few are on hold
            package=key,
            assigned_at=at - timedelta(days=chance.randrange(1, 20 if key == "trial" else _OLDEST_DAYS)),
            users=_some(chance, allowance(definition.caps[USERS.key])) or 1,
            usage=_usage(chance, definition),
        )


def _usage(chance: Random, definition: Definition) -> dict[str, int]:
    usage = {feature: chance.randrange(1, 400) for feature in definition.features if chance.random() < 0.4}  # noqa: PLR2004 - nobody uses everything
    for key, cap in definition.limits.items():
        if key not in definition.features or key in usage:
            usage[key] = _some(chance, allowance(cap))
    for key, cap in definition.caps.items():
        if CAPS[key].metered == "usage":
            usage[key] = _some(chance, allowance(cap))
    return {meter: amount for meter, amount in sorted(usage.items()) if amount}


def _some(chance: Random, cap: int | None) -> int:
    """Draw an amount up to the cap; most clients use well under half of what they may."""
    return int((cap or 2_000) * chance.betavariate(2, 3.2))


class Told(Struct, frozen=True):
    """A sentence of the story."""

    text: str


class Edited(Struct, frozen=True):
    """A package file was edited; `diff` is unified."""

    diff: str


class Planned(Struct, frozen=True):
    """A plan was made."""

    plan: Plan
    workspace: Workspace


class Applied(Struct, frozen=True):
    """A plan was applied."""

    run: Run


class Looked(Struct, frozen=True):
    """One client was looked at; `current` is the current revision of the package that it holds."""

    client: Client
    current: Definition
    workspace: Workspace


Scene: TypeAlias = Told | Edited | Planned | Applied | Looked


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
