"""Every case folder is a saved plan, perhaps a catalog, and the text it must give at each width.

`RECONCILER_REWRITE_CASES=1` rewrites the texts; read the difference before you commit it.
"""

import json
import os
import re
from pathlib import Path
from time import process_time

import pytest

from reconciler.model.catalog import Catalog
from reconciler.model.plans import Plan
from reconciler.render.json.plan import plan_json
from reconciler.render.text.glossary import Glossary
from reconciler.render.text.ink import Paper, cells
from reconciler.render.text.plan import plan_text

CASES = sorted(path for path in (Path(__file__).parents[1] / "cases" / "plans").iterdir() if path.is_dir())
WIDTHS = (60, 80, 120)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)


def plan_of(case: Path) -> Plan:
    return Plan.model_validate_json((case / "plan.json").read_bytes())


def glossary_of(case: Path) -> Glossary:
    catalog = case / "catalog.json"
    document = json.loads(catalog.read_bytes()) if catalog.exists() else {}
    return Glossary(Catalog.normalised(document))


def text_of(case: Path, width: int, *, colour: bool = False) -> str:
    return plan_text(plan_of(case), glossary_of(case), Paper(width, colour), next_step="Next: apply it")


@pytest.mark.parametrize("width", WIDTHS)
@every_case
def test_the_text_is_as_it_was_reviewed(case: Path, width: int) -> None:
    golden = case / f"{width}.txt"
    if os.environ.get("RECONCILER_REWRITE_CASES"):
        golden.write_text(text_of(case, width), encoding="utf-8")

    assert text_of(case, width) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@every_case
def test_no_line_is_wider_than_the_terminal(case: Path, width: int) -> None:
    assert [line for line in text_of(case, width).split("\n") if cells(line) > width] == []


@every_case
def test_without_colour_nothing_is_left_for_a_terminal_to_obey(case: Path) -> None:
    text = text_of(case, 80)

    assert all(character == "\n" or character.isprintable() for character in text)


@every_case
def test_colour_adds_nothing_that_is_read(case: Path) -> None:
    coloured = text_of(case, 80, colour=True)

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text_of(case, 80)


@every_case
def test_json_is_the_plan_file_and_keeps_its_hash(case: Path) -> None:
    text = plan_json(plan_of(case))

    assert text == (case / "plan.json").read_text(encoding="utf-8")
    assert Plan.model_validate_json(text).computed_hash() == plan_of(case).hash


@every_case
def test_every_flag_to_paste_names_a_guard_that_blocks(case: Path) -> None:
    plan = plan_of(case)
    blocking = {f"{guard.id}:{guard.key}" for guard in plan.guards if guard.result == "blocked"}

    pasted = re.findall(r"--allow ([a-z_]+:[\w-]+)", plan_text(plan, Glossary(), Paper(None)))

    assert set(pasted) <= blocking


def test_a_plan_without_changes_says_so_in_one_line() -> None:
    empty = plan_of(next(case for case in CASES if case.name == "empty"))
    bare = empty.model_copy(update={"unmanaged": ()})

    assert plan_text(bare, Glossary(), Paper(80)) == "Nothing to change: production is as the files say.\n"


def test_a_first_plan_of_thousands_of_packages_prints_in_time_that_grows_with_it() -> None:
    case = next(case for case in CASES if case.name == "many-changes")
    plan = plan_of(case)
    many = plan.model_copy(update={"changes": plan.changes * 10})

    started = process_time()
    plan_text(plan, glossary_of(case), Paper(100))
    once = process_time() - started
    plan_text(many, glossary_of(case), Paper(100))
    tenfold = process_time() - started - once

    assert tenfold < 40 * once
