"""The commands from end to end, on the embedded platform, and every exit code that they end in."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.main import main
from tests.terminals import answered

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]
ADD = ["clients", "add", "acme", "--name", "Acme", "--owner-email", "ops@acme.example", "--package", "pro"]
PRO = "title: Pro\nfeatures: [chat, calls]\nuser_count: 5\n"
LESS = "title: Pro\nfeatures: [chat]\nuser_count: 5\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one package, where commands run."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "schemas").mkdir()
    (tmp_path / "packages" / "pro.yaml").write_text(PRO)
    (tmp_path / "schemas" / "catalog.yaml").write_text(
        "features:\n  chat: {title: Live chat}\n  calls: {title: Audio calls}\n"
    )
    (tmp_path / "reconciler.yaml").write_text(
        "environments:\n"
        "  local: {platform: 'sqlite:///.reconciler/platform.db'}\n"
        "  remote: {platform: 'sqlite:///remote.db', token_env: NO_SUCH_TOKEN}\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command and return its exit code, standard output and standard error."""
    assert folder.is_dir()

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def applied(run: Run) -> Run:
    """The same, where the package is live and one client holds it."""
    assert run("apply", "--yes")[0] == 0
    assert run(*ADD)[0] == 0
    return run


def test_valid_files_end_in_0_and_a_message(run: Run) -> None:
    assert run("validate") == (0, "", "1 package checked: all valid.\n")


def test_invalid_files_end_in_3_with_each_finding_at_its_place(folder: Path, run: Run) -> None:
    (folder / "packages" / "pro.yaml").write_text(PRO.replace("calls", "callz"))

    code, text, _ = run("validate")
    code_as_json, document, _ = run("validate", "--format", "json")
    plan_code, plan_out, plan_error = run("plan")

    assert (code, code_as_json, plan_code, plan_out) == (3, 3, 3, "")
    assert text.startswith("packages/pro.yaml:2:")
    assert json.loads(document)["summary"]["errors"] == 1
    assert "packages/pro.yaml:2:" in plan_error


def test_validate_prints_the_findings_of_the_paths_that_are_named(folder: Path, run: Run) -> None:
    for name in ("a", "b"):
        (folder / "packages" / f"{name}.yaml").write_text(f"title: {name}\n")

    _, text, _ = run("validate", "packages/a.yaml")

    assert "packages/a.yaml:" in text
    assert "packages/b.yaml:" not in text


def test_a_plan_says_with_its_exit_code_whether_there_are_changes_where_that_is_asked(run: Run) -> None:
    codes = [run("plan")[0], run("plan", "--detailed-exitcode")[0]]
    run("apply", "--yes")
    codes += [run("plan")[0], run("plan", "--detailed-exitcode")[0]]

    assert codes == [0, 2, 0, 0]


def test_a_plan_as_json_is_the_file_that_it_saves_and_apply_takes(folder: Path, run: Run) -> None:
    _, printed, _ = run("plan", "--out", "plan.json", "--format", "json")

    assert printed == (folder / "plan.json").read_text(encoding="utf-8")
    (folder / "printed.json").write_text(printed, encoding="utf-8")
    assert run("apply", "printed.json")[0] == 0


def test_a_saved_plan_is_shown_as_it_was_planned(run: Run) -> None:
    _, planned, _ = run("plan", "--out", "plan.json", "--format", "json")

    code, shown, _ = run("show", "plan.json", "--format", "json")
    _, text, _ = run("show", "plan.json")

    assert (code, shown) == (0, planned)
    assert text.startswith("Package plan for local: No client loses anything.\n1 package is created.\n")


def test_a_blocked_plan_ends_in_4_and_is_printed_in_full(folder: Path, applied: Run) -> None:
    rollout = "rollout: {existing_clients: reassign}\n"
    (folder / "packages" / "pro.yaml").write_text(LESS + rollout)

    code, text, _ = applied("plan")
    apply_code, _, error = applied("apply", "--yes")

    assert (code, apply_code) == (4, 4)
    assert "BLOCKED" in text
    assert "- removes: calls" in text
    assert error.count("acknowledge blocks pro") == error.count("--allow acknowledge:pro") == 1
    assert "--skip-blocked" not in error
    assert "touched by" not in error


def test_a_removed_feature_that_clients_keep_is_applied_and_named(folder: Path, applied: Run) -> None:
    (folder / "packages" / "pro.yaml").write_text(LESS)

    code, text, _ = applied("apply", "--yes")
    _, client, _ = applied("clients", "show", "acme")

    assert code == 0
    assert "1 keeps it until reassigned" in text
    assert text.endswith("Applied as run 2: 1 updated.\n")
    assert "Audio calls (calls) (gone on reassignment)" in client


