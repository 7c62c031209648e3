"""Whole processes, where a person waits for one, beside what does the same with nothing around it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING

import pytest

from reconciler.sources.schemas import schema_text
from tests.benchmarks.agency import (
    CATALOG,
    CHANGED,
    FEATURES,
    PACKAGES,
    agency,
    configure,
    cost,
    package,
    spent,
)
from tests.benchmarks.goals import Row, reached, scaled
from tests.benchmarks.test_validate import PACKAGE, workspace_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.benchmark

ROUNDS = 3
CLIENTS = scaled(100_000)
PASS = (sys.executable, "-c", "pass")
SCRIPT = """
import json, sys
from pathlib import Path
import jsonschema_rs, yaml
validator = jsonschema_rs.Draft202012Validator(json.loads(Path("package.json").read_text()))
for path in sorted(Path("packages").iterdir()):
    assert validator.is_valid(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader))
"""
BARE = """
import json, sqlite3, sys
with open("rows.json", encoding="utf-8") as file:
    tables = json.load(file)
connection = sqlite3.connect("bare.db", isolation_level=None)
for setting in ("journal_mode=DELETE", "synchronous=EXTRA"):
    connection.execute(f"PRAGMA {setting}")
connection.execute("BEGIN IMMEDIATE")
for name, rows in tables.items():
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(f"INSERT OR REPLACE INTO {name} VALUES ({marks})", rows)
connection.execute("COMMIT")
"""


def best(measure: Callable[[], tuple[float, float, int]]) -> tuple[float, int]:
    """Return the least seconds of some rounds, and the peak of one."""
    found = [measure() for _ in range(ROUNDS)]
    return min(seconds for seconds, _, _ in found), found[0][2]


def compare(what: str, ours: tuple[float, int], theirs: float, most: float) -> None:
    reached(Row(what, ours[0] / theirs, most=most, peak=ours[1], aside=f"{ours[0]:.2f} s : {theirs:.2f} s"))


def script(root: Path) -> float:
    (root / "package.json").write_bytes(schema_text("package"))
    return best(lambda: spent(root, sys.executable, "-c", SCRIPT))[0]


def bare(root: Path, before: Path, after: Path) -> float:
    """Return what it takes to write the rows that one database has and another one has not."""
    rows = {}
    with closing(sqlite3.connect(after)) as new, closing(sqlite3.connect(before)) as old:
        names = [name for (name,) in new.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            had = set(old.execute(f"SELECT * FROM {name}"))  # noqa: S608 - a table's name
            found = [row for row in new.execute(f"SELECT * FROM {name}") if row not in had]  # noqa: S608 - the same
            if found:
                rows[name] = found
    (root / "rows.json").write_text(json.dumps(rows))

    def measure() -> tuple[float, float, int]:
        shutil.copy(before, root / "bare.db")
        return spent(root, sys.executable, "-c", BARE)

    return best(measure)[0]


def test_help_and_a_few_files_feel_instant(tmp_path: Path) -> None:
    root = workspace_of(tmp_path / "w", 3).parent
    edited, numbers = root / "packages" / "professional_0.yaml", count(3)
    cost(root, "--help"), cost(root, "validate")

    def after_an_edit() -> tuple[float, float, int]:
        edited.write_text(PACKAGE.format(n=next(numbers)))
        return cost(root, "validate")

    nothing = best(lambda: spent(root, *PASS))[0]

    compare("`--help` : python -c pass", best(lambda: cost(root, "--help")), nothing, 4)
    compare("`validate` of 3 files, one edited : python -c pass", best(after_an_edit), nothing, 6.5)


def test_validate_beside_a_script(tmp_path: Path) -> None:
    files = scaled(10_000)
    root = workspace_of(tmp_path / "w", files).parent
    cost(root, "validate", "--no-cache")
    theirs = script(root)

    cold = best(lambda: cost(root, "validate", "--no-cache"))
    cost(root, "validate")
    warm = best(lambda: cost(root, "validate"))

    compare(f"`validate` of {files:,} files, cold : script", cold, theirs, 0.7)
    compare(f"`validate` of {files:,} files, warm : script", warm, theirs, 0.25)


def test_plans_beside_a_script(tmp_path: Path) -> None:
    root = agency(tmp_path / "w", CLIENTS)
    changed = {path: path.read_text() for path in (root / "packages").iterdir()}
    theirs = script(root)
    cost(root, "plan", "--quiet")

    with_changes = best(lambda: cost(root, "plan", "--quiet"))
    for number in range(CHANGED):
        (root / "packages" / f"p{number}.yaml").write_text(package(number, *FEATURES[:12]))
    cost(root, "plan", "--quiet")
    idle = best(lambda: cost(root, "plan", "--quiet"))

    assert len(changed) == PACKAGES
    compare(f"`plan` of {PACKAGES:,} files, nothing changed : script", idle, theirs, 0.55)
    what = f"`plan` of {PACKAGES:,} files, {CHANGED} changed, {CLIENTS:,} clients : script"
    compare(what, with_changes, theirs, 0.8)


def test_an_apply_beside_a_script_and_its_writes(tmp_path: Path) -> None:
    root = tmp_path
    (root / "packages").mkdir()
    (root / "catalog.yaml").write_text(CATALOG)
    configure(root, local="sqlite:///platform.db")
    cost(root, "apply", "--yes", "--quiet", may_fail=True)
    shutil.copy(root / "platform.db", root / "before.db")
    for number in range(PACKAGES):
        (root / "packages" / f"p{number}.yaml").write_text(package(number, *FEATURES[:12]))

    def measure() -> tuple[float, float, int]:
        shutil.copy(root / "before.db", root / "platform.db")
        return cost(root, "apply", "--yes")

    ours = best(measure)
    theirs = script(root) + bare(root, root / "before.db", root / "platform.db")

    compare(f"`apply` of {PACKAGES:,} new packages : script and its rows by executemany", ours, theirs, 2.5)


def test_an_import_beside_its_rows(tmp_path: Path) -> None:
    root = agency(tmp_path / "w", 0)
    before = root / "before.db"
    shutil.copy(root / "platform.db", before)
    with (root / "clients.jsonl").open("w", encoding="utf-8") as file:
        for number in range(CLIENTS):
            usage = {"feature_5": number % 3, "seats": number % 150}
            said = {"id": f"client-{number:07}", "name": f"Client {number}", "usage": usage}
            said |= {"owner_email": f"owner@client-{number}.example", "package": f"p{number % PACKAGES}"}
            file.write(json.dumps(said) + "\n")

    def measure() -> tuple[float, float, int]:
        shutil.copy(before, root / "platform.db")
        return cost(root, "clients", "import", "clients.jsonl")

    ours = best(measure)
    theirs = bare(root, before, root / "platform.db")

    compare(f"`clients import` of {CLIENTS:,} : its rows by JSON and executemany", ours, theirs, 2.5)
