from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reconciler.engine.fmt import fmt
from reconciler.engine.init.repository import WORKFLOW, new_repository, pinned
from reconciler.engine.validate import lint
from reconciler.errors import WrongUsageError
from reconciler.sources.edits import write_edits
from tests.workspaces import workspace


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
    new = new_repository(tmp_path, pinned(source))

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
    new = new_repository(tmp_path, source)
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
