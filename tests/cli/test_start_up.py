import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EVERY_COMMAND = """
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
SLOW = {"rich", "pydantic", "sqlalchemy", "yaml", "deepdiff", "httpx", "jsonschema", "alembic", "jinja2"}


def imported(*arguments: str) -> set[str]:
    """Return the top-level packages that a run imports."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reconciler", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    lines = (line for line in result.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["plan", "--frobnicate"], ["clients", "--help"], ["validate", "-h"]],
)
def test_help_and_wrong_usage_import_nothing_slow(arguments: list[str]) -> None:
    loaded = imported(*arguments)

    assert "click" in loaded
    assert loaded & SLOW == set()


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
