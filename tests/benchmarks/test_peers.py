"""Programs of others, where they are installed: check-jsonschema, ajv-cli and octodns-sync.

None does the same. check-jsonschema and ajv-cli hold each file against the schema and know no rules between
files; octodns-sync compares records of DNS between two folders, and asks no platform who is touched.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.sources.schemas import schema_text
from tests.benchmarks.agency import CHANGED, PACKAGES, agency, cost, spent
from tests.benchmarks.goals import Row, reached, scaled
from tests.benchmarks.test_processes import best
from tests.benchmarks.test_validate import workspace_of

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.benchmark

FILES: Final = scaled(10_000)
OCTODNS: Final = """\
providers:
  here: {class: octodns.provider.yaml.YamlProvider, directory: ./wanted}
  there: {class: octodns.provider.yaml.YamlProvider, directory: ./live}
zones:
  example.com.: {sources: [here], targets: [there]}
"""


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def beside(what: str, ours: tuple[float, int], words: Sequence[str], root: Path, most: float) -> None:
    theirs = best(lambda: spent(root, *words))[0]
    aside = f"{ours[0]:.2f} s : {theirs:.2f} s"
    reached(Row(what, ours[0] / theirs, most=most, peak=ours[1], aside=aside))


@pytest.mark.parametrize(
    ("name", "most"), [("check-jsonschema", 1 / 22), ("ajv", 0.9)], ids=["check-jsonschema", "ajv-cli"]
)
def test_a_cold_validate_beside_checkers_of_schemas(tmp_path: Path, name: str, most: float) -> None:
    found = program(name)
    root = workspace_of(tmp_path / "w", FILES).parent
    (root / "package.json").write_bytes(schema_text("package"))
    paths = [str(path.relative_to(root)) for path in sorted((root / "packages").iterdir())]
    words = {
        "check-jsonschema": (found, "--schemafile", "package.json", *paths),
        "ajv": (
            found,
            "validate",
            "--spec=draft2020",
            "-c",
            "ajv-formats",
            "-s",
            "package.json",
            "-d",
            "packages/*",
        ),
    }

    ours = best(lambda: cost(root, "validate", "--no-cache"))

    beside(f"`validate` of {FILES:,} files, cold : {name}", ours, words[name], root, most)


def test_a_plan_beside_octodns(tmp_path: Path) -> None:
    found = program("octodns-sync")
    root = agency(tmp_path / "w", 0)
    for folder, first in (("wanted", CHANGED), ("live", 0)):
        (root / folder).mkdir()
        records = (f"p{n:05}: {{type: A, value: 10.0.0.{1 + (n < first)}}}\n" for n in range(PACKAGES))
        (root / folder / "example.com.yaml").write_text("---\n" + "".join(records))
    (root / "octodns.yaml").write_text(OCTODNS)
    cost(root, "plan", "--quiet")

    ours = best(lambda: cost(root, "plan", "--quiet"))

    what = f"`plan` of {PACKAGES:,} files, {CHANGED} changed : octodns-sync of as many records"
    beside(what, ours, (found, "--config-file", "octodns.yaml", "--force"), root, 1 / 40)
