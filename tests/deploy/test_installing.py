"""Jobs install this program from a source that stays what it is; here by a pip that says what it is given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.cli.main import main
from reconciler.engine.init.repository import WORKFLOW
from tests.deploy.test_no_bare_names import names_in

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WHEEL = "package_reconciler-0.1.0-py3-none-any.whl"
PINNED = (
    f"git+https://code.example.com/agency/reconciler@{COMMIT}",
    f"git+https://code.example.com/agency/reconciler@{COMMIT}{COMMIT[:24]}",
    f"git+ssh://git@code.example.com:2222/agency/reconciler.git@{COMMIT}",
    f"https://files.example.com/{WHEEL}#sha256={'0f' * 32}",
    f"wheels/{WHEEL}",
)
LOOSE = (
    "reconciler",
    "package-reconciler==0.1.0",
    "package-reconciler[watch]",
    "-r requirements.txt",
    f"-r{WHEEL}",
    "git+https://code.example.com/agency/reconciler",
    "git+https://code.example.com/agency/reconciler@main",
    f"git+https://code.example.com/agency/reconciler@{COMMIT[:12]}",
    f"git+http://code.example.com/agency/reconciler@{COMMIT}",
    f"http://files.example.com/{WHEEL}#sha256={'0f' * 32}",
    f"https://files.example.com/{WHEEL}",
    f"$(touch owned)/{WHEEL}",
    f"reconciler @ https://files.example.com/{WHEEL}",
    "",
)


def step_of_init(folder: Path) -> str:
    main(["init", str(folder)])
    workflow = yaml.safe_load((folder / WORKFLOW).read_text(encoding="utf-8"))
    (step,) = (each for each in workflow["jobs"]["validate"]["steps"] if "pip" in each.get("run", ""))
    assert step["env"] == {"SOURCE": "${{ vars.RECONCILER_SOURCE }}"}
    return str(step["run"])


def step_of_gitlab(_folder: Path) -> str:
    template = yaml.safe_load((ROOT / "docs" / "deploy" / "gitlab-ci.yml").read_text(encoding="utf-8"))
    return str(template[".reconciler"]["before_script"][-1])


def step_of_action(_folder: Path) -> str:
    action = yaml.safe_load((ROOT / ".github/actions/reconciler/action.yml").read_text(encoding="utf-8"))
    return str(action["runs"]["steps"][0]["run"])


STEPS = pytest.mark.parametrize("step_of", [step_of_init, step_of_gitlab])


def run(
    step: str, source: str, folder: Path, programs: tuple[str, ...] = ("pip", "python")
) -> subprocess.CompletedProcess[str]:
    """Run a step as a build server does, where these programs only say what they are given."""
    own = folder / "bin"
    own.mkdir()
    for name in programs:
        (own / name).write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n", encoding="utf-8")
        (own / name).chmod(0o755)
    environment = {
        "PATH": f"{own}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(folder),
        "SOURCE": source,
        "RECONCILER_SOURCE": source,
    }
    return subprocess.run(
        ["bash", "-e", "-c", step], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@STEPS
@pytest.mark.parametrize("source", LOOSE)
def test_a_job_without_a_pinned_source_installs_nothing_and_says_what_to_set(
    tmp_path: Path, step_of: Callable[[Path], str], source: str
) -> None:
    done = run(step_of(tmp_path / "shop"), source, tmp_path)

    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert "variable RECONCILER_SOURCE to git+https://HOST/PATH@COMMIT" in line
    assert not (tmp_path / "owned").exists()


@STEPS
@pytest.mark.parametrize("source", PINNED)
def test_a_job_with_a_pinned_source_installs_that_and_nothing_else(
    tmp_path: Path, step_of: Callable[[Path], str], source: str
) -> None:
    done = run(step_of(tmp_path / "shop"), source, tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["install", "--quiet", source, ""]


@pytest.mark.parametrize("step_of", [step_of_init, step_of_gitlab, step_of_action])
def test_a_job_installs_with_no_module_of_the_checkout(
    tmp_path: Path, step_of: Callable[[Path], str]
) -> None:
    step = step_of(tmp_path / "shop")
    for module in ("pip", "venv", "ensurepip"):
        (tmp_path / f"{module}.py").write_text("open('owned', 'w')\n", encoding="utf-8")

    run(step, PINNED[0], tmp_path, programs=("pip",))

    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("source", [(), ("--source", PINNED[0])])
def test_nothing_that_init_writes_or_prints_installs_a_bare_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: tuple[str, ...]
) -> None:
    code = main(["init", *source, str(tmp_path)])

    printed = capsys.readouterr()
    written = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert code == 0
    assert len(written) > 5
    assert [name for text in (*written, printed.out, printed.err) for name in names_in(text)] == []
