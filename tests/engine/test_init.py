from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.engine.fmt import fmt
from reconciler.engine.init.repository import GITLAB_JOBS, WORKFLOW, Wishes, new_repository, pinned
from reconciler.engine.validate import lint
from reconciler.errors import InvalidError, WrongUsageError
from reconciler.sources.edits import write_edits
from tests.terminals import ROOT, answered
from tests.workspaces import workspace

if TYPE_CHECKING:
    from reconciler.engine.init.repository import Ci


def made(folder: Path) -> tuple[str, ...]:
    new = new_repository(folder)
    write_edits(new.root, new.edits)
    return tuple(edit.file for edit in new.edits)


def test_a_new_repository_is_valid_canonical_and_gets_no_advice(tmp_path: Path) -> None:
    made(tmp_path / "new")

    config = tmp_path / "new" / "reconciler.yaml"
    assert list(workspace(config).packages) == ["starter"]
    assert lint(workspace(config)) == ()
    assert fmt(config).edits == ()


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    made(tmp_path)
    before = {path: path.read_bytes() + b"# mine\n" for path in tmp_path.rglob("*") if path.is_file()}
    for path, content in before.items():
        path.write_bytes(content)

    written = made(tmp_path)

    assert written == ()
    assert {path: path.read_bytes() for path in before} == before


def test_the_ignored_files_of_a_repository_gain_a_line(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("build/")

    made(tmp_path)

    assert (tmp_path / ".gitignore").read_text() == "build/\n.reconciler/\n"


def test_a_folder_of_packages_of_another_kind_is_let_be(tmp_path: Path) -> None:
    (tmp_path / "packages" / "web").mkdir(parents=True)
    (tmp_path / "packages" / "web" / "pnpm-lock.yaml").write_text("lockfileVersion: '9.0'\n")

    made(tmp_path)

    config = tmp_path / "reconciler.yaml"
    assert workspace(config).errors == ()
    assert workspace(config).packages["starter"].file == "client-packages/starter.yaml"


def test_beside_a_configuration_no_first_package_is_added(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("packages: plans\n")

    assert not [file for file in made(tmp_path) if file.endswith("starter.yaml")]


COMMIT = "0123456789abcdef0123456789abcdef01234567"
PINNED = (
    f"git+https://code.example.com/agency/reconciler@{COMMIT}",
    f"git+ssh://git@code.example.com:2222/agency/reconciler.git@{COMMIT}",
    "wheels/package_reconciler-0.1.0-py3-none-any.whl",
    f"https://files.example.com/package_reconciler-0.1.0-py3-none-any.whl#sha256={'0f' * 32}",
)


@pytest.mark.parametrize("source", PINNED)
def test_the_workflow_installs_what_was_pinned(tmp_path: Path, source: str) -> None:
    new = new_repository(tmp_path, Wishes(pinned(source)))

    (workflow,) = [edit.after.decode() for edit in new.edits if edit.file == WORKFLOW]
    (step,) = [each for each in yaml.safe_load(workflow)["jobs"]["validate"]["steps"] if "env" in each]
    assert step["env"] == {"SOURCE": source}
    assert 'install --quiet "$SOURCE"' in step["run"]


@pytest.mark.parametrize(
    "source",
    [
        "reconciler",
        "package-reconciler==0.1.0",
        "git+https://code.example.com/agency/reconciler",
        "git+https://code.example.com/agency/reconciler@main",
        f"git+http://code.example.com/agency/reconciler@{COMMIT}",
        f"git+https://token@code.example.com/agency/reconciler@{COMMIT}",
        f"git+https://code.example.com/agency/reconciler@{COMMIT}' || true",
        f"git+https://code.example.com/$(id)@{COMMIT}",
        "https://files.example.com/package_reconciler-0.1.0-py3-none-any.whl",
        "../wheels/package_reconciler-0.1.0-py3-none-any.whl",
        "/wheels/package_reconciler-0.1.0-py3-none-any.whl",
        "--index=https://evil.example/x.whl",
        "wheels/a.whl\n",
        "",
    ],
)
def test_a_source_that_is_not_one_exact_version_is_refused(source: str) -> None:
    with pytest.raises(WrongUsageError, match="no pinned version") as refused:
        pinned(source)

    assert "token" not in refused.value.message


@pytest.mark.parametrize("source", [None, PINNED[0]])
def test_the_workflow_matches_githubs_schema_and_is_free_of_known_weaknesses(
    tmp_path: Path, source: str | None
) -> None:
    new = new_repository(tmp_path, Wishes(source))
    write_edits(new.root, new.edits)
    workflow = tmp_path / ".github" / "workflows" / "packages.yml"
    schema = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        workflow,
    ]
    zizmor = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress"]

    checks = [
        subprocess.run([*each, str(workflow)], capture_output=True, text=True, check=False)
        for each in (schema, zizmor)
    ]

    assert [check.returncode for check in checks] == [0, 0], checks


TABLE = b"title,Basic,Pro\nLive chat,yes,yes\nAudio calls,no,yes\nLive sessions,100,5000\nSeats,3,10\n"


@pytest.mark.parametrize("ci", ["github", "gitlab", "none"])
@pytest.mark.parametrize("table", [None, TABLE], ids=["example", "table"])
@pytest.mark.parametrize("platform", [None, "https://platform.example.com", "postgresql://ops@db.example/p"])
def test_whatever_is_answered_the_result_is_valid_and_canonical(
    tmp_path: Path, platform: str | None, ci: Ci, table: bytes | None
) -> None:
    new = new_repository(tmp_path, Wishes(None, platform, ci, table, "@acme/pricing, ana"))
    write_edits(new.root, new.edits)
    found = workspace(tmp_path / "reconciler.yaml")

    assert lint(found) == ()
    assert fmt(tmp_path / "reconciler.yaml").edits == ()
    assert set(found.settings.environments) == {"local"} | ({"production"} if platform else set())
    assert list(found.packages) == (["starter"] if table is None else ["basic", "pro"])
    owners = tmp_path / (".github/CODEOWNERS" if ci == "github" else "CODEOWNERS")
    assert "/packages/ @acme/pricing @ana" in owners.read_text()
    assert (tmp_path / GITLAB_JOBS).exists() == (ci == "gitlab")
    assert (tmp_path / WORKFLOW).exists() == (ci == "github")


def test_the_seats_of_a_table_are_the_user_count(tmp_path: Path) -> None:
    new = new_repository(tmp_path, Wishes(table=TABLE))
    write_edits(new.root, new.edits)

    assert workspace(tmp_path / "reconciler.yaml").packages["pro"].definition.caps["user_count"] == 10


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(platform="https://user:secret@platform.example.com"),
        Wishes(platform="https://platform.example.com\n    guards: {}"),
        Wishes(platform="nowhere"),
        Wishes(table=b"title\n"),
        Wishes(reviewers="@ana;rm"),
    ],
)
def test_an_answer_of_which_nothing_sound_comes_is_refused_before_anything_is_written(
    tmp_path: Path, wishes: Wishes
) -> None:
    with pytest.raises((InvalidError, WrongUsageError)):
        new_repository(tmp_path, wishes)


