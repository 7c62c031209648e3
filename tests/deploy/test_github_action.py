"""The scripts of the action, as a runner runs them: real git, real reconciler, a GitHub that keeps state."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from reconciler.live.opening import open_platform
from tests.builders import NOON
from tests.forge import OUR_BOT
from tests.github import SCRIPTS, Runner
from tests.naughty import TEXTS
from tests.repository import Repository
from tests.shop import Shop


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
def runner(begun: Path, programs: Path, tmp_path: Path) -> Runner:
    root = tmp_path / "repository"
    shutil.copytree(begun, root)
    (tmp_path / "bin").symlink_to(programs)
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
    runner.repository.commit()

    done = runner.run("review")

    assert done.returncode == 0, done.stderr
    (comment,) = runner.forge.comments()
    assert "No client loses anything now; 1 keeps what it has until reassigned" in comment
    assert runner.summary in comment
    assert any(each.startswith("::warning file=packages/basic.yaml,line=3") for each in commands(done.stdout))
    assert runner.result("report.html").stat().st_size > 5_000


def test_the_comment_of_an_earlier_run_is_replaced(runner: Runner) -> None:
    runner.repository.package("basic")
    runner.repository.commit()
    runner.run("review")

    runner.repository.package("basic", features=["calls"])
    runner.run("review")

    (comment,) = runner.forge.comments()
    assert "chat" in comment.lower()


def test_somebody_elses_comment_that_begins_alike_is_left_alone(runner: Runner) -> None:
    runner.repository.package("basic")
    runner.repository.commit()
    runner.run("review")
    (ours,) = runner.forge.comments()
    state = runner.forge.state
    state["comments"] = [{"id": 1, "pull": 7, "user": {"login": "other[bot]", "type": "Bot"}, "body": ours}]
    runner.forge.keep(state)

    runner.run("review")

    authors = [each["user"]["login"] for each in runner.forge.state["comments"]]
    assert authors == ["other[bot]", OUR_BOT]


def test_a_pull_request_that_touches_no_package_gets_no_comment(runner: Runner) -> None:
    runner.repository.write("NOTES.md", "Nothing about packages.")
    runner.repository.commit()

    done = runner.run("review")

    assert done.returncode == 0, done.stderr
    assert runner.forge.comments() == []
    assert "Nothing to change" in runner.summary


def test_a_comment_is_brought_up_to_date_once_the_pull_request_touches_no_package_any_more(
    runner: Runner,
) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()
    runner.run("review")
    runner.repository.package("basic", features=["chat", "calls"])
    runner.repository.git("add", "-A")
    runner.repository.git("commit", "-q", "--amend", "--allow-empty", "-m", "Taken back")

    runner.run("review")

    (comment,) = runner.forge.comments()
    assert "Nothing to change" in comment


def test_a_comment_that_may_not_be_written_fails_nothing_and_the_log_says_why(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()

    done = runner.run("review", GH_READ_ONLY="yes")

    assert done.returncode == 0, done.stderr
    assert "HTTP 403" in done.stdout
    assert commands(done.stdout)[-1].startswith("::notice::The comment could not be written")


def test_environments_have_a_comment_an_artifact_and_an_issue_each(runner: Runner) -> None:
    environments = {name: {"platform": f"sqlite:///{name}.db"} for name in ("staging", "production")}
    config = {"catalog": "catalog.yaml", "default_environment": "staging", "environments": environments}
    runner.repository.write("reconciler.yaml", config)
    runner.repository.write(".gitignore", "*.db\n.reconciler/\n")
    for name in environments:
        applied = runner.run("apply", RECONCILER_ENVIRONMENT=name, REVIEWED_PLAN="optional")
        assert applied.returncode == 0, applied.stdout
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()

    artifacts = set()
    for name in environments:
        runner.run("review", RECONCILER_ENVIRONMENT=name)
        artifacts.add(runner.outputs["artifact"])
        runner.run("drift", RECONCILER_ENVIRONMENT=name)

    titles = [each["title"] for each in runner.forge.issues()]
    assert titles == ["Packages drifted: staging", "Packages drifted: production"]
    assert [re.findall("staging|production", each)[0] for each in runner.forge.comments()] == [*environments]
    assert len(artifacts) == 2


def test_invalid_files_fail_the_check_and_the_comment_says_where(runner: Runner) -> None:
    runner.repository.package("basic", features=["chta"])
    runner.repository.commit()

    done = runner.run("review")

    assert done.returncode == 3
    assert "`packages/basic.yaml:4:3`" in runner.forge.comments()[0]
    assert any("::error file=packages/basic.yaml" in each for each in commands(done.stdout))


def test_a_broken_configuration_is_explained_too(runner: Runner) -> None:
    runner.repository.write("reconciler.yaml", "environments: [")
    runner.repository.commit()

    done = runner.run("review")

    assert done.returncode == 3
    assert "reconciler.yaml" in runner.forge.comments()[0]


def test_a_fork_is_answered_without_platform_or_secret(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()
    (runner.repository.root / "platform.db").unlink()

    done = runner.run("review", HAS_PLATFORM="no", GH_READ_ONLY="yes")

    assert done.returncode == 0, done.stderr
    assert "Which clients it touches is unknown" in runner.summary
    assert not (runner.repository.root / "platform.db").exists()


def test_the_commit_can_plant_no_link_where_results_are_written() -> None:
    action = yaml.safe_load((SCRIPTS / "action.yml").read_text())

    (run,) = (step for step in action["runs"]["steps"] if step["name"] == "Run")

    assert run["env"]["RESULTS"] == "${{ runner.temp }}/reconciler-results"


def test_a_merge_applies_exactly_the_reviewed_plan_once(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    commit = runner.reviewed()

    done = runner.run("apply")
    summary = runner.summary
    again = runner.run("apply")

    assert (done.returncode, again.returncode) == (0, 0), done.stderr
    assert "\nApplied as run 2: 1 updated." in summary
    assert "\nAlready applied as run 2" in runner.summary
    assert len(runner.history()) == 2
    assert runner.history()[0] == ("ana@github", commit)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_whichever_way_a_branch_is_merged_its_reviewed_plan_is_applied(runner: Runner, method: str) -> None:
    git = runner.repository.git
    git("switch", "-q", "-c", "topic")
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit("First")
    runner.repository.package("extra")
    head = runner.repository.commit("Second")
    git("checkout", "-q", "--detach", "main")
    git("merge", "-q", "--no-ff", "-m", "Preview", head)
    runner.run("review")
    runner.forge.uploaded(runner.forge.ran(head), runner.outputs["artifact"], runner.result("plan.json"))
    git("switch", "-q", "main")
    before = runner.repository.commit("Somebody else's")

    match method:
        case "merge":
            git("merge", "-q", "--no-ff", "-m", "Merge", head)
        case "squash":
            git("merge", "-q", "--squash", head)
            runner.repository.commit("Squashed")
        case _:
            git("cherry-pick", f"{before}~1..{head}")
    commit = git("rev-parse", "HEAD")
    runner.forge.merged(head, commit)
    done = runner.run("apply", BEFORE=before)

    assert done.returncode == 0, done.stdout
    assert runner.history()[0] == ("ana@github", commit)


def test_a_queue_that_merges_several_pull_requests_at_once_has_each_applied(runner: Runner) -> None:
    before = runner.repository.git("rev-parse", "HEAD")
    runner.repository.package("first")
    runner.reviewed()
    first = runner.run("apply", BEFORE=before)
    runner.repository.package("second")
    runner.reviewed()

    done = runner.run("apply", BEFORE=before)

    assert (first.returncode, done.returncode, len(runner.history())) == (0, 0, 3), done.stdout
    assert "second" in runner.summary


def test_a_plan_that_no_longer_holds_is_refused_with_the_difference_and_a_plan_of_today(
    runner: Runner,
) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.reviewed()
    runner.repository.package("basic", features=[])
    runner.repository.commit("A push past the review")

    refused = runner.run("apply", GITHUB_SHA=runner.forge.state["pulls"][0]["merge_commit_sha"])
    offered = runner.offered(runner.forge.ran("0" * 40))
    summary = runner.summary
    applied = runner.run("apply", PLAN=offered)

    assert refused.returncode == 5
    assert "was not applied" in summary
    assert re.search(r"^[+].*chat", summary, re.MULTILINE | re.IGNORECASE), summary
    assert f"name its plan:** {offered}" in summary
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert len(runner.history()) == 2


@pytest.mark.parametrize("own", [True, False])
def test_only_a_plan_that_a_run_of_this_branch_offered_is_applied_by_hand(
    runner: Runner, *, own: bool
) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()
    runner.run("apply")
    plan = runner.result("plan.json")
    branch = "main" if not own else "mine"
    runner.forge.uploaded(
        runner.forge.ran("0" * 40), runner.outputs["artifact"], plan, branch=branch, own=own
    )

    done = runner.run("apply", PLAN=json.loads(plan.read_text())["hash"])

    assert done.returncode == 5
    assert commands(done.stdout)[-1].startswith("::error::No run on this branch offered that plan")


def test_the_job_of_another_environment_says_whose_plan_was_named_and_passes(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()
    runner.run("apply", RECONCILER_ENVIRONMENT="local")
    hash_ = runner.offered(runner.forge.ran("0" * 40))
    whose = runner.outputs["artifact"].removeprefix("reconciler-plan-").rpartition("-")[0]

    others = runner.run("apply", PLAN=hash_)
    before = len(runner.history())
    own = runner.run("apply", PLAN=hash_, RECONCILER_ENVIRONMENT="local")

    assert (others.returncode, own.returncode) == (0, 0)
    said = f"Nothing was applied here: that plan is for {whose}, whose job applies it."
    assert others.stdout.splitlines()[-1] == said
    assert (before, len(runner.history())) == (1, 2)


def test_a_merged_change_that_is_blocked_fails_the_check_of_others_until_it_is_let_pass(
    runner: Runner,
) -> None:
    runner.repository.package("basic", features=["chat"], rollout={"existing_clients": "reassign"})
    runner.repository.commit("Merged and blocked")
    runner.repository.package("premium", features=["calls"])
    runner.repository.commit("Of somebody else")

    codes = [runner.run("review", WAIVERS=each).returncode for each in ("", "acknowledge:basic")]

    assert codes == [4, 0]


def test_a_commit_without_a_reviewed_plan_is_refused_and_a_plan_offered(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()

    done = runner.run("apply")
    offered = runner.offered(runner.forge.ran("0" * 40))
    applied = runner.run("apply", PLAN=offered)

    assert done.returncode == 5
    assert commands(done.stdout)[-1].startswith("::error::Part of this push has no reviewed plan")
    assert applied.returncode == 0, applied.stdout


def test_a_run_by_hand_that_names_no_plan_has_one_offered_and_applies_nothing(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()

    asked = runner.run("apply", EVENT="workflow_dispatch")
    before = len(runner.history())
    offered = runner.offered(runner.forge.ran("0" * 40))
    applied = runner.run("apply", EVENT="workflow_dispatch", PLAN=offered)

    assert (asked.returncode, before, applied.returncode, len(runner.history())) == (0, 1, 0, 2)


@pytest.mark.parametrize("event", ["push", "workflow_dispatch"])
def test_a_plan_of_today_that_a_guard_blocks_is_shown_and_not_offered(runner: Runner, event: str) -> None:
    rollout = {"existing_clients": "reassign"}
    runner.repository.package("basic", features=["chat"], rollout=rollout)
    runner.repository.commit()

    done = runner.run("apply", EVENT=event)

    assert done.returncode == 4
    assert "acknowledge:basic" in runner.summary
    assert "A plan that a guard blocks is not offered." in runner.summary
    assert "name its plan" not in runner.summary


def test_a_refused_plan_fails_nothing_where_nothing_is_left_to_change(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.reviewed()
    with open_platform("sqlite:///platform.db", root=runner.repository.root) as platform:
        Shop(runner.repository.root, platform, NOON).apply()

    done = runner.run("apply")

    assert done.returncode == 0, done.stdout
    assert "Nothing is left to change" in runner.summary


def test_a_push_without_a_reviewed_plan_is_planned_anew_where_that_is_allowed(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()

    done = runner.run("apply", REVIEWED_PLAN="optional")

    assert done.returncode == 0, done.stdout
    assert len(runner.history()) == 2


def test_two_configurations_have_comments_and_issues_that_are_told_apart(runner: Runner) -> None:
    runner.repository.write("second.yaml", (runner.repository.root / "reconciler.yaml").read_text())
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()

    for config in ("reconciler.yaml", "second.yaml"):
        runner.run("review", RECONCILER_CONFIG=config)
        runner.run("drift", RECONCILER_CONFIG=config)

    told = ["Packages of `second.yaml`:" in each for each in runner.forge.comments()]
    titles = [each["title"] for each in runner.forge.issues()]
    assert told == [False, True]
    assert titles == [f"Packages drifted: the default environment{each}" for each in ("", " of second.yaml")]


def test_a_commit_without_a_plan_that_changes_nothing_is_fine(runner: Runner) -> None:
    runner.repository.write(
        "packages/basic.yaml",
        "# only a comment\n" + (runner.repository.root / "packages/basic.yaml").read_text(),
    )
    runner.repository.commit()

    done = runner.run("apply")

    assert done.returncode == 0, done.stdout
    assert "Nothing is left to change" in runner.summary


def test_a_merged_pull_request_of_a_fork_is_offered_for_approval(runner: Runner) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.repository.commit()
    commit = runner.repository.git("rev-parse", "HEAD")
    runner.forge.ran("e" * 40, repository="stranger/packages")
    runner.forge.merged("e" * 40, commit)

    done = runner.run("apply")

    assert done.returncode == 5
    assert "name its plan:** sha256:" in runner.summary


def test_what_was_merged_and_not_applied_is_named_by_every_later_plan_and_the_drift_issue(
    runner: Runner,
) -> None:
    runner.repository.package("basic", features=["chat"])
    runner.reviewed()
    runner.run("apply")
    runner.repository.package("basic", features=[])
    runner.repository.commit("Forgotten by everybody")
    runner.repository.package("basic", features=[], user_count=6)
    runner.repository.commit("The next one")

    runner.run("review")
    (comment,) = runner.forge.comments()
    runner.run("drift")

    assert "Forgotten by everybody" in comment
    assert "The next one" not in comment
    assert "The next one" in runner.forge.issues()[0]["body"]


def test_a_waiver_inside_a_plan_counts_only_where_the_workflow_grants_it(runner: Runner) -> None:
    rollout = {"existing_clients": "reassign"}
    runner.repository.package("basic", features=["chat"], rollout=rollout)
    runner.reviewed(RECONCILER_ALLOW="acknowledge:basic")

    refused = runner.run("apply")
    summary = runner.summary
    granted = runner.run("apply", WAIVERS="adopt:x acknowledge:basic")

    assert refused.returncode == 4
    assert "acknowledge:basic" in summary
    assert "in the input **allow** of this workflow" in " ".join(summary.split())
    assert granted.returncode == 0, granted.stderr


def test_waivers_of_the_workflow_are_those_that_the_review_is_made_with(runner: Runner) -> None:
    rollout = {"existing_clients": "reassign"}
    runner.repository.package("basic", features=["chat"], rollout=rollout)
    runner.repository.commit()

    blocked = runner.run("review")
    passed = runner.run("review", WAIVERS="acknowledge:basic")

    assert (blocked.returncode, passed.returncode) == (4, 0)


def test_drift_opens_one_issue_keeps_it_up_to_date_and_closes_it(runner: Runner) -> None:
    still = runner.run("drift")
    with open_platform("sqlite:///platform.db", root=runner.repository.root) as platform:
        definition = platform.snapshot("acme")
        platform.edit_package("basic", type(definition)(title="By hand", caps={"user_count": 1}), NOON)
    opened = runner.run("drift")
    (issue,) = runner.forge.issues()
    kept = runner.run("drift")
    runner.repository.package("basic", title="By hand", user_count=1)
    closed = runner.run("drift")

    assert [each.returncode for each in (still, opened, kept, closed)] == [0, 0, 0, 0]
    assert issue["body"].startswith("The platform of the default environment differs from the files at ")
    assert [each["id"] for each in runner.forge.issues("CLOSED")] == [issue["id"]]


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


def test_a_job_that_github_vouches_for_needs_no_stored_token(runner: Runner) -> None:
    kept = 'printf "%s\\n" "$@" > "$GH_FOLDER/asked"; cat > "$GH_FOLDER/headers"'
    programs = {
        "curl": f'{kept}; echo \'{{"value": "vouched"}}\'',
        "looking": 'printf %s "$PACKAGE_TOKEN" > "$GH_FOLDER/token"',
    }
    (runner.folder / "bin").unlink()
    (runner.folder / "bin").mkdir()
    for name, does in programs.items():
        (runner.folder / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (runner.folder / "bin" / name).chmod(0o755)

    vouching = {
        "AUDIENCE": "https://x.example",
        "TOKEN_VARIABLE": "PACKAGE_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://vouching.example/?api=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
    }
    done = runner.run("review", RECONCILER=str(runner.folder / "bin" / "looking"), **vouching)

    asked = (runner.folder / "asked").read_text().splitlines()
    assert (runner.folder / "token").read_text() == "vouched", done.stderr
    assert commands(done.stdout)[0] == "::add-mask::vouched"
    assert {"audience=https://x.example", "https://vouching.example/?api=2"} <= {*asked}
    assert (runner.folder / "headers").read_text() == "Authorization: Bearer of-the-runner\n"
    assert "of-the-runner" not in "".join(asked)


def test_a_job_without_the_permission_is_told_which_it_lacks(runner: Runner) -> None:
    done = runner.run("drift", AUDIENCE="https://x.example")

    assert done.returncode == 1
    assert "::error::GitHub says nothing of this job: give it the permission `id-token: write`" in done.stdout


def test_a_review_without_a_platform_asks_for_no_id_token(runner: Runner) -> None:
    runner.repository.commit("A pull request")

    assert runner.run("review", HAS_PLATFORM="no", AUDIENCE="https://x.example").returncode == 0
