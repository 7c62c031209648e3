"""The scripts of the action, as a runner runs them: real git, real reconciler, a `gh` that takes notes."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from tests.builders import NOON
from tests.naughty import TEXTS
from tests.repository import Repository
from tests.shop import Shop

SCRIPTS = Path(__file__).parents[2] / ".github" / "actions" / "reconciler"
GH = """#!/bin/sh
printf '%s\\n' "$*" >> "$GH_LOG"
case "$*" in
  *"--paginate"*) printf '%s' "$GH_COMMENT" ;;
  *"/pulls"*) printf '%s' "$GH_HEAD" ;;
  *"/runs?"*) printf '%s' "$GH_RUN" ;;
  "issue list"*) printf '%s' "$GH_ISSUE" ;;
  "run download"*) cp "$GH_PLAN" "$RESULTS/plan.json" ;;
esac
"""


@dataclass
class Runner:
    repository: Repository
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, script: str, **settings: str) -> subprocess.CompletedProcess[str]:
        bin_ = self.folder / "bin"
        bin_.mkdir(exist_ok=True)
        (bin_ / "gh").write_text(GH)
        (bin_ / "gh").chmod(0o755)
        wrapper = bin_ / "reconciler"
        wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n')
        wrapper.chmod(0o755)
        (self.folder / "summary.md").write_text("")
        environment = {
            **{
                key: value
                for key, value in os.environ.items()
                if not key.startswith(("GITHUB_", "RECONCILER_"))
            },
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "PYTHONPATH": str(SCRIPTS.parents[2]),
            "RECONCILER": str(wrapper),
            "RECONCILER_CONFIG": "reconciler.yaml",
            "RECONCILER_ENVIRONMENT": "",
            "HAS_PLATFORM": "yes",
            "REVIEWED_PLAN": "required",
            "WAIVERS": "",
            "PLAN_WORKFLOW": "reconciler-plan.yml",
            "PULL_REQUEST": "7",
            "RESULTS": str(self.folder / "results"),
            "GITHUB_REPOSITORY": "agency/packages",
            "GITHUB_SHA": "f" * 40,
            "GITHUB_ACTOR": "ana",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GH_LOG": str(self.folder / "gh.log"),
            **dict.fromkeys(("GH_COMMENT", "GH_HEAD", "GH_RUN", "GH_ISSUE", "GH_PLAN"), ""),
            **settings,
        }
        return subprocess.run(
            ["bash", str(SCRIPTS / f"{script}.sh")],
            cwd=self.repository.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text()

    @property
    def comment(self) -> str:
        return (self.folder / "results" / "comment.md").read_text()

    @property
    def requests(self) -> str:
        log = self.folder / "gh.log"
        return log.read_text() if log.exists() else ""

    def reviewed(self, **settings: str) -> dict[str, str]:
        """Review, and let a later apply find the plan as the artifact of that run."""
        self.run("review", **settings)
        kept = self.folder / "kept.json"
        kept.write_bytes((self.folder / "results" / "plan.json").read_bytes())
        (self.folder / "results" / "plan.json").unlink()
        return {"GH_HEAD": "a" * 40, "GH_RUN": "99", "GH_PLAN": str(kept)}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One package, applied, with one client who holds it."""
    repository = Repository.made(tmp_path_factory.mktemp("begun") / "repository", clients_losing="unlimited")
    repository.package("basic", features=["chat", "calls"])
    repository.commit()
    with open_platform("sqlite:///platform.db", root=repository.root) as platform:
        shop = Shop(repository.root, platform)
        shop.apply()
        shop.clients("acme", package="basic")
    return repository.root


@pytest.fixture
def runner(begun: Path, tmp_path: Path) -> Runner:
    root = tmp_path / "repository"
    shutil.copytree(begun, root)
    return Runner(Repository(root), tmp_path)


def commands(output: str) -> list[str]:
    """The workflow commands that a runner would obey in this output."""
    found, stop = [], None
    for line in output.splitlines():
        if stop is None and line.lstrip().startswith("::"):
            found.append(line.lstrip())
            stop = line.partition("::stop-commands::")[2] or None
        elif stop is None and "##[" in line:
            found.append(line)
        elif line.strip() == f"::{stop}::":
            stop = None
    return found


def test_a_pull_request_gets_a_comment_that_names_who_is_touched(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])

    done = runner.run("review")

    assert done.returncode == 0, done.stderr
    assert "No client loses anything now; 1 keeps what it has until reassigned" in runner.comment
    assert runner.summary in runner.comment
    assert "--method POST repos/agency/packages/issues/7/comments" in runner.requests
    assert any(each.startswith("::warning file=packages/basic.yaml,line=3") for each in commands(done.stdout))
    assert (runner.folder / "results" / "report.html").stat().st_size > 5_000


