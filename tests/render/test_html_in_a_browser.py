from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from reconciler.model.comparison import Column, Comparison, Row, Section
from reconciler.render.html.comparison import comparison_page
from reconciler.render.html.plan import plan_html
from tests.browser import browser
from tests.naughty import TEXTS, naughty_plan
from tests.render.cases import named, told

__all__ = ["browser"]
WRITABLE = [text.encode("utf-8", "replace").decode() for text in TEXTS]

BROKEN_DAYS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), broken = [];
  while (walker.nextNode())
    for (const day of walker.currentNode.data.matchAll(/\\d{4}-\\d\\d-\\d\\d/g)) {
      const range = document.createRange();
      range.setStart(walker.currentNode, day.index);
      range.setEnd(walker.currentNode, day.index + day[0].length);
      const tops = new Set([...range.getClientRects()].map(each => Math.round(each.top)));
      if (tops.size > 1) broken.push(day[0]);
    }
  return broken;
}"""


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def opened(context: BrowserContext, folder: Path, html: str) -> tuple[Page, list[str]]:
    """Open the page; what it did beside being shown is listed."""
    file = folder / "plan.html"
    file.write_text(html)
    page = context.new_page()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("dialog", lambda dialog: seen.append(dialog.message))
    page.on("console", lambda message: seen.append(message.text))
    page.goto(file.as_uri())
    return page, [each for each in seen if each != file.as_uri()]


def test_no_hostile_text_runs_loads_links_or_leaves_its_place(
    context: BrowserContext, tmp_path: Path
) -> None:
    for text in WRITABLE:
        page, seen = opened(context, tmp_path, plan_html(told(naughty_plan(text))))

        assert not seen, text
        assert (
            page.locator("script, img, a, iframe, form, object, embed, link, [onload], [onerror]").count()
            == 0
        )
        assert page.locator("h1").count() == 1
        assert page.locator("article").count() == 1
        assert page.title() == "Package plan"
        page.close()


def test_the_policy_forbids_scripts_even_where_one_got_in(context: BrowserContext, tmp_path: Path) -> None:
    html = plan_html(told(naughty_plan("x")))
    broken = html.replace(
        "</h1>", "</h1><script>document.title = 'pwned'</script><img src=https://evil.example>"
    )

    page, seen = opened(context, tmp_path, broken)

    assert page.title() == "Package plan"
    assert sum("Content Security Policy" in each for each in seen) == 2
    page.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_never_scrolls_sideways_and_can_be_read(
    browser: Browser, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)

    page, _ = opened(context, tmp_path, plan_html(told(naughty_plan("a" * 60))))
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page, _ = opened(context, tmp_path, plan_html(told(named("review"))))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert contrast(page, "header h1", "header") >= 4.5
    for cell in (".matrix .alarm", ".matrix .caution", ".matrix .good"):
        assert contrast(page, cell, cell) >= 4.5
    assert contrast(page, "footer", "body") >= 4.5
    context.close()


def contrast(page: Page, ink: str, paper: str) -> float:
    """The ratio that WCAG 2 defines; 4.5 is its minimum for text."""
    colour = page.evaluate(f"getComputedStyle(document.querySelector({ink!r})).color")
    behind = page.evaluate(f"getComputedStyle(document.querySelector({paper!r})).backgroundColor")
    dark, light = sorted((luminance(colour), luminance(behind)))
    return (light + 0.05) / (dark + 0.05)


def luminance(rgb: str) -> float:
    channels = [int(part) / 255 for part in rgb.removeprefix("rgb(").rstrip(")").split(",")]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("width", [360, 1280])
def test_the_comparison_is_a_whole_page_that_can_be_read_at_any_width(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})

    for text in ("Pro", *WRITABLE[:20]):
        page, seen = opened(context, tmp_path, comparison_page(packages(text)))

        assert seen == []
        assert page.title() == "Packages and what they grant"
        assert page.locator("script, img, a, iframe").count() == 0
        assert page.locator("table.packages thead th").count() == 2
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_by_role("img", name="not included").count() == 1
        page.close()
    context.close()


def packages(text: str) -> Comparison:
    rows = (Row("chat", text, (True, False)), Row("agent", text, (True, True)))
    return Comparison((Column("a", text, text), Column("b", "Other")), (Section("Features", rows),))


def test_only_what_differs_is_left_on_request() -> None:
    (section,) = packages("Pro").differing().sections

    assert [row.key for row in section.rows] == ["chat"]


def test_no_day_breaks_at_its_hyphen(context: BrowserContext, tmp_path: Path) -> None:
    page, _ = opened(context, tmp_path, plan_html(told(named("review"))))
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    broken = {}
    for width in range(320, 480, 4):
        page.set_viewport_size({"width": width, "height": 800})
        broken[width] = page.evaluate(BROKEN_DAYS)

    page.close()
    assert {width: days for width, days in broken.items() if days} == {}
