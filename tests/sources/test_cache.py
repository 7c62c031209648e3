from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from datetime import date
from functools import partial
from multiprocessing.pool import ThreadPool
from time import time_ns
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.engine.check import Checked, check
from reconciler.model.packages import Definition, PackageHead
from reconciler.planning.pairing import paired
from reconciler.sources.workspace import Workspace, read_workspace
from tests.workspaces import repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TODAY: Final = date(2026, 11, 23)
SECOND: Final = 1_000_000_000
MANY: Final = 300
COUNTED: Final = """
import json, sys
from datetime import date
from functools import partial
from pathlib import Path
from time import time_ns
from reconciler.engine.check import check
from reconciler.sources.workspace import read_workspace

config, opened = Path(sys.argv[1]), []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
clock = lambda: time_ns() + 60 * 10**9
read = partial(read_workspace, config, today=date(2026, 11, 23), clock=clock)
check(config, date(2026, 11, 23), read, clock=clock)
print(json.dumps([path for path in opened if path.startswith(str(config.parent))]))
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    packages = {f"p{n}": f"title: P{n}\nuser_count: {n + 1}\n" for n in range(MANY)}
    return repository(tmp_path / "here", **packages)


def later() -> int:
    """A minute from now, when no file can change within the tick in which it was written."""
    return time_ns() + 60 * SECOND


def read(config: Path, clock: Callable[[], int] = later) -> Workspace:
    return read_workspace(config, today=TODAY, clock=clock)


def checked(config: Path, clock: Callable[[], int] = later, today: date = TODAY) -> Checked:
    return check(config, today, partial(read_workspace, config, today=today, clock=clock), clock=clock)


def title(workspace: Workspace, key: str = "p1") -> str:
    return workspace.packages[key].definition.title


def opened(config: Path) -> set[str]:
    """Return which files of a repository a check opens, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", COUNTED, str(config)], capture_output=True, text=True, check=True, timeout=60
    )
    return {os.path.relpath(path, config.parent) for path in json.loads(run.stdout)}


def sealed(before: bytes, body: bytes) -> bytes:
    """Return a kept file with another body."""
    seal = before.partition(b"\n")[0].partition(b" ")[2]
    return f"{zlib.crc32(body):08x} ".encode() + seal + b"\n" + body


def kept(config: Path, name: str) -> Path:
    (file,) = (config.parents[1] / "home" / "reconciler" / "checks").glob(f"*.{name}")
    return file


def test_what_was_kept_equals_what_is_read(config: Path) -> None:
    first = read(config)

    assert read(config) == first == read_workspace(config, today=TODAY, cache=False)


