"""What is sent to whoever builds the image, by the rules of a `.dockerignore`."""

import re
import subprocess
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

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


def test_what_is_installed_is_locked_by_hashes_and_is_what_the_project_asks_for() -> None:
    text = (ROOT / "docs" / "deploy" / "requirements.txt").read_text()
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    asked = [*project["project"]["dependencies"], *extras["server"], *extras["watch"]]

    wanted = [Requirement(each) for each in (*asked, *project["build-system"]["requires"])]

    assert [str(each) for each in wanted if not each.specifier.contains(locked.get(each.name, "0"))] == []
    assert len(re.findall(r"^\S+==.*\\$\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)) == len(locked)


def test_all_is_sent_that_the_distribution_is_built_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    named = [project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"]
    named += [*wheel["packages"], *wheel["force-include"]]
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--", *named]

    files = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]

    assert len(files) > 100
    assert [file for file in files if not is_sent(file)] == []
