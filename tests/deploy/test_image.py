"""What is sent to whoever builds the image, by the rules of a `.dockerignore`."""

import subprocess
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PATTERNS = [
    line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
]


def is_sent(file: str) -> bool:
    """Whether no pattern matches the file or a folder that it lies in; the last that does decides."""
    places = [PurePosixPath(file), *PurePosixPath(file).parents]
    matching = [each for each in PATTERNS if any(matches(each.removeprefix("!"), place) for place in places)]
    return not matching or matching[-1].startswith("!")


def matches(pattern: str, place: PurePosixPath) -> bool:
    if pattern.startswith("**/"):
        return fnmatchcase(place.name, pattern.removeprefix("**/"))
    parts = pattern.split("/")
    return len(parts) == len(place.parts) and all(map(fnmatchcase, place.parts, parts))


@pytest.mark.parametrize(
    "file",
    [
        ".git/config",
        ".reconciler/platform.db",
        "packages/.reconciler/platform.db",
        "packages/platform.db-wal",
        "platform.db",
        "plan.json",
        ".env",
        ".venv/pyvenv.cfg",
        "reconciler/__pycache__/errors.cpython-312.pyc",
        "tests/conftest.py",
    ],
)
def test_neither_history_nor_a_platform_nor_a_secret_lies_in_a_layer(file: str) -> None:
    assert not is_sent(file)


def test_all_is_sent_that_the_distribution_is_built_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    named = [project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"]
    named += [*wheel["packages"], *wheel["force-include"]]
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--", *named]

    files = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]

    assert len(files) > 100
    assert [file for file in files if not is_sent(file)] == []
