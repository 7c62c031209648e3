"""Pages are run: every block of shell on the page about reviews, in order, in one empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.watch.webhook import signature

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]


def test_the_page_about_reviews_does_what_it_says(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", (DOCS / "review.md").read_text(), re.DOTALL | re.MULTILINE)
    program = tmp_path / "bin" / "reconciler"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n')
    program.chmod(0o755)
    (tmp_path / "work").mkdir()

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=tmp_path / "work",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(DOCS.parent)},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 keep what they have until reassigned" in done.stdout
    assert "Nothing to change" in done.stdout
    assert "Which clients it touches is unknown" in done.stdout
    assert (tmp_path / "work" / "plan.html").stat().st_size > 5_000


def anchors(page: Path) -> set[str]:
    """The anchors that a forge makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", page.read_text())

    for path, anchor in links:
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), anchor


def test_the_receiver_on_the_page_takes_what_the_loop_sends() -> None:
    (block,) = re.findall(
        r"^```python\n(.*?)^```$", (DOCS / "watch.md").read_text(), re.DOTALL | re.MULTILINE
    )
    page: dict[str, object] = {}
    exec(block, page)  # noqa: S102 - the page's own example
    is_genuine = page["is_genuine"]
    assert callable(is_genuine)

    header = f"t=1000,v1={signature('secret', 1000, b'{}')}"

    assert is_genuine(b"secret", header, b"{}", 1010)
    assert not is_genuine(b"secret", header, b"{ }", 1010)
    assert not is_genuine(b"other", header, b"{}", 1010)
    assert not is_genuine(b"secret", header, b"{}", 9000)