def test_packages_that_are_what_they_were_are_compared_without_being_built(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [
        PackageHead(key, 1, 1, package.stated.digest, package.stated.title)
        for key, package in read(config).packages.items()
    ]
    built: list[object] = []
    monkeypatch.setattr(Definition, "normalised", built.append)

    compared = paired(read(config).packages, heads)

    assert (len(compared.equal), compared.differing) == (MANY, ())
    assert built == []


@pytest.mark.parametrize(
    "text",
    [
        "title: P1\ndescription: Of old.\nfeatures: [calls, chat]\nuser_count: unlimited\nexpiry: 1 month\n",
        "title: P1\nuser_count: 1\nallowed_emails: [Ana@shop.example]\n",
        "title: P1\nuser_count: 1\narchived: true\n",
        "title: P1\nuser_count: 1\nrenamed_from: [former, first]\n",
        "title: P1\nuser_count: 1\nrollout: {existing_clients: reassign, per_run: 10%}\n",
        (
            "title: P1\nuser_count: 1\n"
            "acknowledge: [{lowers: user_count, clients: 1, reason: Told., until: 2026-12-31}]\n"
        ),
        "title: P1\nuser_count: 1\nfeatures: [fax]\n",
    ],
)
def test_whatever_a_file_says_is_kept_as_it_is_read(config: Path, text: str) -> None:
    (config.parent / "packages" / "p1.yaml").write_text(text)
    read(config)

    again, anew = read(config), read_workspace(config, today=TODAY, cache=False)

    assert again == anew
    assert again.packages["p1"].definition == anew.packages["p1"].definition


def test_a_file_that_is_what_it_was_is_judged_by_a_new_catalog(config: Path) -> None:
    (config.parent / "packages" / "p1.yaml").write_text("title: P1\nuser_count: 1\nfeatures: [chat]\n")
    assert read(config).findings == ()
    catalog = config.parent / "schemas" / "catalog.yaml"

    catalog.write_text(catalog.read_text().replace("chat:", "talk:"))

    for found in read(config), read(config):
        assert [(each.file, each.rule) for each in found.findings] == [
            ("packages/p1.yaml", "unknown-feature")
        ]


def test_a_first_check_opens_every_file(config: Path) -> None:
    assert len(opened(config)) == MANY + 2


def test_a_check_of_what_did_not_change_opens_no_file(config: Path) -> None:
    opened(config)

    assert opened(config) == set()


def test_of_many_files_only_the_changed_one_is_opened(config: Path) -> None:
    opened(config)
    (config.parent / "packages" / "p1.yaml").write_text("title: New\nuser_count: 1\n")

    assert opened(config) == {"packages/p1.yaml", "reconciler.yaml", "schemas/catalog.yaml"}


def test_a_kept_check_finds_what_a_new_one_does(config: Path) -> None:
    (config.parent / "packages" / "p1.yaml").write_text("title: P2\nuser_count: many\n")
    (config.parent / "packages" / "p3.yaml").write_text("title: P2\nuser_count: 4\n")

    first = checked(config)

    assert {finding.rule for finding in first.findings} >= {"duplicate-title"}
    assert checked(config) == first == Checked.of(read_workspace(config, today=TODAY, cache=False))


def test_another_day_is_checked_anew(config: Path) -> None:
    entry = "acknowledge:\n- {lowers: user_count, clients: 1, reason: Told., until: 2026-11-23}\n"
    (config.parent / "packages" / "p1.yaml").write_text(f"title: P1\nuser_count: 2\n{entry}")
    before = checked(config)

    after = checked(config, today=date(2026, 11, 24))

    assert after != before
    assert "acknowledgement-expired" in {finding.rule for finding in after.findings}


@pytest.mark.parametrize("file", ["reconciler.yaml", "schemas/catalog.yaml"])
def test_what_is_beside_the_packages_is_judged_anew(config: Path, file: str) -> None:
    assert checked(config).findings

    (config.parent / file).write_text("{}\n")

    assert checked(config) == Checked.of(read_workspace(config, today=TODAY, cache=False))


def test_an_edit_of_the_same_size_within_the_tick_is_seen(config: Path) -> None:
    file = config.parent / "packages" / "p1.yaml"
    read(config, clock=time_ns), checked(config, clock=time_ns)
    before = file.stat()
    file.write_text("title: Q1\nuser_count: 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert title(read(config)) == "Q1"
    assert not list((config.parents[1] / "home").rglob("*.checked"))


@pytest.mark.parametrize("shift", [-3600, 0, 3600])
def test_a_time_of_change_that_was_set_hides_no_edit(config: Path, shift: int) -> None:
    file = config.parent / "packages" / "p1.yaml"
    read(config), checked(config)
    before = file.stat()
    file.write_text("title: Q1\nuser_count: 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + shift * SECOND))

    assert title(read(config)) == "Q1"
    assert checked(config) == Checked.of(read_workspace(config, today=TODAY, cache=False))


def test_a_file_from_the_future_is_read_each_time(config: Path) -> None:
    """So it looks to a clock that was set back: whatever it says again may have been said before."""
    file = config.parent / "packages" / "p1.yaml"
    hour_from_now = time_ns() + 3600 * SECOND
    os.utime(file, ns=(hour_from_now, hour_from_now))

    opened(config)

    assert "packages/p1.yaml" in opened(config)


def test_a_file_that_another_took_the_place_of_is_read(config: Path) -> None:
    file = config.parent / "packages" / "p1.yaml"
    other = config.parent / "other"
    other.write_text("title: Q1\nuser_count: 2\n")
    read(config), checked(config)
    before = file.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))

    other.replace(file)

    assert title(read(config)) == "Q1"


def test_an_edit_through_another_name_of_the_file_is_seen(config: Path) -> None:
    file = config.parent / "packages" / "p1.yaml"
    other = config.parent / "other"
    other.hardlink_to(file)
    read(config), checked(config)
    before = file.stat()
    other.write_text("title: Q1\nuser_count: 2\n")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert title(read(config)) == "Q1"


def test_what_a_link_leads_to_is_read_each_time(config: Path) -> None:
    target = config.parent / "target"
    target.write_text("title: P1\nuser_count: 2\n")
    link = config.parent / "packages" / "linked.yaml"
    link.symlink_to(target)
    read(config), checked(config)

    target.write_text("title: Q1\nuser_count: 2\n")

    assert title(read(config), "linked") == "Q1"
    assert "packages/linked.yaml" in opened(config)


def test_a_catalog_whose_folder_became_a_link_is_refused(config: Path, tmp_path: Path) -> None:
    checked(config)
    folder = config.parent / "schemas"
    folder.rename(tmp_path / "elsewhere")

    folder.symlink_to(tmp_path / "elsewhere")

    assert "symlink-refused" in {finding.rule for finding in checked(config).findings}


def test_a_deleted_file_and_a_new_one_are_seen(config: Path) -> None:
    checked(config)
    (config.parent / "packages" / "p1.yaml").unlink()
    (config.parent / "packages" / "new.yaml").write_text("title: New\nuser_count: 1\n")

    found = read(config)

    assert "p1" not in found.packages
    assert "new" in found.packages
    assert checked(config) == Checked.of(found)


@pytest.mark.parametrize("name", ["documents", "checked"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"\n",
        lambda _: b"\xff\n\xff",
        lambda body: body[: len(body) // 2],
        lambda body: body.replace(b"1", b"2"),
        lambda body: body.replace(b"0.1.0", b"0.0.9"),
        lambda body: sealed(body, b'["",{"p1":[]}]'),
    ],
    ids=["empty", "no body", "no text", "half", "edited", "of another version", "of another shape"],
)
def test_a_damaged_file_is_forgotten(config: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    before = checked(config)
    file = kept(config, name)
    content = file.read_bytes()
    assert damage(content) != content
    file.write_bytes(damage(content))

    assert checked(config) == before
    assert read(config) == read_workspace(config, today=TODAY, cache=False)


def test_a_kept_file_that_is_a_link_is_neither_followed_nor_written_through(
    config: Path, tmp_path: Path
) -> None:
    read(config)
    target = kept(config, "documents").rename(tmp_path / "target")
    before = target.read_bytes()
    (config.parents[1] / "home" / "reconciler" / "checks" / target.name).unlink(missing_ok=True)
    link = config.parents[1] / "home" / "reconciler" / "checks" / "x.documents"
    link.symlink_to(target)

    read(config)

    assert target.read_bytes() == before


def test_two_at_once_find_the_same(config: Path) -> None:
    with ThreadPool(4) as pool:
        pool.map(lambda _: opened(config), range(4))

    assert opened(config) == set()
    assert read(config) == read_workspace(config, today=TODAY, cache=False)


def test_where_nothing_can_be_kept_all_is_read(config: Path) -> None:
    (config.parents[1] / "home").write_text("a file where the folder should be")

    assert checked(config) == Checked.of(read_workspace(config, today=TODAY, cache=False))
    assert len(opened(config)) == MANY + 2


@pytest.mark.parametrize("is_link", [False, True])
def test_a_folder_that_a_commit_can_fill_keeps_nothing(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_link: bool
) -> None:
    (config.parent / ".git").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(config.parent / ".cache"))
    if is_link:
        (tmp_path / "known").mkdir()
        (config.parent / ".cache").symlink_to(tmp_path / "known")

    checked(config)

    assert not list(tmp_path.rglob("*.documents"))
    assert not list(tmp_path.rglob("*.checked"))


def test_a_file_whose_name_is_no_text_is_checked_each_time(config: Path) -> None:
    (config.parent / "packages" / os.fsdecode(b"caf\xe9")).mkdir()
    (config.parent / "packages" / os.fsdecode(b"caf\xe9") / "q.yaml").write_text("title: Q\nuser_count: 1\n")
    before = checked(config)

    assert checked(config) == before == Checked.of(read_workspace(config, today=TODAY, cache=False))
    assert title(read(config), "q") == title(read(config), "q") == "Q"


def test_nothing_is_kept_in_the_repository(config: Path) -> None:
    before = sorted(config.parent.rglob("*"))

    checked(config)

    assert sorted(config.parent.rglob("*")) == before


def test_what_no_command_used_for_a_season_is_deleted(config: Path) -> None:
    folder = config.parents[1] / "home" / "reconciler" / "checks"
    folder.mkdir(parents=True)
    (folder / "gone.documents").touch()
    (folder / "recent.documents").touch()
    os.utime(folder / "gone.documents", (0, 0))

    read(config)

    assert not (folder / "gone.documents").exists()
    assert (folder / "recent.documents").exists()
