"""Every case folder is a saved plan, perhaps a catalog, and what it must give in each format.

`RECONCILER_REWRITE_CASES=1` rewrites the files; read the difference before you commit it.
"""

import json
import os
from pathlib import Path

import pytest

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.model.catalog import Catalog
from reconciler.model.plans import Plan
from reconciler.render.markdown.plan import plan_markdown
from reconciler.render.text.glossary import Glossary
from tests.naughty import naughty_plan

CASES = sorted(path for path in (Path(__file__).parents[1] / "cases" / "plans").iterdir() if path.is_dir())
FILES = {
    "markdown": "plan.md",
    "github": "github.txt",
    "junit": "junit.xml",
    "gitlab": "gitlab.json",
    "gitlab-widget": "gitlab-widget.json",
}


def known(case: Path) -> tuple[Plan, Glossary]:
    plan = Plan.model_validate_json((case / "plan.json").read_bytes())
    catalog = case / "catalog.json"
    document = json.loads(catalog.read_bytes()) if catalog.exists() else {}
    return plan, Glossary(Catalog.normalised(document))


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_plan_reads_as_it_was_reviewed(case: Path, form: str) -> None:
    text = PLAN_FORMATS[form](*known(case), {})

    golden = case / FILES[form]
    if os.environ.get("RECONCILER_REWRITE_CASES"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("limit", [2_000, 5_000, 20_000])
def test_what_does_not_fit_is_left_out_in_whole_rows_and_sections_and_said(limit: int) -> None:
    plan, glossary = known(next(case for case in CASES if case.name == "many-changes"))
    whole = plan_markdown(plan, glossary, limit=10_000_000).splitlines()

    text = plan_markdown(plan, glossary, limit=limit)

    assert len(text.encode()) <= limit
    *lines, notice = text.splitlines()
    assert set(lines) <= set(whole)
    assert notice.startswith("*Left out, since it does not fit: ")
    assert text.count("<details>") == text.count("</details>")


def test_a_comment_fits_into_what_github_takes_whatever_the_texts_are() -> None:
    plan = naughty_plan("é" * 5_000)
    many = plan.model_copy(update={"guards": plan.guards * 100, "notices": plan.notices * 100})

    assert len(plan_markdown(many, Glossary()).encode()) <= 65_000


@pytest.mark.parametrize("form", sorted(PLAN_FORMATS.keys() - {"github"}))
def test_an_empty_plan_has_something_to_say_in_every_format(form: str) -> None:
    plan, glossary = known(next(case for case in CASES if case.name == "empty"))

    assert PLAN_FORMATS[form](plan, glossary, {}).strip()


def test_an_empty_plan_annotates_nothing() -> None:
    plan, glossary = known(next(case for case in CASES if case.name == "empty"))

    assert PLAN_FORMATS["github"](plan, glossary, {}) == ""


@pytest.mark.parametrize("form", ["sarif", "gitlab", "gitlab-widget"])
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_json_formats_are_json_that_any_encoding_takes(case: Path, form: str) -> None:
    document = PLAN_FORMATS[form](*known(case), {}).encode()

    assert isinstance(json.loads(document), dict | list)
