from pathlib import Path

import pytest

from reconciler.engine.diff import Since, diff
from reconciler.errors import InvalidError, WrongUsageError
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


def since(repository: Repository, ref: str = "HEAD", folder: str = ".", *, exact: bool = False) -> Plan:
    config = repository.root / folder / "reconciler.yaml"
    workspace = read_workspace(config, today=NOON.date(), cache=False).required()
    return diff(workspace, config, Since(ref, is_exact=exact), NOON)


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


def test_against_a_commit_without_configuration_everything_is_new(repository: Repository) -> None:
    repository.git("rm", "-q", "reconciler.yaml")
    bare = repository.commit()
    repository.git("checkout", "-q", "HEAD~1", "--", "reconciler.yaml")

    made = since(repository, bare)

    assert "has no reconciler.yaml" in made.notices[0]
    assert {change.action for change in made.changes} == {Action.CREATE}


def test_what_cannot_be_read_of_a_commit_is_never_taken_for_absent(repository: Repository) -> None:
    repository.write("packages/extra.yaml", "title: [")
    broken = repository.commit()
    repository.package("extra")

    with pytest.raises(InvalidError, match="1 error in its files") as refused:
        since(repository, broken)

    assert refused.value.hint == "Compare with a commit whose files can be read."
    assert [each.file for each in refused.value.findings] == ["packages/extra.yaml"]


def test_what_is_only_judged_wrong_in_a_commit_is_compared_with(repository: Repository) -> None:
    repository.package("extra", features=["nosuch"])
    wrong = repository.commit()
    repository.package("extra")

    (change,) = since(repository, wrong).changes

    assert [each.path for each in change.fields] == ["/features/nosuch"]


def test_what_others_did_on_the_branch_since_is_not_this_ones_doing(repository: Repository) -> None:
    repository.git("switch", "-q", "-c", "mine")
    repository.package("extra", features=["chat"])
    repository.commit()
    repository.git("switch", "-q", "main")
    repository.package("basic")
    repository.commit()
    repository.git("switch", "-q", "mine")

    mine, both = since(repository, "main"), since(repository, "main", exact=True)

    assert {change.key for change in mine.changes} == {"extra"}
    assert "where what is checked out left main" in mine.notices[0]
    assert {change.key for change in both.changes} == {"basic", "extra"}


def test_histories_without_a_common_commit_are_compared_only_exactly(repository: Repository) -> None:
    repository.git("switch", "-q", "--orphan", "other")
    repository.commit("Unrelated")
    repository.git("checkout", "-q", "main", "--", ".")

    with pytest.raises(WrongUsageError, match="no commit in common") as refused:
        since(repository, "main")

    assert "--exact" in refused.value.hint
    assert since(repository, "main", exact=True).is_empty


def test_a_linked_folder_of_packages_is_followed(repository: Repository) -> None:
    repository.git("mv", "packages", "sold")
    (repository.root / "packages").symlink_to("sold")
    repository.commit()
    repository.package("extra", features=["chat"])

    (change,) = since(repository).changes

    assert (change.key, change.action) == ("extra", Action.UPDATE)


def test_a_submodule_of_packages_stops_it(repository: Repository) -> None:
    commit = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},packages/theirs")
    repository.git("commit", "-q", "-m", "Refer to another repository")

    with pytest.raises(InvalidError, match="has a submodule at 'packages/theirs'") as raised:
        since(repository)

    assert raised.value.hint == "Keep the files in this repository, or do without comparing commits."


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
