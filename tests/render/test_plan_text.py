"""Every case folder is a saved plan and the text it must give at each width.

`RECONCILER_REWRITE_CASES=1` rewrites the texts; read the difference before you commit it.
"""

import os
import re
from pathlib import Path
from time import process_time

import pytest

from reconciler.model.plans import Plan
from reconciler.render.json import plan_json
from reconciler.render.story.blockers import Audience
from reconciler.render.text.plan import plan_text
from reconciler.render.text.style import Paper, cells
from tests.render.cases import CASES, named, plan_of, told

WIDTHS = (60, 80, 120)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)


def text_of(case: Path, width: int, *, colour: bool = False) -> str:
    story = told(plan_of(case), Audience.TERMINAL)
    return plan_text(story, Paper(width, colour), next_step="Next: apply it")


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

    text = plan_text(told(plan, Audience.TERMINAL), Paper(None))
    pasted = re.findall(r"--allow ([a-z_]+:[\w-]+)", text)

    assert set(pasted) <= blocking


def test_a_plan_without_changes_says_so_in_one_line() -> None:
    empty = named("empty")
    bare = empty.model_copy(update={"unmanaged": ()})

    assert plan_text(told(bare), Paper(80)) == "Nothing to change: production is as the files say.\n"


def test_a_first_plan_of_thousands_of_packages_prints_in_time_that_grows_with_it() -> None:
    plan = named("many-changes")
    many = plan.model_copy(
        update={
            "changes": tuple(
                each.model_copy(update={"key": f"{each.key}-{n}"}) for n in range(10) for each in plan.changes
            )
        }
    )

    started = process_time()
    plan_text(told(plan), Paper(100))
    once = process_time() - started
    plan_text(told(many), Paper(100))
    tenfold = process_time() - started - once

    assert tenfold < 40 * once
