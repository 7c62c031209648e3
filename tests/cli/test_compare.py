from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.main import main
from tests.workspaces import repository

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PRO = "title: Pro\nfeatures: [chat]\nuser_count: 9\n"


def test_a_page_that_holds_the_table_is_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path, pro=PRO))
    main(["compare", "--format", "html", "--bare", "--config", config])
    page = tmp_path / "page.html"
    page.write_text(f"<body>\n{capsys.readouterr().out}</body>\n")

    code = main(["compare", "--format", "html", "--published", str(page), "--config", config])

    assert code == 0


def test_the_page_that_compare_makes_is_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path, pro=PRO))
    main(["compare", "--format", "html", "--config", config])
    page = tmp_path / "page.html"
    page.write_text(capsys.readouterr().out)

    code = main(["compare", "--format", "html", "--published", str(page), "--config", config])

    assert page.read_text().startswith("<!doctype html>")
    assert code == 0


def test_a_stale_page_exits_with_2(tmp_path: Path) -> None:
    config = str(repository(tmp_path, pro=PRO))
    page = tmp_path / "page.md"
    page.write_text("| Pro |\n")

    assert main(["compare", "--format", "markdown", "--published", str(page), "--config", config]) == 2


def test_a_page_that_is_missing_exits_with_3(tmp_path: Path) -> None:
    config = str(repository(tmp_path, pro=PRO))

    assert main(["compare", "--published", str(tmp_path / "none"), "--config", config]) == 3


def test_a_page_with_a_title_that_a_build_server_would_obey_is_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path, pro=PRO.replace("Pro", "'Pro ##[error]x'")))
    main(["compare", "--format", "csv", "--config", config])
    page = tmp_path / "page.csv"
    page.write_text(capsys.readouterr().out)

    code = main(["compare", "--format", "csv", "--published", str(page), "--config", config])

    assert code == 0
    assert "\\u0023#[error]" in page.read_text()
