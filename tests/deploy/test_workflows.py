import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
SCRIPTS = sorted((ROOT / ".github" / "actions").glob("*/*.sh"))

OF_INIT = [ROOT / "reconciler/engine/init/files" / name for name in ("workflow.yml", "gitlab-ci.yml")]


def assert_valid(schema: str, *files: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_match_githubs_schema() -> None:
    assert_valid("vendor.github-workflows", *WORKFLOWS)


def test_actions_match_githubs_schema() -> None:
    assert_valid("vendor.github-actions", *ACTIONS)


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    command = [str(zizmor), "--offline", "--no-progress", str(ROOT / ".github")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_bash_that_stops_at_errors_and_takes_input_from_variables_only(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)

    text = script.read_text()

    assert "${{" not in text
    assert "set -euo pipefail" in text or "shared.sh" in text


def test_shellcheck_finds_nothing() -> None:
    scripts = map(str, [*SCRIPTS, *(ROOT / ".ci").iterdir()])
    done = subprocess.run(["shellcheck", "-x", *scripts], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS, *OF_INIT], ids=lambda path: path.name)
def test_shellcheck_finds_nothing_in_steps(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    jobs = document["jobs"].values() if "jobs" in document else [document.get("runs") or document["validate"]]
    scripts = [step["run"] for job in jobs for step in job.get("steps", ()) if "run" in step]
    scripts += [line for job in jobs for line in job.get("script", ())]
    assert scripts or file not in OF_INIT
    command = ["shellcheck", "--shell=bash", "-"]

    done = subprocess.run(command, input="\n".join(scripts), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_required_check_reports_on_every_pull_request_and_in_a_merge_queue() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/reconciler-plan.yml").read_text())

    on = workflow[True]  # YAML 1.1 reads `on` so
    assert on == {"pull_request": None, "merge_group": None}
    assert workflow["jobs"]["packages"]["if"] == "always()"


def test_each_configuration_and_environment_has_a_queue_of_its_own() -> None:
    for name in ("plan", "apply", "drift"):
        workflow = yaml.safe_load((ROOT / f".github/workflows/reconciler-{name}.yml").read_text())
        jobs = [job for job in workflow["jobs"].values() if "matrix" in job.get("strategy", {})]

        assert "concurrency" not in workflow
        assert jobs
        for job in jobs:
            for each in job["strategy"]["matrix"]:
                assert f"${{{{ matrix.{each} }}}}" in job["concurrency"]["group"]
                assert any(
                    step.get("with", {}).get(each) == f"${{{{ matrix.{each} }}}}" for step in job["steps"]
                )
            assert "config" in job["strategy"]["matrix"]


@pytest.mark.parametrize(
    ("results", "passes"),
    [
        ("success skipped", True),
        ("skipped success", True),
        ("skipped skipped", False),
        ("failure skipped", False),
        ("cancelled skipped", False),
        ("skipped failure", False),
    ],
)
def test_the_required_check_takes_no_skipped_job_for_a_success(results: str, *, passes: bool) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/reconciler-plan.yml").read_text())
    (step,) = workflow["jobs"]["packages"]["steps"]

    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], env={"RESULTS": results}, capture_output=True, check=False
    )

    assert (done.returncode == 0) is passes
