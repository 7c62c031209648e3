"""Saved plans, and plans that hypothesis builds: what every medium is held against."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from reconciler.model.plans import Change, FilesIdentity, Plan, PlatformSeen, TermWords
from reconciler.planning.assembly import summary
from reconciler.render.story.blockers import Audience
from reconciler.render.story.story import story

if TYPE_CHECKING:
    from reconciler.render.story.story import Story

CASES = sorted(path for path in (Path(__file__).parents[1] / "cases" / "plans").iterdir() if path.is_dir())
TERMS = {
    "/features/calls": TermWords(title="Audio calls"),
    "/features/recorded": TermWords(title="Recorded sessions"),
    "/limits/recorded": TermWords(title="Recorded sessions", unit="session", per="cycle"),
    "/limits/apps": TermWords(title="Connected apps", unit="app"),
}
_KINDS = st.sampled_from(
    [
        ("feature-removed", "calls", (True,), None),
        ("feature-removed", "recorded", (True,), None),
        ("limit-removed", "recorded", (200,), None),
        ("limit-lowered", "apps", (9, 7), 3),
        ("user-count-lowered", "user_count", (10,), 4),
        ("ai-credits-lowered", "ai_credits", (50,), None),
        ("expiry-shortened", "expiry", ("60 days",), "30 days"),
        ("grant-ended", "features/extra", (None,), None),
        ("grant-ended", "limits/apps", (None,), 3),
    ]
)
_GAINS = st.sampled_from(
    [("feature-added", "extra", (None,), True), ("limit-raised", "apps", (3, 5), 9)]
    + [("feature-added", f"more_{number}", (None,), True) for number in range(4)]
)
_COUNTS = st.integers(0, 3) | st.integers(0, 40_000)


def named(name: str) -> Plan:
    return plan_of(next(case for case in CASES if case.name == name))


def plan_of(case: Path) -> Plan:
    return Plan.model_validate_json((case / "plan.json").read_bytes())


def told(plan: Plan, audience: Audience = Audience.REVIEW) -> Story:
    return story(plan, audience)


@st.composite
def findings(draw: st.DrawFn, moving: int, staying: int) -> list[dict[str, Any]]:
    """Losses of clients of whom `moving` move and `staying` do not."""
    made = []
    for code, subject, held, left in draw(st.lists(_KINDS, unique_by=lambda kind: kind[:2], max_size=4)):
        lose, keep = draw(st.integers(0, moving)), draw(st.integers(0, staying))
        use, over = draw(st.integers(0, lose + keep)), draw(st.integers(0, lose + keep))
        made.append(
            {
                "code": code,
                "subject": subject,
                "from": held,
                "to": left,
                "lose": lose,
                "keep": keep,
                "granted": draw(st.integers(0, 2)),
                "use": use,
                "over": over,
                "lose_use": draw(st.integers(max(0, use - keep), min(use, lose))),
                "lose_over": draw(st.integers(max(0, over - keep), min(over, lose))),
                "sample": draw(
                    st.lists(st.sampled_from("abcdefgh"), max_size=min(5, lose + keep), unique=True)
                ),
            }
        )
    return made


@st.composite
def gains(draw: st.DrawFn, moving: int) -> list[dict[str, Any]]:
    """What some of those who move gain."""
    return [
        {
            "code": code,
            "subject": subject,
            "from": held,
            "to": left,
            "gain": draw(st.integers(0, moving)),
            "granted": draw(st.integers(0, 2)),
        }
        for code, subject, held, left in draw(st.lists(_GAINS, unique_by=lambda kind: kind[1]))
    ]


@st.composite
def changes(draw: st.DrawFn, key: str) -> list[Change]:
    """The reassignment of a package's holders, perhaps with the edit that it carries out."""
    moving, staying = draw(_COUNTS), draw(_COUNTS)
    losing = draw(st.integers(0, moving))
    impact: dict[str, Any] = {
        "holders": moving + staying,
        "suspended": draw(st.integers(0, 2)),
        "stale": draw(st.integers(0, moving + staying)),
        "findings": [*draw(findings(losing, staying)), *draw(gains(moving))],
        "clients_losing": losing,
        "clients_losing_in_use": draw(st.integers(0, losing)),
        "clients_keeping": draw(st.integers(0, staying)),
        "clients_gaining": draw(st.integers(0, moving)),
        "subscriptions_ended": draw(st.integers(0, losing)),
    }
    common: dict[str, Any] = {
        "key": key,
        "title": key.upper(),
        "from_revision": 1,
        "severity": draw(st.sampled_from(["breaking", "restricting", "expanding"])),
        "impact": impact,
        "source": {"file": f"packages/{key}.yaml", "line": draw(st.integers(1, 9))},
    }
    move: dict[str, Any] = {
        "action": "reassign",
        "reach": "on-reassign-in-this-plan",
        "reassignment": {"clients": moving},
    }
    edit: dict[str, Any] = {
        "action": "update",
        "reach": "on-reassign-in-this-plan" if moving else "kept-until-reassigned",
    }
    kinds = [edit] if not moving else [move, edit] if draw(st.booleans()) else [move]
    return [Change.model_validate_json(json.dumps({**common, **kind})) for kind in kinds]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans whose figures add up."""
    keys = draw(st.lists(st.sampled_from(["pro", "basic", "team-9", "x_y", "solo"]), unique=True, max_size=4))
    made = tuple(change for key in keys for change in draw(changes(key)))
    return Plan(
        environment="production",
        platform=PlatformSeen(kind="sqlite", lineage="x"),
        created_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
        config=FilesIdentity(),
        changes=made,
        terms=TERMS,
        summary=summary(made),
    ).sealed()
