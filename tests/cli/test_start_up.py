import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
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