def test_the_jobs_for_gitlab_match_its_schema_and_install_only_what_is_pinned(tmp_path: Path) -> None:
    new = new_repository(tmp_path, Wishes(pinned(PINNED[0]), ci="gitlab"))
    write_edits(new.root, new.edits)
    jobs = tmp_path / GITLAB_JOBS
    schema = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(jobs)]

    checked = subprocess.run(schema, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout
    script = yaml.safe_load(jobs.read_text())["validate"]["script"]
    assert f"SOURCE='{PINNED[0]}'" in script
    guard = next(each for each in script if each.startswith("pinned="))
    for source, code in [*((each, 0) for each in PINNED), ("reconciler", 1)]:
        done = subprocess.run(["sh", "-ec", guard], env={"SOURCE": source}, capture_output=True, check=False)
        assert done.returncode == code


def test_a_person_at_a_terminal_is_asked_and_gets_what_works_at_once(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(TABLE)
    typed = b"https://platform.example.com\ngitlab\ntable.csv\n@acme/pricing\n"

    code, seen = answered(tmp_path, b"", "init", "new", typed=typed)
    planned = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan"],
        cwd=tmp_path / "new",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert code == 0, seen
    assert "Who must approve changes" in seen
    assert "Plan: 2 to create." in planned.stdout
    assert (tmp_path / "new" / "CODEOWNERS").exists()


def test_an_interrupted_question_says_that_nothing_was_written(tmp_path: Path) -> None:
    code, seen = answered(tmp_path, b"", "init", typed=b"\n\x04")

    assert code == 130
    assert "Interrupted. Nothing was written." in seen
    assert list(tmp_path.iterdir()) == []


def test_enter_is_an_answer_to_every_question(tmp_path: Path) -> None:
    code, _ = answered(tmp_path, b"", "init", typed=b"\n\n\n\n")

    assert code == 0
    assert list(workspace(tmp_path / "reconciler.yaml").packages) == ["starter"]
    assert (tmp_path / WORKFLOW).exists()
