"""A week in a team: pull requests of branches and forks, two environments, clients who come and go."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from tests.github import PROGRAMS
from tests.preloaded import preloaded
from tests.week import ENVIRONMENTS, HEADROOM, KEYS, PullRequest, Team, acknowledged, files_of, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.repository import Repository

PULL_REQUESTS: Final = 20
FORKS: Final = 4
CLIENTS: Final = 200
LEAVING: Final = 5


@pytest.fixture
def team(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Team]:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    with preloaded(bin_, **{**PROGRAMS, "reconciler": "reconciler.cli.main"}):
        team = Team(tmp_path, random.Random(request.param))  # noqa: S311 - the same week each time
        team.begin()
        yield team


def edited(key: str, change: Callable[[dict[str, Any]], None], repository: Repository) -> None:
    """Edit a package; how its holders fare is said anew each time."""
    path = repository.root / "packages" / f"{key}.yaml"
    document = yaml.safe_load(path.read_text())
    for stated in ("rollout", "acknowledge"):
        document.pop(stated, None)
    change(document)
    repository.write(f"packages/{key}.yaml", document)


def commented(key: str, repository: Repository) -> None:
    path = repository.root / "packages" / f"{key}.yaml"
    path.write_text(f"# Looked over.\n{path.read_text()}")


def with_term(number: int, key: str, repository: Repository) -> None:
    """Add a feature to the catalog and to a package."""
    catalog = yaml.safe_load((repository.root / "catalog.yaml").read_text())
    catalog["features"][f"extra_{number}"] = {"title": f"Extra {number}"}
    repository.write("catalog.yaml", catalog)
    edited(key, lambda document: document["features"].append(f"extra_{number}"), repository)


def described(number: int, document: dict[str, Any]) -> None:
    document["description"] = f"Text {number}."


def raised(document: dict[str, Any]) -> None:
    document["user_count"] += 1


def added(number: int, repository: Repository) -> None:
    repository.package(f"new-{number}", features=["chat"])


def noted(number: int, repository: Repository) -> None:
    repository.write(f"NOTES-{number}.md", "Nothing about packages.")


def edits(team: Team) -> Iterator[Callable[[Repository], None]]:
    """Yield what pull requests of the week do, in no order."""
    for number in range(PULL_REQUESTS - 2):
        key = team.chance.choice(KEYS)
        of_each_kind = (
            partial(edited, key, raised),
            partial(edited, key, partial(without, team.chance.choice(["calls", "sessions"]))),
            partial(commented, key),
            partial(with_term, number, key),
            partial(added, number),
            partial(edited, key, partial(described, number)),
            partial(noted, number),
        )
        yield of_each_kind[number % len(of_each_kind)]


def without(feature: str, document: dict[str, Any]) -> None:
    document["features"] = [each for each in document["features"] if each != feature]


def taken_from_all(team: Team, key: str) -> Callable[[Repository], None]:
    """Take chat from everybody who holds the package, with an acknowledgement that leaves some room."""
    with team.opened("production") as platform:
        holders = sum(1 for _ in platform.clients(now(), package=key))

    def change(document: dict[str, Any]) -> None:
        without("chat", document)
        document["rollout"] = {"existing_clients": "reassign"}
        gone = [each for each in ("calls", "chat", "sessions") if each not in document["features"]]
        document["acknowledge"] = [acknowledged(each, holders + HEADROOM) for each in gone]

    return partial(edited, key, change)


@pytest.mark.parametrize("team", [20261128], indirect=True)
def test_a_week_in_a_team(team: Team) -> None:
    chance = team.chance
    waiting: list[PullRequest] = []
    planned = [partial(team.propose, edit, is_fork=number < FORKS) for number, edit in enumerate(edits(team))]
    chance.shuffle(planned)
    happenings: list[Callable[[], object]] = [partial(team.sign_up, CLIENTS // 20) for _ in range(19)]
    happenings += [team.leave] * LEAVING
    happenings += [partial(team.edit_by_hand, chance.choice(KEYS))]
    chance.shuffle(happenings)
    team.sign_up(CLIENTS // 20)
    rolled_back = ""

    while planned or waiting or happenings:
        if happenings and chance.random() < 0.5:
            happenings.pop()()
        elif planned and (len(waiting) < 3 or chance.random() < 0.5):
            waiting.append(planned.pop()())
            if len(planned) == PULL_REQUESTS // 2:
                waiting.append(team.propose(taken_from_all(team, "pro")))
            if len(planned) == PULL_REQUESTS // 3:
                rolled_back = team.roll_back("production")
        elif waiting:
            chance.shuffle(waiting)
            merged = [waiting.pop() for _ in range(min(len(waiting), chance.choice([1, 1, 2])))]
            merge_all(team, merged)
    revert(team)

    assert rolled_back
    assert {0, 5} <= set(team.codes)
    with team.opened("production") as platform:
        assert sum(1 for _ in platform.clients(now())) == CLIENTS
    for environment in ENVIRONMENTS:
        team.by_hand(environment)
        assert team.reconciler("-e", environment, "plan", "--detailed-exitcode")[0] == 0
        assert team.script("drift", environment) == 0
        require_as_the_files_say(team, environment)
    assert team.runner.forge.issues() == []


def merge_all(team: Team, pulls: list[PullRequest]) -> None:
    """Merge what goes together in one push; who conflicts with `main` begins anew from there."""
    for pull in pulls:
        if team.conflicts(pull):
            team.update(pull)
    first, *others = pulls
    team.merge(first)
    if team.is_over_bound:
        team.merge(team.propose(taken_from_all(team, "pro")))
    for pull in others:
        if team.conflicts(pull):
            team.update(pull)
        team.merge(pull)


def revert(team: Team) -> None:
    commit = team.author.git("log", "-1", "--format=%H", "--first-parent", "--", "packages")
    parents = team.author.git("rev-list", "--parents", "-1", commit).split()
    mainline = ("-m", "1") if len(parents) > 2 else ()

    def edit(repository: Repository) -> None:
        repository.git("revert", "--no-commit", *mainline, commit)

    team.merge(team.propose(edit))


def require_as_the_files_say(team: Team, environment: str) -> None:
    files = files_of(team.runner.repository.root)
    with team.opened(environment) as platform:
        parked = {each.subject for each in platform.parked()}
        for head in platform.packages():
            if head.key not in parked:
                assert head.title == files[f"packages/{head.key}.yaml"]["title"]
