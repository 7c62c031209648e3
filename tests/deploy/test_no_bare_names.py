"""Nothing tells anybody to install a bare name from an index: there it may be a stranger's."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLS = re.compile(
    r"(?:\bpip3?|\bpipx|\buv(?: tool| pip)?)\"? (?:install|run|inject|add)\b[^\n`]*"
    r"|\buvx [^\n`]*|(?<!package-)\breconciler\[\w[^\n]*"
)
FLAGS = re.compile(r"(?<=\s)-{1,2}[a-z-]+(?:[ =](?:lint))?|[\"'`();]|;;.*|&&.*")
PLACES = re.compile(r"(?:install|run|inject|add)|\.|\.\[\w+\]|\S*/\S*|\\|\$\w+|pip3?|upgrade")


def written_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\n") if name and not name.startswith("tests/")]


def names_in(text: str) -> list[str]:
    """Return what would be looked up in an index."""
    words = (word for found in INSTALLS.findall(text) for word in FLAGS.sub(" ", found).split())
    return [word for word in words if not PLACES.fullmatch(word)]


@pytest.mark.parametrize("name", written_files())
def test_no_file_installs_a_bare_name(name: str) -> None:
    try:
        text = (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return

    assert names_in(text) == []


@pytest.mark.parametrize(
    "said",
    [
        "pip install reconciler",
        "Install the extra: pip install 'reconciler[server]'.",
        "pipx install package-reconciler",
        "uv tool install reconciler",
        "uvx reconciler plan",
        "needs the extra reconciler[watch]",
    ],
)
def test_a_bare_name_would_be_found(said: str) -> None:
    assert names_in(said)


def test_the_distribution_has_a_name_that_nobody_else_has() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["name"] == "package-reconciler"
    assert project["scripts"] == {"reconciler": "reconciler.cli.main:run"}
