from __future__ import annotations

import os
import stat
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import InvalidError
from reconciler.sources.atomic import make_folder, write_atomically, write_file
from tests.disks import largest_file, node

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = b"old\n", b"new\n"
NOBODY = 65534


@contextmanager
def without_power() -> Iterator[Path]:
    """Be a user who may not do everything, with a folder of its own."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        if is_root:
            os.chown(name, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            if is_root:
                os.seteuid(0)


@contextmanager
def read_from(pipe: Path) -> Iterator[list[bytes]]:
    """Read the pipe to its end beside the block; what was read is there after it."""
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    yield read
    reader.join(30)


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    device = node(tmp_path / "null", "null")

    write_file(device, NEW)

    assert stat.S_ISCHR(device.stat().st_mode)
    assert list(tmp_path.iterdir()) == [device]


def test_a_pipe_stays_a_pipe_and_its_reader_gets_all(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", NEW * 100_000
    os.mkfifo(pipe)

    with read_from(pipe) as read:
        write_file(pipe, large)

    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert read == [large]


@pytest.mark.parametrize("content", [OLD, None], ids=["to a file", "to nothing yet"])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "artefacts").mkdir()
    target = tmp_path / "artefacts" / "plan.json"
    if content is not None:
        target.write_bytes(content)
    (tmp_path / "folder").symlink_to("artefacts")
    (tmp_path / "artefacts" / "latest").symlink_to("../artefacts/plan.json")
    (tmp_path / "link").symlink_to("folder/latest")

    write_file(tmp_path / "link", NEW)

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "artefacts" / "latest").is_symlink()
    assert not target.is_symlink()
    assert target.read_bytes() == NEW


def test_a_pipe_that_the_process_has_open_is_written_into() -> None:
    reading, writing = os.pipe()

    write_file(Path(f"/dev/fd/{writing}"), NEW)
    os.close(writing)

    with os.fdopen(reading, "rb") as stream:
        assert stream.read() == NEW


def test_a_log_that_the_process_has_open_is_added_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(OLD)

    with log.open("ab") as stream:
        write_file(Path(f"/dev/fd/{stream.fileno()}"), NEW)
        stream.write(b"end\n")

    assert log.read_bytes() == OLD + NEW + b"end\n"


def test_a_file_keeps_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "file").chmod(0o666)

    write_file(tmp_path / "file", NEW, mode=0o600)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666
    assert (tmp_path / "file").read_bytes() == NEW


def test_a_new_file_gets_the_mode_less_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "file", NEW, mode=0o644)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_that_root_writes_keeps_its_owner(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    os.chown(tmp_path / "file", NOBODY, NOBODY)

    write_file(tmp_path / "file", NEW)

    status = (tmp_path / "file").stat()
    assert (status.st_uid, status.st_gid) == (NOBODY, NOBODY)


@pytest.mark.parametrize("before", [OLD, None], ids=["over a file", "a new file"])
def test_what_finds_no_room_leaves_no_part(tmp_path: Path, before: bytes | None) -> None:
    if before is not None:
        (tmp_path / "file").write_bytes(before)

    with largest_file(1000), pytest.raises(InvalidError) as raised:
        write_file(tmp_path / "file", NEW * 1000)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == (
        {} if before is None else {"file": before}
    )
    assert "ulimit -f" in raised.value.hint


def test_a_full_disk_is_called_one(tmp_path: Path) -> None:
    full = node(tmp_path / "full", "full")

    with pytest.raises(InvalidError, match=r"full cannot be written: No space left") as raised:
        write_file(full, NEW)

    assert raised.value.hint.startswith("The disk is full")


def test_a_file_that_may_only_be_read_is_not_replaced() -> None:
    with without_power() as folder:
        file = folder / "file"
        file.write_bytes(OLD)
        file.chmod(0o444)

        with pytest.raises(InvalidError, match="Permission denied") as raised:
            write_file(file, NEW)

        assert file.read_bytes() == OLD
        assert raised.value.hint.startswith("Look at its permissions")


def test_a_folder_that_may_not_be_written_is_told() -> None:
    with without_power() as folder:
        (folder / "inner").mkdir(mode=0o555)

        with pytest.raises(InvalidError, match="Permission denied"):
            write_file(folder / "inner" / "file", NEW)


def test_a_folder_that_may_not_be_read_can_be_written_to() -> None:
    with without_power() as folder:
        (folder / "inner").mkdir(mode=0o300)

        write_file(folder / "inner" / "file", NEW)

        assert (folder / "inner" / "file").read_bytes() == NEW
        (folder / "inner").chmod(0o700)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nowhere/file", "Make its folder first"),
        ("file/inner", "is a file and no folder"),
        ("folder", "name a file"),
        ("x" * 300, "shorter name"),
        ("loop", "in a circle"),
        ("dangling", "Make its folder first"),
    ],
)
def test_the_hint_is_that_of_the_error(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere/file")

    with pytest.raises(InvalidError, match=f"{name} cannot be written") as raised:
        write_file(tmp_path / name, NEW)

    assert hint in raised.value.hint


def test_the_longest_name_that_a_file_may_have_can_be_written(tmp_path: Path) -> None:
    write_file(tmp_path / ("x" * 255), NEW)

    assert (tmp_path / ("x" * 255)).read_bytes() == NEW


def test_a_file_is_on_the_disk_before_its_name_and_its_name_before_it_counts_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(OLD)
    synced: list[tuple[bool, bytes]] = []
    really = os.fsync

    def fsync(descriptor: int) -> None:
        is_folder = os.path.sameopenfile(descriptor, folder)
        synced.append((is_folder, (tmp_path / "file").read_bytes()))
        really(descriptor)

    folder = os.open(tmp_path, os.O_RDONLY)
    monkeypatch.setattr(os, "fsync", fsync)
    write_file(tmp_path / "file", NEW)
    os.close(folder)

    assert synced == [(False, OLD), (True, NEW)]


def test_a_new_folder_outlasts_a_power_cut_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    named = Path("/proc/self/fd")
    monkeypatch.setattr(os, "fsync", lambda number: synced.append((named / str(number)).readlink()))

    make_folder(tmp_path / "a" / "b")

    assert sorted(synced) == [tmp_path, tmp_path / "a"]


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(OLD)

    with pytest.raises(InvalidError, match="a cannot be made: File exists"):
        make_folder(tmp_path / "a")


def test_what_is_put_at_a_path_itself_replaces_a_link_there(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(OLD)
    (tmp_path / "link").symlink_to("theirs")

    write_atomically(tmp_path / "link", NEW)

    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "theirs").read_bytes() == OLD