def test_the_comment_of_an_earlier_run_is_replaced(runner: Runner) -> None:
    runner.repository.package("basic")

    runner.run("review", GH_COMMENT="123")

    assert "--method PATCH repos/agency/packages/issues/comments/123" in runner.requests
    assert "POST" not in runner.requests


def test_invalid_files_fail_the_check_and_the_comment_says_where(runner: Runner) -> None:
    runner.repository.package("basic", features=["chta"])

    done = runner.run("review")

    assert done.returncode == 3
    assert "`packages/basic.yaml:4:3`" in runner.comment
    assert any("::error file=packages/basic.yaml" in each for each in commands(done.stdout))


def test_a_broken_configuration_is_explained_too(runner: Runner) -> None:
    runner.repository.write("reconciler.yaml", "environments: [")

    done = runner.run("review")

    assert done.returncode == 3
    assert "reconciler.yaml" in runner.comment


def test_a_fork_is_answered_without_platform_or_secret(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()
    (runner.repository.root / "platform.db").unlink()

    done = runner.run("review", HAS_PLATFORM="no")

    assert done.returncode == 0, done.stderr
    assert "Which clients it touches is unknown" in runner.comment
    assert not (runner.repository.root / "platform.db").exists()


def test_a_merge_applies_exactly_the_reviewed_plan_once(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    artifact = runner.reviewed()

    done = runner.run("apply", **artifact)

    assert done.returncode == 0, done.stderr
    assert "Applied." in runner.summary
    assert runner.run("apply", **artifact).returncode == 5
    with open_platform("sqlite:///platform.db", root=runner.repository.root) as platform:
        assert [run.actor for run in platform.runs()] == ["ana@github", "tester"]


def test_a_plan_that_no_longer_holds_is_refused_with_the_difference(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    artifact = runner.reviewed()
    with open_platform("sqlite:///platform.db", root=runner.repository.root) as platform:
        line = ClientLine(
            id="late", line=1, name="Late", owner_email="a@late.example", package="basic", usage={}
        )
        platform.import_clients([line], NOON)

    done = runner.run("apply", **artifact)

    assert done.returncode == 5
    assert "The reviewed plan was not applied" in runner.summary
    assert re.search(r"^\+.*2 clients", runner.summary, re.MULTILINE)


def test_files_that_changed_since_the_review_are_refused(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    artifact = runner.reviewed()
    runner.repository.package("basic", features=[])

    done = runner.run("apply", **artifact)

    assert done.returncode == 5
    assert "packages/basic.yaml" in runner.summary


def test_a_commit_without_a_reviewed_plan_is_refused(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])

    done = runner.run("apply")

    assert done.returncode == 5
    assert commands(done.stdout)[-1].startswith("::error::This commit has no reviewed plan")


def test_a_waiver_inside_a_plan_counts_only_where_the_workflow_grants_it(runner: Runner) -> None:
    rollout = {"existing_clients": "reassign"}
    runner.repository.package("basic", features=["chat"], rollout=rollout)
    artifact = runner.reviewed(RECONCILER_ALLOW="acknowledge:basic")

    refused = runner.run("apply", **artifact)
    granted = runner.run("apply", WAIVERS="adopt:x acknowledge:basic", **artifact)

    assert refused.returncode == 4
    assert "acknowledge:basic" in runner.folder.joinpath("results", "refusal.txt").read_text()
    assert granted.returncode == 0, granted.stderr


def test_drift_opens_one_issue_keeps_it_up_to_date_and_closes_it(runner: Runner) -> None:
    still = runner.run("drift")
    with open_platform("sqlite:///platform.db", root=runner.repository.root) as platform:
        definition = platform.snapshot("acme")
        platform.edit_package("basic", type(definition)(title="By hand", caps={"user_count": 1}), NOON)
    opened = runner.run("drift")
    kept = runner.run("drift", GH_ISSUE="5")
    runner.repository.package("basic", title="By hand", user_count=1)
    closed = runner.run("drift", GH_ISSUE="5")

    assert [each.returncode for each in (still, opened, kept, closed)] == [0, 0, 0, 0]
    lines = [line for line in runner.requests.splitlines() if not line.startswith("issue list")]
    assert [line.split()[1] for line in lines if line.startswith("issue")] == ["create", "edit", "close"]


def test_hostile_titles_start_no_command_in_the_log(runner: Runner) -> None:
    hostile = [text for text in TEXTS if "::" in text or "##" in text]
    for number, text in enumerate(hostile):
        title = "".join(each for each in text if each.isprintable()).strip()
        runner.repository.package(f"evil-{number}", title=f"{title} {number}"[:120], description=title)

    done = runner.run("review")

    assert done.returncode == 0, done.stdout
    found = commands(done.stdout)
    own = [
        f"::{level} {place}" for level in ("notice", "warning") for place in ("file=", "title=reconciler::")
    ]
    allowed = ("::stop-commands::stop-", "::notice title=Package plan for local::", *own)
    assert [each for each in found if not each.startswith(allowed)] == []
