"""The jobs of the template, as a runner runs them: real git, real reconciler, a GitLab that keeps state."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.live.opening import open_platform
from tests.builders import NOON
from tests.gitlab import PROJECT, US, GitLab, User, gitlab
from tests.naughty import TEXTS
from tests.repository import Repository
from tests.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "deploy" / "gitlab-ci.yml").read_text())
JOBS = [name for name, job in TEMPLATE.items() if isinstance(job, dict) and "script" in job]
RESULTS = "reconciler-results"
PROGRAMS = {
    "apt-get": "exit 0",
    "pip": "exit 0",
    "curl": 'printf "%s\\n" "$@" >> "$CURL_LOG"\nexec /usr/bin/curl "$@"',
}
READER = {"PACKAGE_GITLAB_TOKEN": "glpat-reads"}
Done = subprocess.CompletedProcess[str]


def script(job: str) -> str:
    return "\n".join([*TEMPLATE[".reconciler"]["before_script"], *TEMPLATE[job]["script"]])


@dataclass
class Runner:
    """One machine that runs jobs in a checkout, which is its own origin.

    Attributes:
        kept: The artifacts of each job's last run.
    """

    repository: Repository
    folder: Path
    lab: GitLab
    kept: dict[str, Path] = field(default_factory=dict)

    def job(self, name: str, **variables: str) -> Done:
        self._fetch_artifacts(name)
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("CI_", "PACKAGE_", "RECONCILER_"))
        }
        environment = {
            **inherited,
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "CURL_LOG": str(self.folder / "curl.log"),
            **TEMPLATE["variables"],
            "NO_COLOR": "1",
            "RECONCILER_SOURCE": f"git+https://code.example.com/agency/reconciler@{'0' * 40}",
            "PACKAGE_GITLAB_TOKEN": "glpat-writes",
            "CI_API_V4_URL": self.lab.url,
            "CI_PROJECT_ID": str(PROJECT),
            "CI_COMMIT_SHA": self.repository.git("rev-parse", "HEAD"),
            "CI_COMMIT_BRANCH": "main",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "GITLAB_USER_LOGIN": "ana",
            **variables,
        }
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script(name)],
            cwd=self.repository.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self._keep_artifacts(name)
        return done

    def _fetch_artifacts(self, name: str) -> None:
        for needed in TEMPLATE[name].get("needs", ()):
            shutil.copytree(self.kept[needed], self.results, dirs_exist_ok=True)

    def _keep_artifacts(self, name: str) -> None:
        self.kept[name] = self.folder / "artifacts" / name.replace(":", "-")
        shutil.rmtree(self.kept[name], ignore_errors=True)
        self.kept[name].mkdir(parents=True)
        if self.results.is_dir() and not self.results.is_symlink():
            shutil.copytree(self.results, self.kept[name], dirs_exist_ok=True)
            shutil.rmtree(self.results)

    @property
    def results(self) -> Path:
        return self.repository.root / RESULTS

    def files(self, job: str = "packages:plan") -> dict[str, bytes]:
        """The artifacts of a job, by their paths in the checkout."""
        folder = self.kept[job]
        return {
            f"{RESULTS}/{file.relative_to(folder)}": file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }

    def proposed(self, iid: int = 7, **variables: str) -> Done:
        """Commit the files at hand to a branch, and run the pipeline of its merge request."""
        self.repository.git("switch", "-q", "-c", f"topic-{iid}")
        self.repository.commit(f"Change packages for {iid}")
        done = self.job("packages:plan", CI_MERGE_REQUEST_IID=str(iid), **variables)
        self.lab.ran(iid, self.files(), status="failed" if done.returncode else "success")
        return done

    def merge(self, method: str = "merge", iid: int = 7) -> str:
        """Merge as GitLab does; returns the commit that was at the branch before."""
        git = self.repository.git
        git("switch", "-q", "main")
        before, head, made = git("rev-parse", "HEAD"), git("rev-parse", f"topic-{iid}"), {}
        if "squash" in method:
            git("switch", "-q", "--detach", "main")
            git("merge", "-q", "--squash", head)
            head_to_merge = made["squash_commit_sha"] = self.repository.commit(f"Squashed {iid}")
            git("switch", "-q", "main")
        else:
            head_to_merge = head
        if "merge" in method:
            git("merge", "-q", "--no-ff", "--no-edit", head_to_merge)
            made["merge_commit_sha"] = git("rev-parse", "HEAD")
        else:
            git("merge", "-q", "--ff-only", head_to_merge)
        self.lab.merged(iid, head, **made)
        return before

    def apply(self, before: str = "0" * 40, **variables: str) -> Done:
        return self.job("packages:apply", **{"CI_COMMIT_BEFORE_SHA": before, **READER, **variables})

    def runs(self) -> list[tuple[str, str | None]]:
        with open_platform("sqlite:///platform.db", root=self.repository.root) as platform:
            return [(run.actor, run.commit) for run in platform.runs()]

    def edit_by_hand(self) -> None:
        with open_platform("sqlite:///platform.db", root=self.repository.root) as platform:
            definition = platform.snapshot("acme")
            platform.edit_package("basic", type(definition)(title="By hand", caps={"user_count": 1}), NOON)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One package, applied, with one client who holds it."""
    repository = Repository.made(tmp_path_factory.mktemp("begun") / "repository", clients_losing="unlimited")
    repository.package("basic", features=["chat", "calls"])
    repository.commit()
    repository.git("remote", "add", "origin", ".")
    with open_platform("sqlite:///platform.db", root=repository.root) as platform:
        shop = Shop(repository.root, platform)
        shop.apply()
        shop.clients("acme", package="basic")
    return repository.root


