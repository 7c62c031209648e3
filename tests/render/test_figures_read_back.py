"""Every medium says the same figures: they are read back out of each and held against the story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.render.checks.remarks import of_story
from reconciler.render.checks.reports import code_quality, github, junit, sarif
from reconciler.render.html.plan import plan_html
from reconciler.render.markdown.plan import plan_markdown
from reconciler.render.text.plan import plan_text
from reconciler.render.text.style import Paper
from tests.render.cases import CASES, plan_of, plans, told
from tests.render.readers import (
    COLUMNS,
    SAID,
    Effects,
    effects_of,
    figures_of,
    read_github,
    read_gitlab,
    read_html,
    read_junit,
    read_markdown,
    read_sarif,
    read_text,
)

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.plans import Plan
    from reconciler.render.story.story import Story

READABLE = [case for case in CASES if case.name not in {"hostile-titles", "offline", "many-changes"}]
every_case = pytest.mark.parametrize("case", READABLE, ids=lambda path: path.name)


def by_package(effects: Effects) -> list[tuple[str, list[tuple[str, int]]]]:
    return sorted((key, sorted(each.items())) for key, each in effects)


def of_the_plan(story: Story) -> dict[tuple[str, str], int]:
    return {where: count for where, count in figures_of(story).items() if where[0] == ""}


def assert_all_media_agree(story: Story) -> None:
    figures, effects = figures_of(story), effects_of(story)

    text, text_effects = read_text(plan_text(story, Paper(None)))
    assert text == figures
    assert text_effects == effects

    page, page_effects = read_html(plan_html(story))
    shown = {where: n for where, n in figures.items() if where[0] == "" or where[1] != "ending"}
    assert page == shown
    assert page_effects == effects

    comment, comment_effects = read_markdown(plan_markdown(story, limit=10_000_000))
    cells = {where: n for where, n in figures_of(story, COLUMNS).items() if where[0]}
    assert comment == {**cells, **of_the_plan(story)}
    assert comment_effects == effects

    remarks = of_story(story)
    for figures_read, effects_read in (
        read_sarif(sarif(remarks, "1")),
        read_junit(junit(remarks, (), "plan")),
        read_gitlab(code_quality(remarks)),
    ):
        assert figures_read == of_the_plan(story)
        assert by_package(effects_read) == by_package(effects)
    if remarks:
        assert read_github(github(remarks))[0] == of_the_plan(story)
        assert by_package(read_github(github(remarks[:9]))[1]) == by_package(
            read_gitlab(code_quality(remarks[:9]))[1]
        )


@every_case
def test_the_figures_of_a_saved_plan_are_the_same_in_every_medium(case: Path) -> None:
    assert_all_media_agree(told(plan_of(case)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans())
def test_the_figures_of_any_plan_are_the_same_in_every_medium(plan: Plan) -> None:
    assert_all_media_agree(told(plan))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_figures_of_the_story_are_those_of_the_plan_file(case: Path) -> None:
    plan = plan_of(case)
    story = told(plan)

    summary = plan.summary
    assert story.figures.losing == summary.clients_losing
    assert story.figures.losing_in_use == summary.clients_losing_in_use
    assert story.figures.keeping == summary.clients_keeping
    assert story.figures.gaining == summary.clients_gaining
    assert story.figures.ending == summary.subscriptions_ended
    assert story.figures.suspended == summary.suspended


@given(plans())
def test_what_a_machine_reads_first_is_the_headline(plan: Plan) -> None:
    story = told(plan)

    for remark in of_story(story)[:1]:
        assert {n: c for n, c in remark.figures.items() if c and n in SAID} == {
            name: count for (_, name), count in of_the_plan(story).items()
        }
