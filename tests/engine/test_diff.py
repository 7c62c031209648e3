from pathlib import Path

import pytest

from reconciler.engine.diff import diff
from reconciler.errors import WrongUsageError
from reconciler.model.plans import Action, Plan, Reach
from reconciler.model.terms import Severity
from reconciler.sources.workspace import read_workspace
from tests.builders import NOON
from tests.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.package("basic", features=["chat", "calls"], limits={"minutes": 100})
    made.package("extra")
    made.commit("Begin")
    return made


def since(repository: Repository, ref: str = "HEAD", folder: str = ".") -> Plan:
    config = repository.root / folder / "reconciler.yaml"
    workspace = read_workspace(config, today=NOON.date(), cache=False).required()
    return diff(workspace, config, ref, NOON)


def test_a_difference_has_its_severity_and_place_but_reaches_nobody_knows_whom(
    repository: Repository,
) -> None:
    repository.package("basic", features=["chat"])

    (change,) = since(repository).changes

    assert (change.action, change.severity, change.reach) == (Action.UPDATE, Severity.BREAKING, Reach.UNKNOWN)
    assert [field.code.value for field in change.fields] == ["feature-removed", "limit-removed"]
    assert change.source is not None
    assert (change.source.file, change.source.line) == ("packages/basic.yaml", 3)
    assert not change.impact.complete
    assert change.impact.findings == ()


def test_a_guard_that_becomes_looser_is_shown_with_its_environment(repository: Repository) -> None:
    repository.configure(clients_losing="5%", archives=3, protected=["basic"])
    repository.commit("Guard")
    repository.configure(clients_losing=1, archives=2, protected=[])

    made = since(repository)

    loosened = {change.guard: (change.before, change.after) for change in made.loosened}
    assert loosened == {"local/clients_losing": ("5%", 1), "local/protected": (("basic",), ())}
    assert [change.guard for change in made.tightened] == ["local/archives"]
    assert not made.is_empty


def test_nothing_differs_from_the_commit_that_is_checked_out(repository: Repository) -> None:
    made = since(repository)

    assert made.is_empty
    assert made.is_offline
    assert made.config.commit == repository.git("rev-parse", "HEAD") == made.platform.lineage


def test_files_that_came_went_and_moved_are_seen(repository: Repository) -> None:
    (repository.root / "packages" / "extra.yaml").unlink()
    repository.package("basic", features=["chat", "calls"], limits={"minutes": 100}, archived=True)
    repository.package("more")
    repository.package("renamed", renamed_from="extra", title="Extra")

    made = since(repository)

    assert {change.key: change.action for change in made.changes} == {
        "basic": Action.ARCHIVE,
        "more": Action.CREATE,
        "renamed": Action.RENAME,
    }


def test_a_tag_a_branch_and_an_older_commit_can_be_compared_with(repository: Repository) -> None:
    repository.git("tag", "v1")
    repository.package("extra", user_count=9)
    repository.commit()
    repository.package("extra", user_count=10)
    repository.commit()

    assert [len(since(repository, ref).changes) for ref in ("v1", "main", "HEAD~1", "HEAD~2")] == [1, 0, 1, 1]


def test_a_configuration_in_a_folder_of_the_repository_is_found_there(repository: Repository) -> None:
    (repository.root / "shop").mkdir()
    for name in ("packages", "catalog.yaml", "reconciler.yaml"):
        repository.git("mv", name, f"shop/{name}")
    repository.commit()
    repository.write("shop/packages/extra.yaml", {"title": "Extra", "user_count": 4})

    (change,) = since(repository, folder="shop").changes

    assert change.key == "extra"


def test_a_commit_without_configuration_or_with_invalid_files_is_said(repository: Repository) -> None:
    repository.write("packages/extra.yaml", "title: [")
    broken = repository.commit()
    repository.git("rm", "-q", "reconciler.yaml")
    repository.commit()
    bare = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "-q", "HEAD~2", "--", "reconciler.yaml", "packages")

    assert "invalid files" in since(repository, broken).notices[0]
    assert "cannot be read" in since(repository, bare).notices[0]
    assert {change.action for change in since(repository, bare).changes} == {Action.CREATE}


@pytest.mark.parametrize("ref", ["nope", "--output=pwned", "HEAD:packages", "", "main --all", "\x00"])
def test_what_names_no_commit_is_wrong_usage(repository: Repository, ref: str) -> None:
    with pytest.raises(WrongUsageError):
        since(repository, ref)


def test_outside_of_a_repository_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    (tmp_path / "packages").mkdir()
    repository.write("reconciler.yaml", {"environments": {"local": {"platform": "sqlite:///x.db"}}})
    (tmp_path / "schemas").mkdir()
    repository.write("schemas/catalog.yaml", {"features": {}})

    with pytest.raises(WrongUsageError):
        since(repository)
