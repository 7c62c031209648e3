"""Every page in a real browser, before an accessibility checker, a keyboard and a screen reader's tree."""

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from reconciler.model.comparison import Column, Comparison, Row, Section
from reconciler.model.quantities import UNLIMITED
from reconciler.render.html.comparison import comparison_page
from reconciler.render.html.plan import plan_html
from tests.browser import browser
from tests.naughty import naughty_plan
from tests.render.cases import CASES, plan_of, told

__all__ = ["browser"]
MOVING = (
    "[...document.querySelectorAll('*')].filter(each => each.matches('summary') ||"
    " each.scrollWidth > each.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(each).overflowX))"
)
"""What can be scrolled sideways, and what opens."""
Scheme = Literal["light", "dark"]
SECTIONS = (
    Section("Features", (Row("chat", "Live chat", (True, False)), Row("calls", "Calls", (True, True)))),
    Section("Limits", (Row("seats", "Seats", (3, UNLIMITED)),)),
)
COMPARISON = Comparison((Column("pro", "Pro", "For teams."), Column("basic", "Basic")), SECTIONS)
PAGES = {
    **{case.name: plan_html(told(plan_of(case))) for case in CASES},
    "hostile": plan_html(told(naughty_plan("<b>&\u202e'\""))),
    "comparison": comparison_page(COMPARISON),
}


def shown(page: Page, folder: Path, html: str) -> Page:
    file = folder / "page.html"
    file.write_text(html)
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_a_checker_finds_nothing_on_any_page(
    browser: Browser, tmp_path: Path, width: int, scheme: Scheme
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()

    found = {
        name: [f"{each['id']}: {each['nodes'][0]['html']}" for each in checked(page, tmp_path, html)]
        for name, html in PAGES.items()
    }

    context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


def checked(page: Page, folder: Path, html: str) -> list[dict[str, list[dict[str, str]]]]:
    found: list[dict[str, list[dict[str, str]]]] = Axe().run(shown(page, folder, html)).response["violations"]
    return found


def test_whatever_scrolls_or_opens_is_reached_by_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()

    for name, html in PAGES.items():
        shown(page, tmp_path, html)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        wanted = page.evaluate(f"{MOVING}.length")
        for _ in range(wanted + 20):
            page.keyboard.press("Tab")
            page.evaluate("document.activeElement.dataset.reached = 'yes'")
        missed = page.evaluate(f"{MOVING}.filter(each => !each.dataset.reached).map(each => each.outerHTML)")
        assert missed == [], name
    context.close()


def test_bars_marks_and_colours_are_never_the_only_sign(browser: Browser, tmp_path: Path) -> None:
    """In black and white, without any style, a screen reader hears the numbers and the severities."""
    page = browser.new_page()

    shown(page, tmp_path, PAGES["review"])
    heard = page.locator("body").aria_snapshot()
    severities = page.locator("article").all_inner_texts()
    shown(page, tmp_path, PAGES["comparison"])
    compared = page.locator("body").aria_snapshot()

    page.close()
    assert "img" not in heard or 'img "' in heard
    assert any("breaking" in text for text in severities)
    assert 'img "included"' in compared
    assert 'img "not included"' in compared