def test_a_plan_is_applied_once(run: Run) -> None:
    run("plan", "--out", "plan.json")

    first, again = run("apply", "plan.json"), run("apply", "plan.json")

    assert (first[0], again[0]) == (0, 0)
    assert "Already applied as run 1" in "".join(again[1:])


def test_an_environment_without_its_token_ends_in_7(run: Run) -> None:
    code, _, error = run("plan", "--environment", "remote")

    assert code == 7
    assert "NO_SUCH_TOKEN" in error


def test_an_environment_that_does_not_exist_ends_in_64(run: Run) -> None:
    code, _, error = run("-e", "nowhere", "plan")

    assert code == 64
    assert "local" in error


def test_applying_what_is_applied_changes_nothing(applied: Run) -> None:
    code, text, _ = applied("apply", "--yes")

    assert (code, text) == (0, "Nothing to change: local is as the files say.\n")


def test_a_run_as_json_stands_alone_on_standard_output(run: Run) -> None:
    code, document, messages = run("apply", "--yes", "--actor", "robot", "--format", "json")

    assert code == 0
    assert json.loads(document)["actor"] == "robot"
    assert messages.startswith("Package plan for local: ")


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\udcff", " a", "a\u202eb", "x" * 300])
def test_whoever_the_system_says_applies_can_apply(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LOGNAME", name)

    code, document, _ = run("apply", "--yes", "--format", "json")

    assert code == 0
    assert json.loads(document)["actor"].startswith(("a", "x"))


def test_quiet_leaves_results_only(run: Run) -> None:
    assert run("-q", "apply", "--yes", "--format", "json")[2] == ""
    assert run("validate", "-q") == (0, "", "")


def test_history_lists_runs_and_shows_one(applied: Run) -> None:
    _, listed, _ = applied("history")
    _, shown, _ = applied("history", "1")
    code, _, _ = applied("history", "99")

    assert listed.splitlines()[1].startswith("1 ")
    assert shown.startswith("Run 1 on local: 1 created\n")
    assert code == 64


def test_clients_are_added_listed_shown_and_assigned(applied: Run) -> None:
    _, listed, _ = applied("clients", "list", "--format", "json")
    _, shown, _ = applied("clients", "show", "acme", "--format", "json")
    code, assigned, _ = applied("clients", "assign", "acme", "pro", "--yes")

    assert listed == shown
    assert json.loads(shown)["entitlements"]["features"] == ["calls", "chat"]
    assert code == 0
    assert assigned.endswith("acme holds pro revision 1; it never expires.\n")


def test_a_client_that_exists_or_does_not_is_refused(applied: Run) -> None:
    assert applied(*ADD)[0] == 4
    assert applied("clients", "show", "nobody")[0] == 64


def test_clients_are_imported_all_or_none(folder: Path, applied: Run) -> None:
    good = '{"id": "a", "name": "A", "owner_email": "a@a.example", "package": "pro"}\n'
    (folder / "good.jsonl").write_text(good)
    (folder / "bad.jsonl").write_text(good.replace('"a"', '"b"') + "no JSON\n")

    done = applied("clients", "import", "good.jsonl")
    refused, _, error = applied("clients", "import", "bad.jsonl")
    _, listed, _ = applied("clients", "list", "--format", "json")

    assert done == (0, "Imported 1 client: 1 new, 0 known before.\n", "")
    assert refused == 3
    assert ":2:1 " in error
    assert [json.loads(line)["id"] for line in listed.splitlines()] == ["a", "acme"]


def test_schemas_are_printed_and_written(folder: Path, run: Run) -> None:
    code, printed, _ = run("schema", "package")
    written, paths, _ = run("schema", "--write", "out")

    assert (code, written) == (0, 0)
    assert "properties" in json.loads(printed)
    assert all((folder / path).is_file() for path in paths.splitlines())
    assert paths


def test_a_reader_that_goes_away_ends_the_command_quietly(folder: Path, applied: Run) -> None:
    lines = (
        f'{{"id": "c{n}", "name": "C", "owner_email": "c@c.example", "package": "pro"}}\n'
        for n in range(3000)
    )
    (folder / "many.jsonl").write_text("".join(lines))
    applied("clients", "import", "many.jsonl")

    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "clients", "list", "--format", "json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdout as output, process.stderr as errors:
        output.readline()
        output.close()

        assert errors.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (b"y\n", 0, "Applied as run 1"),
        (b"n\n", 130, "\nNothing was applied."),
        (b"\x03", 130, "\nInterrupted. Nothing was applied."),
        (b"\x04", 130, "\nInterrupted. Nothing was applied."),
    ],
)
def test_on_a_terminal_apply_asks_first(folder: Path, answer: bytes, code: int, said: str) -> None:
    ended, seen = answered(folder, answer, "apply")

    assert ended == code
    assert said in seen.replace("\r", "")
