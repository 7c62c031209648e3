"""The smallest sensible values, and the steps that most tests begin with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from reconciler.model.catalog import Catalog
from reconciler.model.changesets import ChangeSet
from reconciler.model.clients import ClientLine
from reconciler.model.packages import Definition

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run

NOW: Final = datetime(2026, 10, 1, 12, tzinfo=UTC)
LATER: Final = NOW + timedelta(days=1)

CATALOG: Final = Catalog.normalised(
    {
        "features": {
            "chat": {"title": "Chat"},
            "audio": {"title": "Audio call"},
            "agent": {"title": "AI agent", "ai": True},
        },
        "limits": {
            "sessions": {"title": "Sessions", "per": "cycle"},
            "sources": {"title": "Sources"},
        },
    }
)

_plans = count(1)


def definition(title: str = "Basic", **document: Any) -> Definition:
    return Definition.normalised({"title": title, "user_count": 5, "features": ["chat"], **document})


def line(client_id: str, **stated: Any) -> ClientLine:
    new: dict[str, Any] = {"name": client_id, "owner_email": f"ops@{client_id}.example", "package": "basic"}
    return ClientLine(client_id, **{"line": 1, **new, **stated})


def change_set(platform: Platform, **contents: Any) -> ChangeSet:
    identity: dict[str, Any] = {"plan_hash": f"sha256:{next(_plans)}", "lineage": platform.identity().lineage}
    return ChangeSet(**{**identity, "at": LATER, "actor": "ada", "environment": "local", **contents})


def apply(platform: Platform, **contents: Any) -> Run:
    return platform.apply(change_set(platform, **contents))


def with_catalog(platform: Platform) -> None:
    apply(platform, catalog=CATALOG)


def only(feature: str, **stated: Any) -> Catalog:
    """Return a catalog of one feature, as CATALOG has it or with what is stated."""
    return Catalog({feature: replace(CATALOG.features[feature], **stated)})


def with_client(platform: Platform, client_id: str = "acme", **stated: Any) -> None:
    """Have package `basic` where it is missing, and a client on it."""
    if not any(head.key == "basic" for head in platform.packages()):
        platform.edit_package("basic", definition(), NOW)
    platform.add_client(line(client_id, **stated), NOW)


def version(platform: Platform, key: str) -> int:
    return next(head.version for head in platform.packages() if head.key == key)
