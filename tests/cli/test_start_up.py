from __future__ import annotations

import subprocess
import sys
from datetime import date
from functools import partial
from pathlib import Path
from time import time_ns
from typing import Final

import pytest

from reconciler.engine.check import check
from reconciler.sources.workspace import read_workspace
from tests.repository import Repository
from tests.workspaces import repository

TODAY: Final = date(2026, 11, 23)
ROOT: Final = Path(__file__).parents[2]
MARK: Final = "=imported="
TOLD: Final = f"\nprint({MARK!r}, *(sys.modules.keys() - before))"
ONE_RUN: Final = """
from reconciler.cli.main import main

main(sys.argv[1:])
print(*sys.modules, sep="\\n", file=sys.stderr)
"""
CHECKED_BEFORE: Final = """
from datetime import date
from pathlib import Path
from reconciler.cli.commands import validate
from reconciler.engine.check import check

check(Path(sys.argv[1]), date(2026, 11, 23), read=None)
print(*sys.modules, sep="\\n", file=sys.stderr)
"""
WITHOUT: Final = """
import sys

sys.modules[sys.argv.pop(1)] = None
from reconciler.cli.main import main

sys.exit(main(sys.argv[1:]))
"""
EVERY_COMMAND: Final = """
import sys
from click import Context, Group
from reconciler.cli.main import commands

def load(group):
    for name in group.list_commands(Context(group)):
        command = group.get_command(Context(group), name)
        if isinstance(command, Group):
            load(command)
        print(name, *sys.modules.keys() & set(sys.argv[1:]))

load(commands)
"""
SLOW: Final = {
    "rich", "pydantic", "sqlalchemy", "yaml", "deepdiff", "httpcore", "httpx", "jsonschema", "alembic",
    "jinja2",
}  # fmt: skip
SMALL: Final = {"csv", "dataclasses", "difflib", "hashlib", "html", "json", "pathlib", "urllib.parse"}
"""Of Python, a few milliseconds each."""
LARGE: Final = {
    "asyncio", "concurrent.futures", "email", "http", "importlib.metadata", "logging", "multiprocessing",
    "shutil", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "zoneinfo",
}  # fmt: skip
OF_JSONSCHEMA_RS: Final = {"email", "socket"}
OF_VALUES: Final = {"msgspec", "typing_extensions"}
OF_READING: Final = {"click", "yaml", "jsonschema_rs", *OF_VALUES}
OF_CYTHON: Final = ("_cython", "cython")
"""How the modules begin that a compiled one makes for itself."""
LAYERS_OF_READING: Final = {"cli", "engine", "errors", "model", "render", "sources", "validation"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of a repository."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return repository(tmp_path / "here", pro="title: Pro\nuser_count: 1\n")


def imported(code: str, folder: Path, *arguments: str) -> set[str]:
    """Return the modules that a process imports beside those that Python starts with."""
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; before = set(sys.modules)\n{code}{TOLD}", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(result.stdout.rpartition(MARK)[2].split())


def foreign(modules: set[str]) -> set[str]:
    """Return the packages among them that are neither Python's nor ours."""
    tops = {name.partition(".")[0] for name in modules if not name.startswith(OF_CYTHON)}
    return tops - sys.stdlib_module_names - {"reconciler"}


def layers(modules: set[str]) -> set[str]:
    """Return the layers of ours among them."""
    return {name.split(".")[1] for name in modules if name.startswith("reconciler.")}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["plan", "--frobnicate"], ["clients", "--help"], ["validate", "-h"]],
)
def test_help_and_wrong_usage_import_nothing_slow(here: Path, arguments: list[str]) -> None:
    loaded = imported(ONE_RUN, here.parent, *arguments)

    assert foreign(loaded) - OF_VALUES == {"click"}
    assert loaded & LARGE == set()


def test_help_imports_no_more_than_it_prints(here: Path) -> None:
    loaded = imported(ONE_RUN, here.parent, "--help")

    assert foreign(loaded) == {"click"}
    assert layers(loaded) == {"cli", "errors", "render"}
    assert loaded & (SMALL | LARGE) == set()


def test_the_explanation_of_a_rule_imports_no_more_than_rules_and_text(here: Path) -> None:
    loaded = imported(ONE_RUN, here.parent, "explain", "bad-file-name")

    assert foreign(loaded) == {"click", *OF_VALUES}
    assert layers(loaded) == {"cli", "engine", "errors", "model", "render", "validation"}
    assert loaded & LARGE == set()


@pytest.mark.parametrize("arguments", [["fmt", "--check"], ["validate"]])
def test_reading_files_imports_what_reads_yaml_and_schemas(here: Path, arguments: list[str]) -> None:
    loaded = imported(ONE_RUN, here.parent, *arguments)

    assert foreign(loaded) == OF_READING
    assert layers(loaded) == LAYERS_OF_READING
    assert loaded & LARGE == OF_JSONSCHEMA_RS


def test_a_check_of_what_was_checked_before_imports_nothing_that_reads_files(here: Path) -> None:
    check(here, TODAY, partial(read_workspace, here, today=TODAY), clock=in_a_while)

    loaded = imported(CHECKED_BEFORE, here.parent, str(here))

    assert foreign(loaded) == {"click", *OF_VALUES}
    assert layers(loaded) == LAYERS_OF_READING
    assert not loaded & {"reconciler.sources.workspace", "reconciler.model.packages"}
    assert loaded & LARGE == set()


def in_a_while() -> int:
    """A minute from now, when no file can change within the tick in which it was written."""
    return time_ns() + 60_000_000_000


def test_no_command_imports_anything_slow_before_it_runs() -> None:
    result = subprocess.run(
        [sys.executable, "-c", EVERY_COMMAND, *SLOW],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = [line.split() for line in result.stdout.splitlines()]

    assert {"plan", "grant", "verify"} <= {name for name, *_ in loaded}
    assert next((each for each in loaded if len(each) > 1), None) is None


@pytest.mark.parametrize(
    ("missing", "typed", "said"),
    [
        (
            "pytest",
            "platform check sqlite:///{}.db",
            "The checks need pytest. Install pytest into the environment that reconciler runs in.",
        ),
        (
            "uvicorn",
            "serve",
            (
                "Serving needs uvicorn, which is not installed. "
                "Install it with the extra `server`, from where reconciler came."
            ),
        ),
        (
            "prometheus_client",
            "watch --once --state ../state --listen 127.0.0.1:0",
            "--listen needs prometheus-client. Install it with the extra `watch`",
        ),
    ],
)
def test_what_is_not_installed_is_named_with_the_extra_that_has_it(
    tmp_path: Path, missing: str, typed: str, said: str
) -> None:
    Repository.made(tmp_path / "made").commit()
    command = [sys.executable, "-c", WITHOUT, missing, *typed.split()]

    done = subprocess.run(command, cwd=tmp_path / "made", capture_output=True, text=True, check=False)

    assert said in " ".join(done.stderr.replace("hint:", " ").split())
