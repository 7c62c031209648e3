"""The page about the structure, held against the structure."""

from __future__ import annotations

import re
import tomllib
from dataclasses import is_dataclass
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path

from reconciler.model.fields import Readable

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PICTURE = (ROOT / "docs" / "architecture.svg").read_text()


def layers() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    rows = next(each["layers"] for each in contracts if each["containers"] == ["reconciler"])
    return [name.strip() for row in rows for name in row.split("|") if not name.startswith("(")]


def test_every_layer_has_its_paragraph_and_its_place_in_the_picture() -> None:
    assert set(re.findall(r"\*\*`(\w+)`\*\*", PAGE)) == set(layers())
    assert re.findall(r'font-weight="600">(\w+)<', PICTURE) == layers()


def test_every_module_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:tests/)?[a-z_]+/[a-z_/]+)`", PAGE))

    assert named
    for each in named:
        path = ROOT / each if each.startswith("tests/") else ROOT / "reconciler" / each
        assert path.is_dir() or path.with_suffix(".py").is_file(), each


def test_only_what_is_read_off_the_wire_is_a_dataclass() -> None:
    for file in (ROOT / "reconciler").rglob("*.py"):
        if "@dataclass" in file.read_text():
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            own = [each for _, each in getmembers(import_module(name), isclass) if each.__module__ == name]
            assert [each for each in own if is_dataclass(each) and not issubclass(each, Readable)] == []
