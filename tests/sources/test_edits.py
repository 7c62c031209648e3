from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import InvalidError, StaleError
from reconciler.model.edits import FileEdit
from reconciler.sources.edits import write_edits

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("theirs\n")

    with pytest.raises(StaleError, match=r"a\.yaml was changed meanwhile") as raised:
        write_edits(tmp_path, [FileEdit("a.yaml", b"mine\n", b"new\n")])

    assert raised.value.hint == "Run the command again."
    assert (tmp_path / "a.yaml").read_text() == "theirs\n"


def test_a_file_that_appeared_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("theirs\n")

    with pytest.raises(StaleError):
        write_edits(tmp_path, [FileEdit("a.yaml", None, b"new\n")])


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("old\n")
    (tmp_path / "link.yaml").symlink_to("real.yaml")

    write_edits(tmp_path, [FileEdit("link.yaml", b"old\n", b"new\n")])

    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "new\n"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "packages").write_text("a file where a folder should be\n")

    with pytest.raises(InvalidError, match="packages cannot be made: File exists"):
        write_edits(tmp_path, [FileEdit("packages/a.yaml", None, b"new\n")])


@pytest.mark.parametrize("link", ["packages", "packages/a.yaml"])
def test_a_link_that_leads_out_of_the_repository_is_not_written_through(tmp_path: Path, link: str) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(elsewhere)
    if link == "packages":
        elsewhere.mkdir()

    with pytest.raises(InvalidError, match=r"packages/a\.yaml was not written: a link leads out"):
        write_edits(root, [FileEdit("packages/a.yaml", None, b"new\n")])

    assert not elsewhere.exists() or not list(elsewhere.iterdir())