@contextmanager
def running(root: Path, programs: Path, folder: Path) -> Iterator[Runner]:
    """A runner with a copy of a repository, and a GitLab that has not seen it."""
    shutil.copytree(root, folder / "repository")
    (folder / "bin").mkdir()
    (folder / "bin" / "reconciler").symlink_to(programs / "reconciler")
    for name, text in PROGRAMS.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / "bin" / name).chmod(0o755)
    with gitlab() as lab:
        lab.users |= {"glpat-writes": User(US, "api"), "glpat-reads": User(US, "read_api")}
        yield Runner(Repository(folder / "repository"), folder, lab)


@pytest.fixture
def runner(begun: Path, programs: Path, tmp_path: Path) -> Iterator[Runner]:
    with running(begun, programs, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def proposal(begun: Path, programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A merge request that takes away calls, after its pipeline."""
    with running(begun, programs, tmp_path_factory.mktemp("proposal")) as made:
        made.repository.package("basic", features=["chat"])
        done = made.proposed()
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


@pytest.fixture
def proposed(proposal: Runner, programs: Path, tmp_path: Path) -> Iterator[Runner]:
    """The same, for a test of its own."""
    with running(proposal.repository.root, programs, tmp_path) as made:
        for kind in ("notes", "pipelines", "jobs"):
            getattr(made.lab, kind).extend(dict(each) for each in getattr(proposal.lab, kind))
        made.lab.files |= proposal.lab.files
        yield made


def offered(done: Done) -> str:
    (hash_,) = re.findall(r"PACKAGE_PLAN and the value (sha256:[0-9a-f]{64})", done.stdout)
    return str(hash_)


def test_shellcheck_finds_nothing_in_the_jobs() -> None:
    jobs = ("\n".join(TEMPLATE[job]["script"]) for job in JOBS)
    text = "\n".join([*TEMPLATE[".reconciler"]["before_script"], *(f"(\n{job}\n)" for job in jobs)])
    command = ["shellcheck", "--shell=bash", "-"]

    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_a_job_that_gitlab_vouches_for_needs_no_stored_token(runner: Runner) -> None:
    told = "\n".join([*TEMPLATE[".reconciler"]["before_script"], 'printf %s "$PLATFORM_TOKEN" > token'])
    vouched = {"PACKAGE_AUDIENCE": "https://x.example", "PACKAGE_ID_TOKEN": "vouched-for"}
    source = f"git+https://code.example.com/agency/reconciler@{'0' * 40}"
    path = f"{runner.folder / 'bin'}:{os.environ['PATH']}"

    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", told],
        cwd=runner.folder,
        env={"PATH": path, "RECONCILER_SOURCE": source, **vouched},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (runner.folder / "token").read_text() == "vouched-for", done.stderr
    assert [name for name in JOBS if ".platform" in TEMPLATE[name]["extends"]] == [
        name for name in JOBS if name not in {"packages:validate", "packages:compare"}
    ]


def test_a_merge_request_gets_a_note_and_a_report(proposal: Runner) -> None:
    (note,) = proposal.lab.bodies()

    kept = {Path(name).name for name in proposal.files()}
    assert "No client loses anything now; 1 keeps what it has until reassigned" in note
    assert kept == {"plan.html", "plan.json", "quality.json", "widget.json"}


def test_the_token_is_on_no_command_line(proposal: Runner) -> None:
    log = (proposal.folder / "curl.log").read_text()

    assert "merge_requests/7/notes" in log
    assert "glpat-" not in log


def test_the_note_is_kept_up_to_date_and_those_of_others_are_left_alone(proposed: Runner) -> None:
    (ours,) = proposed.lab.notes
    theirs = [{**ours, "id": 2 + number, "author": {"id": US + 1}} for number in range(150)]
    proposed.lab.notes[:] = [*theirs, ours]
    before = ours["body"]
    proposed.repository.package("basic", features=["calls"])
    proposed.repository.commit()

    done = proposed.job("packages:plan")

    assert done.returncode == 0, done.stderr
    assert len(proposed.lab.notes) == 151
    assert [note["id"] for note in proposed.lab.notes if note["body"] != before] == [ours["id"]]


def test_a_merge_request_that_touches_no_package_gets_no_note(runner: Runner) -> None:
    runner.repository.write("NOTES.md", "Nothing about packages.")

    done = runner.proposed()

    assert done.returncode == 0, done.stderr
    assert runner.lab.notes == []


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "set the variable PACKAGE_GITLAB_TOKEN"),
        ("glpat-reads", "could not be written"),
    ],
)
def test_a_note_that_may_not_be_written_fails_nothing_and_the_log_has_the_plan(
    runner: Runner, token: str, said: str
) -> None:
    runner.repository.package("basic", features=["chat"])

    done = runner.proposed(PACKAGE_GITLAB_TOKEN=token)

    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert "1 keeps what it has until reassigned" in done.stdout
    assert runner.lab.notes == []


def test_invalid_files_fail_the_job_and_the_note_says_where(runner: Runner) -> None:
    runner.repository.package("basic", features=["chta"])

    done = runner.proposed()

    assert done.returncode == 3
    assert "`packages/basic.yaml:4:3`" in runner.lab.bodies()[0]


def test_a_branch_that_is_behind_is_planned_as_its_merge_and_undoes_nothing(runner: Runner) -> None:
    git = runner.repository.git
    git("branch", "topic-7")
    runner.repository.package("other")
    runner.repository.commit()
    with open_platform("sqlite:///platform.db", root=runner.repository.root) as platform:
        Shop(runner.repository.root, platform, NOON).apply()
    git("switch", "-q", "topic-7")
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()

    done = runner.job("packages:plan")

    assert done.returncode == 0, done.stderr
    assert "other" not in runner.lab.bodies()[0].lower()


def test_a_conflict_with_the_target_is_said(runner: Runner) -> None:
    git = runner.repository.git
    git("branch", "topic-7")
    runner.repository.package("basic", features=["calls"])
    runner.repository.commit()
    git("switch", "-q", "topic-7")
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()

    done = runner.job("packages:plan")

    assert done.returncode == 1
    assert "conflicts with its target" in done.stdout


@pytest.mark.parametrize("method", ["merge", "squash", "squash and merge", "fast-forward"])
def test_a_merge_applies_exactly_the_reviewed_plan(proposed: Runner, method: str) -> None:
    before = proposed.merge(method)

    done = proposed.apply(before)

    assert done.returncode == 0, done.stdout + done.stderr
    assert proposed.runs()[0] == ("ana@gitlab", proposed.repository.git("rev-parse", "main"))
    assert len(proposed.runs()) == 2


def test_a_job_that_is_run_again_passes_and_says_as_which_run_its_plan_was_applied(proposed: Runner) -> None:
    before = proposed.merge()
    proposed.apply(before)

    again = proposed.apply(before)

    assert again.returncode == 0, again.stdout
    assert "Already applied as run 2" in again.stdout
    assert len(proposed.runs()) == 2


def test_a_refused_plan_fails_nothing_where_nothing_is_left_to_change(proposed: Runner) -> None:
    before = proposed.merge()
    with open_platform("sqlite:///platform.db", root=proposed.repository.root) as platform:
        Shop(proposed.repository.root, platform, NOON).apply()

    done = proposed.apply(before)

    assert done.returncode == 0, done.stdout
    assert "Nothing is left to change" in done.stdout


def test_a_push_that_merges_several_merge_requests_has_each_looked_at(proposed: Runner) -> None:
    before = proposed.merge()
    first = proposed.apply(before)
    proposed.repository.package("second")
    proposed.proposed(8)
    proposed.merge(iid=8)

    proposed.apply(before)

    assert first.returncode == 0, first.stdout
    assert len(proposed.runs()) == 3


def test_a_plan_that_no_longer_holds_is_refused_and_one_of_today_applied_by_its_hash(
    proposed: Runner,
) -> None:
    before = proposed.merge()
    proposed.repository.package("basic", features=[])
    proposed.repository.commit("A push past the review")
    merged = proposed.repository.git("rev-parse", "HEAD^1")

    refused = proposed.apply(before, CI_COMMIT_SHA=merged)
    offer = proposed.job("packages:offer", PACKAGE_GITLAB_TOKEN="")
    unnamed = proposed.job("packages:apply-offered", PACKAGE_PLAN=f"sha256:{'0' * 64}")
    applied = proposed.job("packages:apply-offered", PACKAGE_PLAN=offered(offer), PACKAGE_GITLAB_TOKEN="")

    assert [each.returncode for each in (refused, offer, unnamed, applied)] == [5, 0, 64, 0], applied.stdout
    assert re.search(r"^[+].*chat", offer.stdout, re.MULTILINE | re.IGNORECASE), offer.stdout
    assert len(proposed.runs()) == 2


@pytest.mark.parametrize(
    "fields",
    [{"status": "failed"}, {"project_id": PROJECT + 1}, {"ref": "refs/heads/topic-7"}],
    ids=["failed", "of another project", "of a branch"],
)
def test_a_plan_counts_only_from_a_successful_pipeline_of_the_merge_request_here(
    proposed: Runner, fields: dict[str, Any]
) -> None:
    proposed.lab.pipelines[0].update(fields)

    done = proposed.apply(proposed.merge())

    assert done.returncode == 5
    assert "No successful pipeline of !7 in this project has a plan" in done.stdout
    assert len(proposed.runs()) == 1


def test_an_apply_without_a_token_says_what_is_missing_and_fails(proposed: Runner) -> None:
    done = proposed.apply(proposed.merge(), PACKAGE_GITLAB_TOKEN="")

    assert done.returncode == 5
    assert "set the variable PACKAGE_GITLAB_TOKEN" in done.stdout
    assert "packages:offer makes one of today" in done.stdout


def test_a_push_without_a_plan_that_changes_nothing_is_fine(runner: Runner) -> None:
    file = runner.repository.root / "packages/basic.yaml"
    runner.repository.write("packages/basic.yaml", f"# only a comment\n{file.read_text()}")
    before = runner.repository.git("rev-parse", "HEAD")
    runner.repository.commit()

    done = runner.apply(before)

    assert done.returncode == 0, done.stdout
    assert "Nothing is left to change" in done.stdout


def test_a_waiver_inside_a_plan_counts_only_where_the_variable_grants_it(runner: Runner) -> None:
    rollout = {"existing_clients": "reassign"}
    runner.repository.package("basic", features=["chat"], rollout=rollout)
    proposed = runner.proposed(PACKAGE_WAIVERS="adopt:x acknowledge:basic")
    before = runner.merge()

    refused = runner.apply(before)
    granted = runner.apply(before, PACKAGE_WAIVERS="acknowledge:basic")

    assert [each.returncode for each in (proposed, refused, granted)] == [0, 4, 0], granted.stdout
    assert "acknowledge:basic" in refused.stdout


def test_environments_are_applied_in_their_order_and_have_a_note_and_an_issue_each(runner: Runner) -> None:
    names = ("staging", "production")
    environments = {name: {"platform": f"sqlite:///{name}.db"} for name in names}
    config = {"catalog": "catalog.yaml", "default_environment": "staging", "environments": environments}
    runner.repository.write("reconciler.yaml", config)
    runner.repository.write(".gitignore", "*.db\n.reconciler/\n")
    both = {"PACKAGE_ENVIRONMENTS": " ".join(names)}

    proposed = runner.proposed(7, **both)
    notes = runner.lab.bodies()
    drifted = runner.job("packages:drift", **both)
    applied = runner.apply(runner.merge(), **both)

    assert [each.returncode for each in (proposed, drifted, applied)] == [0, 0, 0], applied.stdout
    assert [re.findall("staging|production", note)[0] for note in notes] == [*names]
    assert [each["title"] for each in runner.lab.issues] == [f"Packages drifted: {name}" for name in names]
    assert applied.stdout.index("Packages of staging") < applied.stdout.index("Packages of production")
    assert json.loads(runner.files()[f"{RESULTS}/widget.json"])["create"] == 2


def test_drift_opens_one_issue_keeps_it_up_to_date_and_closes_it_but_none_of_others(runner: Runner) -> None:
    runner.edit_by_hand()
    opened = runner.job("packages:drift")
    (ours,) = runner.lab.issues
    first = ours["description"]
    runner.lab.issues.insert(0, {**ours, "iid": 2, "author": {"id": US + 1}})
    runner.repository.package("basic", features=["calls"])
    kept = runner.job("packages:drift")
    second = ours["description"]
    runner.repository.package("basic", title="By hand", user_count=1)
    closed = runner.job("packages:drift")

    assert [each.returncode for each in (opened, kept, closed)] == [0, 0, 0], closed.stderr
    assert first.startswith("The platform of the default environment differs from the files at ")
    assert second != first
    assert [(each["state"], each["iid"]) for each in runner.lab.issues] == [("opened", 2), ("closed", 1)]
    assert runner.lab.issues[0]["description"] == first


def test_drift_without_a_token_fails_the_job_and_says_what_is_missing(runner: Runner) -> None:
    runner.edit_by_hand()

    done = runner.job("packages:drift", PACKAGE_GITLAB_TOKEN="")

    assert done.returncode == 2
    assert "set the variable PACKAGE_GITLAB_TOKEN" in done.stdout


def test_an_issue_that_may_not_be_written_fails_the_job(runner: Runner) -> None:
    runner.edit_by_hand()

    done = runner.job("packages:drift", **READER)

    assert done.returncode != 0
    assert runner.lab.issues == []


def test_nothing_hostile_is_obeyed_by_the_log_a_shell_or_gitlab(runner: Runner) -> None:
    for number, text in enumerate(TEXTS):
        title = "".join(each for each in text if each.isprintable()).strip()
        runner.repository.package(f"evil-{number}", title=f"/merge {title} {number}"[:120])
    runner.repository.commit("/close $(touch owned) \x1b[0Ksection_start:1:x[collapsed=true]\r\x1b[0K")
    target = "$(touch${IFS}owned);`id>owned`"
    runner.repository.git("branch", target)

    planned = runner.job("packages:plan", CI_MERGE_REQUEST_TARGET_BRANCH_NAME=target)
    runner.repository.git("switch", "-q", "main")
    drifted = runner.job("packages:drift")

    assert (planned.returncode, drifted.returncode) == (0, 0), planned.stderr + drifted.stderr
    assert not [each for done in (planned, drifted) for each in "\x1b\r\x07\x00" if each in done.stdout]
    assert runner.lab.obeyed == []
    assert not (runner.repository.root / "owned").exists()


@pytest.mark.parametrize("branch", ["main", "topic-7"])
def test_a_link_planted_by_a_commit_is_not_written_through(runner: Runner, branch: str) -> None:
    outside = runner.folder / "outside"
    outside.mkdir()
    runner.repository.git("switch", "-q", "-C", branch)
    runner.repository.plant(**{RESULTS: ("120000", str(outside))})
    runner.repository.git("reset", "-q", "--hard")

    done = [runner.job(job) for job in ("packages:validate", "packages:plan")]

    assert [each.returncode for each in done] == [0, 0], done
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("planted", ["", "/default-27ee528a", "/default-27ee528a/offered.json"])
def test_nor_is_one_where_the_artifacts_of_an_earlier_job_are(runner: Runner, planted: str) -> None:
    outside = runner.folder / "outside"
    outside.mkdir()
    target = outside / "offered.json" if planted.endswith(".json") else outside
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()
    refused = runner.apply()
    runner.repository.plant(**{f"{RESULTS}{planted}": ("120000", str(target))})
    runner.repository.git("reset", "-q", "--hard")

    done = runner.job("packages:offer", PACKAGE_GITLAB_TOKEN="")

    assert (refused.returncode, done.returncode) == (5, 0), done.stdout
    assert list(outside.rglob("offered.json")) == []


def test_each_configuration_has_queues_of_its_own() -> None:
    groups = [job["resource_group"] for name, job in TEMPLATE.items() if "resource_group" in job]

    assert len(groups) == 3
    assert all(each.endswith("-$RECONCILER_CONFIG") for each in groups)


FROM_HERE = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42", "CI_MERGE_REQUEST_PROJECT_ID": "42"}
MAIN = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}


@pytest.mark.parametrize(
    ("variables", "jobs"),
    [
        (
            {"CI_PIPELINE_SOURCE": "merge_request_event", **FROM_HERE, "CI_PROJECT_ID": "42"},
            {"validate", "plan"},
        ),
        (
            {
                "CI_PIPELINE_SOURCE": "merge_request_event",
                **FROM_HERE,
                "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "99",
            },
            {"validate", "compare"},
        ),
        ({"CI_PIPELINE_SOURCE": "push", **MAIN}, {"apply", "offer", "apply-offered"}),
        ({"CI_PIPELINE_SOURCE": "push", **MAIN, "CI_COMMIT_BRANCH": "topic"}, set()),
        ({"CI_PIPELINE_SOURCE": "schedule", **MAIN, "PACKAGE_DRIFT": "on"}, {"drift"}),
        ({"CI_PIPELINE_SOURCE": "schedule", **MAIN}, set()),
    ],
    ids=["merge request", "of a fork", "merge", "branch", "drift", "another schedule"],
)
def test_which_jobs_a_pipeline_has(variables: dict[str, str], jobs: set[str]) -> None:
    def holds(term: str) -> bool:
        left, operator, right = (*term.split(" "), "!=", "")[:3]
        value = variables.get(right[1:], "") if right.startswith("$") else right.strip('"')
        return (variables.get(left[1:], "") == value) is (operator == "==")

    found = {
        job for job in JOBS for rule in TEMPLATE[job]["rules"] if all(map(holds, rule["if"].split(" && ")))
    }

    assert found == {f"packages:{job}" for job in jobs}
