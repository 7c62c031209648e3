from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.commands.reference import man_pages, markdown_pages
from reconciler.cli.main import COMMANDS, main

PAGES = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(markdown_pages()))
def test_the_published_reference_is_what_the_program_says(name: str) -> None:
    published = (PAGES / name).read_text(encoding="utf-8")

    assert published == markdown_pages()[name], "reconciler reference --write docs/reference"


def test_every_command_has_a_section_and_a_manual_page() -> None:
    sections = markdown_pages()["commands.md"]

    for name in COMMANDS:
        assert f"\n## reconciler {name}\n" in sections
        assert f"reconciler-{name}.1" in man_pages()


@pytest.mark.skipif(shutil.which("man") is None, reason="needs man")
@pytest.mark.parametrize("name", ["reconciler.1", "reconciler-plan.1"])
def test_man_reads_a_manual_page_without_complaint(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(man_pages()[name])

    read = subprocess.run(
        ["man", "--warnings", "-l", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert read.stderr == ""
    assert "EXIT STATUS" in read.stdout


def test_no_line_of_a_manual_page_is_taken_for_a_request_by_accident() -> None:
    known = {".TH", ".SH", ".B", ".PP", ".TP"}

    for page in man_pages().values():
        assert {line.split(" ")[0] for line in page.splitlines() if line.startswith((".", "'"))} <= known


def test_pages_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["reference", "--write", str(tmp_path / "a"), "--man", str(tmp_path / "b")])

    assert code == 0
    assert len(capsys.readouterr().out.splitlines()) == len(markdown_pages()) + len(man_pages())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str) -> None:
    environment = {**os.environ, "_RECONCILER_COMPLETE": f"{shell}_source"}

    printed = subprocess.run(
        [sys.executable, "-c", "from reconciler.cli.main import run; run()"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "_RECONCILER_COMPLETE" in printed.stdout
