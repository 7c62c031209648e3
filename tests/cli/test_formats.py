from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.cli.output import FINDINGS_FORMATS, PLAN_FORMATS
from reconciler.live.opening import open_platform
from tests.repository import Repository
from tests.shop import Shop

EVERY_PLAN_FORMAT = ("text", "json", *PLAN_FORMATS)
EVERY_FINDINGS_FORMAT = ("text", "json", *FINDINGS_FORMATS)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """One package that a client holds, and a change in its file that takes something from it."""
    repository = Repository.made(tmp_path / "repository", clients_losing="unlimited")
    repository.package("basic", features=["chat", "calls"])
    repository.commit()
    with open_platform("sqlite:///platform.db", root=repository.root) as platform:
        shop = Shop(repository.root, platform)
        shop.apply()
        shop.clients("acme", package="basic")
    repository.package("basic", features=["chat"])
    monkeypatch.chdir(repository.root)
    return repository


@pytest.mark.parametrize("form", EVERY_PLAN_FORMAT)
def test_a_format_changes_what_is_printed_and_never_the_exit_code(
    repository: Repository, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    planned = main(["plan", "--format", form, "--detailed-exitcode", "--out", "plan.json"])
    drifted = main(["drift", "--format", form])
    shown = main(["show", "plan.json", "--format", form])
    compared = main(["diff", "--against", "HEAD", "--format", form])
    repository.package("basic", features=["chat"], rollout={"existing_clients": "reassign"})
    blocked = main(["plan", "--format", form])

    assert (planned, drifted, shown, compared, blocked) == (2, 2, 0, 0, 4)
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("form", EVERY_FINDINGS_FORMAT)
def test_findings_have_the_same_exit_code_in_every_format(
    repository: Repository, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    valid = main(["validate", "--format", form])
    capsys.readouterr()
    repository.package("basic", features=["chta"])
    invalid = main(["validate", "--format", form])

    assert (valid, invalid) == (0, 3)
    assert "unknown-feature" in capsys.readouterr().out


def test_places_are_told_from_the_top_of_the_repository_where_a_build_server_runs(
    repository: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.root.parent)

    main(["-c", "repository/reconciler.yaml", "plan", "--format", "github"])
    main(["-c", "repository/reconciler.yaml", "diff", "--against", "HEAD", "--format", "sarif"])

    github, _, sarif = capsys.readouterr().out.partition("{")
    assert "file=repository/packages/basic.yaml," in github
    assert '"uri": "repository/packages/basic.yaml"' in sarif


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--format", "html"],
        ["history", "--format", "sarif"],
        ["clients", "list", "--format", "junit"],
    ],
)
def test_a_format_that_a_command_does_not_have_is_wrong_usage(
    repository: Repository, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == 64
    command, form = " ".join(["reconciler", *arguments[:-2]]), arguments[-1]
    assert f"`{command}` has no format {form}, only text, json" in capsys.readouterr().err
    assert repository.root == Path.cwd()


def test_a_value_that_nothing_takes_is_refused_with_where_it_was_set(
    repository: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["plan", "--format", "yaml"]) == 64
    typed = capsys.readouterr().err
    monkeypatch.setenv("RECONCILER_FORMAT", "yaml")
    assert main(["plan"]) == 64
    by_variable = capsys.readouterr().err

    assert "for '--format': 'yaml' is not one of" in typed
    assert "for '--format' (env var: 'RECONCILER_FORMAT'): 'yaml' is not one of" in by_variable
    assert repository.root == Path.cwd()


@pytest.mark.parametrize("form", EVERY_PLAN_FORMAT)
def test_people_see_the_worst_packages_and_machines_all(
    repository: Repository, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    for number in range(120):
        repository.package(f"more-{number:03}", features=["chat"])
    main(["plan", "--format", form])
    short = capsys.readouterr().out
    main(["plan", "--format", form, "--all"])
    whole = capsys.readouterr().out

    is_for_people = form in {"text", "markdown", "html"}
    assert ("Left out here: 21 more packages, 21 to create." in short) == is_for_people
    is_bounded = form in {"github", "gitlab-widget"}
    assert ("more-119" in short) != (is_for_people or is_bounded)
    assert ("more-119" in whole) != is_bounded
    assert "more packages" not in whole
