"""The pictures of the tour; `python -m tests.render.pictures` makes them anew in the browser of the tests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from playwright.sync_api import sync_playwright

from reconciler.render.html.plan import plan_html
from tests.browser import BROWSERS
from tests.render.cases import CASES, named, told

TOUR: Final = Path(__file__).parents[2] / "docs" / "tour"
_COMMENT: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Comment</title><style>
body { font: 14px/1.5 "Liberation Sans", sans-serif; margin: 24px; max-width: 820px; color: #1f2328; }
article { border: 1px solid #d1d9e0; border-radius: 6px; padding: 16px; }
table { border-collapse: collapse; } td, th { border: 1px solid #d1d9e0; padding: 6px 10px; }
code, pre { font: 12px "Liberation Mono", monospace; background: #f0f1f3; border-radius: 4px; }
code { padding: 2px 4px; }
pre code { padding: 0; }
</style><article>%s</article></html>"""


def pages() -> dict[str, str]:
    """The page behind each picture."""
    comment = (next(case for case in CASES if case.name == "review") / "plan.md").read_text(encoding="utf-8")
    shown = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(comment)
    return {"comment": _COMMENT % shown, "report": plan_html(told(named("review")))}


def digest(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()


def main() -> None:
    TOUR.mkdir(exist_ok=True)
    found = next((path for path in BROWSERS if path.exists()), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for name, html in pages().items():
            page = chromium.new_page(viewport={"width": 900, "height": 1000})
            page.set_content(html)
            page.screenshot(path=TOUR / f"{name}.png", full_page=name == "comment")
            (TOUR / f"{name}.sha256").write_text(f"{digest(html)}\n", encoding="utf-8")
            page.close()
        chromium.close()


if __name__ == "__main__":
    main()
