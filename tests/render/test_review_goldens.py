"""Every case folder is a saved plan and what it must give in each format.

`RECONCILER_REWRITE_CASES=1` rewrites the files; read the difference before you commit it.
"""

import json
import os
from pathlib import Path

import pytest

from reconciler.cli.output import PLAN_FORMATS, plan_as
from reconciler.model.plans import Plan
from reconciler.render.markdown.plan import plan_markdown
from tests.naughty import naughty_plan
from tests.render.cases import CASES, named, plan_of, told

FILES = {
    "markdown": "plan.md",
    "github": "github.txt",
    "junit": "junit.xml",
    "gitlab": "gitlab.json",
    "gitlab-widget": "gitlab-widget.json",
}


def shown(plan: Plan, form: str) -> str:
    return plan_as(form, told(plan), plan)


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_plan_reads_as_it_was_reviewed(case: Path, form: str) -> None:
    text = shown(plan_of(case), form)

    golden = case / FILES[form]
    if os.environ.get("RECONCILER_REWRITE_CASES"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", ["review", "subscriptions-ended"])
def test_no_medium_names_a_client_of_a_plan_without_clients(case: str) -> None:
    plan = named(case)
    findings = [each for change in plan.changes for each in change.impact.findings]
    ids = {id_ for each in findings for id_ in each.sample}

    naming = {form for form in PLAN_FORMATS if any(id_ in shown(plan, form) for id_ in ids)}
    still = {form for form in PLAN_FORMATS if any(id_ in shown(plan.without_clients(), form) for id_ in ids)}

    assert naming >= {"markdown", "html"}
    assert still == set()


@pytest.mark.parametrize("limit", [2_000, 5_000, 20_000])
def test_what_does_not_fit_is_left_out_in_whole_rows_and_sections_and_said(limit: int) -> None:
    story = told(named("many-changes"))
    whole = plan_markdown(story, limit=10_000_000).splitlines()

    text = plan_markdown(story, limit=limit)

    assert len(text.encode()) <= limit
    *lines, notice = text.splitlines()
    assert set(lines) <= set(whole)
    assert notice.startswith("*Left out, since it does not fit: ")
    assert text.count("<details>") == text.count("</details>")


def test_a_comment_fits_into_what_github_takes_whatever_the_texts_are() -> None:
    plan = naughty_plan("é" * 5_000)
    many = plan.model_copy(update={"guards": plan.guards * 100, "notices": plan.notices * 100})

    assert len(plan_markdown(told(many)).encode()) <= 65_000


@pytest.mark.parametrize("form", sorted({*PLAN_FORMATS} - {"github"}))
def test_an_empty_plan_has_something_to_say_in_every_format(form: str) -> None:
    assert shown(named("empty"), form).strip()


def test_an_empty_plan_annotates_nothing() -> None:
    assert shown(named("empty"), "github") == ""


@pytest.mark.parametrize("form", ["sarif", "gitlab", "gitlab-widget"])
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_json_formats_are_json_that_any_encoding_takes(case: Path, form: str) -> None:
    document = shown(plan_of(case), form).encode()

    assert isinstance(json.loads(document), dict | list)
