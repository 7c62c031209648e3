from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.engine.validate import lint, repairs
from reconciler.sources.edits import write_edits
from reconciler.validation.rules.lint import LINT_RULES
from tests.builders import NOON
from tests.workspaces import CONFIG, repository, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.findings import Finding

CATALOG = """\
features:
  chat: {title: Chat}
  agent: {title: Agent, ai: true}
  fax: {title: Fax, deprecated: true}
limits:
  live_sessions: {title: Live sessions, unit: session}
"""
PRO = "title: Pro\nfeatures: [chat]\nlimits: {live_sessions: 200}\nuser_count: 9\n"
AGENT = "title: Agent\nfeatures: [agent]\nuser_count: 1\nai_credits: 5\n"


def told(root: Path, config: str = CONFIG, **packages: str) -> list[tuple[str, str]]:
    found = findings(root, config, **packages)
    return [(f"{each.file}:{each.position.line}", each.rule) for each in found]


def findings(root: Path, config: str = CONFIG, **packages: str) -> tuple[Finding, ...]:
    packages = {"agent": AGENT, "pro": PRO, **packages}
    return lint(workspace(repository(root, catalog=CATALOG, config=config, **packages)))


def test_files_that_say_what_is_meant_get_no_advice(tmp_path: Path) -> None:
    assert told(tmp_path) == []


def test_a_tier_has_all_that_the_tier_below_it_has(tmp_path: Path) -> None:
    higher = (
        "title: Top\nfeatures: [agent]\nlimits: {live_sessions: 100}\nuser_count: unlimited\nai_credits: 1\n"
    )

    found = findings(tmp_path, f"{CONFIG}tiers: [pro, top]\n", top=higher)

    assert [(each.file, each.position.line, each.message) for each in found] == [
        ("packages/top.yaml", 2, "the tier below, `pro`, has the feature `chat`, and this one has not"),
        ("packages/top.yaml", 3, "the tier below, `pro`, has 200 of `live_sessions`, and this one 100"),
    ]
    assert [each.fix for each in found] == ["add chat", "grant at least 200"]


def test_an_archived_tier_is_stepped_over(tmp_path: Path) -> None:
    config = f"{CONFIG}tiers: [pro, old, top]\n"
    old = "title: Old\nuser_count: 1\narchived: true\n"
    top = PRO.replace("Pro", "Top").replace("9", "10")

    assert told(tmp_path, config, old=old, top=top) == []


def test_a_tier_without_a_file_is_told(tmp_path: Path) -> None:
    [found] = findings(tmp_path, f"{CONFIG}tiers: [por, agent]\n")

    assert (found.file, found.rule, found.fix) == ("reconciler.yaml", "unknown-tier", "did you mean `pro`?")


def test_packages_that_grant_the_same_are_told(tmp_path: Path) -> None:
    assert [
        (each.file, each.rule, each.fix) for each in findings(tmp_path, zwin=PRO.replace("Pro", "Twin"))
    ] == [("packages/zwin.yaml", "alike-packages", "let them differ, or archive one")]


def test_words_of_the_catalog_that_nobody_uses_are_told_unless_deprecated(tmp_path: Path) -> None:
    bare = "title: Pro\nuser_count: 9\n"

    assert told(tmp_path, pro=bare) == [
        ("schemas/catalog.yaml:2", "unused-feature"),
        ("schemas/catalog.yaml:6", "unused-limit"),
    ]


def test_an_ai_feature_without_credits_is_told(tmp_path: Path) -> None:
    idle = "title: Idle\nfeatures: [chat, agent]\nuser_count: 1\n"

    assert told(tmp_path, idle=idle) == [("packages/idle.yaml:2", "ai-feature-without-credits")]


@pytest.mark.parametrize(
    "description",
    [
        "Up to 500 live sessions.",
        "With 500 sessions a month",
        "For 5 users.",
        "Has 2,000 AI credits.",
        "500-session plan",
        "Try it for 30 days.",
    ],
)
def test_a_description_that_states_other_numbers_is_told(tmp_path: Path, description: str) -> None:
    package = f"{PRO}expiry: 14 days\ndescription: {description}\n"

    assert told(tmp_path, pro=package) == [("packages/pro.yaml:6", "description-differs")]


@pytest.mark.parametrize(
    "description",
    [
        "Up to 200 live sessions.",
        "For 9 users and 9 seats.",
        "Open 24 hours, 365 days.",
        "A 14-day trial.",
        "Two weeks, 2 weeks.",
        "Founded 2019 for teams of 3 to 9 people.",
        "Version 2.0 sessions",
        "Version 1 of our best, 200 sessions",
    ],
)
def test_a_description_that_states_the_same_or_speaks_of_other_things_is_not(
    tmp_path: Path, description: str
) -> None:
    expiry = "" if "365" in description else "expiry: 14 days\n"

    assert told(tmp_path, pro=f"{PRO}{expiry}description: {description}\n") == []


def test_advice_is_turned_off_by_its_id_with_a_reason(tmp_path: Path) -> None:
    config = f"{CONFIG}lint:\n  off:\n    alike-packages: They differ by contract.\n"

    assert told(tmp_path, config, zwin=PRO.replace("Pro", "Twin")) == []


@pytest.mark.parametrize(("rule", "fix"), [("alike-package", "did you mean"), ("duplicate-title", "delete")])
def test_only_warnings_that_exist_can_be_turned_off(tmp_path: Path, rule: str, fix: str) -> None:
    [found] = findings(tmp_path, f"{CONFIG}lint: {{off: {{{rule}: Because.}}}}\n")

    assert (found.rule, found.severity) == ("unknown-rule", "error")
    assert found.fix.startswith(fix)


def test_every_piece_of_advice_is_a_warning() -> None:
    assert {rule.severity for rule in LINT_RULES} == {"warning"}


def test_safe_repairs_keep_comments_and_leave_the_rest(tmp_path: Path) -> None:
    broken = (
        "title: 'Pro' # ours\nuser_count: \"9\"  # seats\nfeatures: [chat, agent, chat]\narchived: no\n"
        "ai_credits: Unlimited\nlimits:\n  live_sessions: '200'\nacknowledge:\n"
        "  # spring\n  - {removes: fax, clients: 1, reason: Gone., until: 2026-01-01}\n"
    )
    made = workspace(repository(tmp_path, catalog=CATALOG, agent=AGENT, pro=broken))

    write_edits(tmp_path, repairs(made, NOON.date()))

    assert (tmp_path / "packages" / "pro.yaml").read_text() == (
        "title: 'Pro' # ours\nuser_count: 9    # seats\nfeatures: [chat, agent]\narchived: false\n"
        "ai_credits: unlimited\nlimits:\n  live_sessions: 200\n# spring\n"
    )
    assert lint(workspace(tmp_path / "reconciler.yaml")) == ()


def test_sound_files_and_files_that_are_no_yaml_are_not_repaired(tmp_path: Path) -> None:
    made = workspace(repository(tmp_path, catalog=CATALOG, pro=PRO, bad="title: [\n"))

    assert repairs(made, NOON.date()) == ()
