from pathlib import Path

import pytest

from reconciler.errors import UnreachableError
from reconciler.live.opening import open_platform
from reconciler.state_folder import state_folder

IN_STATE_FOLDER = "sqlite:///.reconciler/platform.db"


def test_it_is_kept_out_of_commits(tmp_path: Path) -> None:
    folder = state_folder(tmp_path, "cache")

    assert folder == tmp_path / ".reconciler" / "cache"
    assert (tmp_path / ".reconciler" / ".gitignore").read_text() == "*\n"


def test_what_stands_there_is_left(tmp_path: Path) -> None:
    ignore = state_folder(tmp_path) / ".gitignore"
    ignore.write_text("!kept\n")

    state_folder(tmp_path)

    assert ignore.read_text() == "!kept\n"


def test_nothing_is_written_through_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".reconciler").mkdir()
    (tmp_path / ".reconciler" / ".gitignore").symlink_to(tmp_path / "planted")

    with open_platform(IN_STATE_FOLDER, root=tmp_path):
        pass

    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize("inside", [(), ("cache",)])
def test_no_folder_of_it_may_be_a_link(tmp_path: Path, inside: tuple[str, ...]) -> None:
    target = tmp_path / "target"
    target.mkdir()
    link = tmp_path.joinpath(".reconciler", *inside)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target)

    with pytest.raises(OSError, match=f"{link.name} is a link"):
        state_folder(tmp_path, "cache")
    assert list(target.iterdir()) == []


def test_a_platform_is_not_made_in_a_folder_that_is_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / ".reconciler").symlink_to(target)

    with (
        pytest.raises(UnreachableError, match=r"\.reconciler is a link"),
        open_platform(IN_STATE_FOLDER, root=tmp_path),
    ):
        pass
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("name", ["platform.db", "platform.db-journal", "platform.db-wal", "platform.db-shm"])
def test_a_platform_is_not_opened_through_a_planted_link(tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"")
    (state_folder(tmp_path) / name).symlink_to(target)

    with pytest.raises(UnreachableError, match="is a link"), open_platform(IN_STATE_FOLDER, root=tmp_path):
        pass
    assert target.read_bytes() == b""


@pytest.mark.parametrize("link", ["a", "a/b", "a/b/platform.db"])
def test_no_platform_deeper_in_it_is_reached_through_a_link(tmp_path: Path, link: str) -> None:
    target = tmp_path / "target"
    (target / "b").mkdir(parents=True)
    planted = tmp_path / ".reconciler" / link
    planted.parent.mkdir(parents=True)
    planted.symlink_to(target)

    with (
        pytest.raises(UnreachableError, match=f"{planted.name} is a link"),
        open_platform("sqlite:///.reconciler/a/b/platform.db", root=tmp_path),
    ):
        pass
    assert [path for path in target.rglob("*") if path.is_file()] == []


def test_a_platform_may_lie_deeper_in_it_and_is_kept_out_of_commits(tmp_path: Path) -> None:
    with open_platform("sqlite:///.reconciler/a/b/platform.db", root=tmp_path) as platform:
        assert platform.packages() == ()

    assert (tmp_path / ".reconciler" / ".gitignore").read_text() == "*\n"


def test_a_platform_that_the_configuration_names_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "platform.db").symlink_to(tmp_path / "elsewhere.db")
    with open_platform("sqlite:///elsewhere.db", root=tmp_path):
        pass

    with open_platform("sqlite:///platform.db", root=tmp_path) as platform:
        assert platform.packages() == ()
