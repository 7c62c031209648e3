from __future__ import annotations

import marshal
import os
import subprocess
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pytest

from reconciler.sources.second_reader import SecondReader
from tests.workspaces import repository

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two processors, and a system where copies of a process are safe",
)
COUNT: Final = 1_200
WORKSPACE: Final = """
import os, sys, threading
from datetime import date
from pathlib import Path
from reconciler.sources.workspace import read_workspace

os.register_at_fork(after_in_parent=lambda: print("two processes", file=sys.stderr))
if sys.argv[2] == "beside a thread":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
for _ in range(2):
    read = read_workspace(Path(sys.argv[1]), today=date(2026, 11, 23), cache=sys.argv[3] == "cached")
    print(read)
"""
TAKEN: Final = """
import os, signal, sys
from reconciler.sources.second_reader import second_reader

def read(path):
    if path == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    if path == sys.argv[2]:
        raise RuntimeError
    return int(path)

paths = [str(number) for number in range(1000)]
with second_reader(paths, read) as second:
    print([second.take(path) for path in paths])
"""


def ran(code: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run in a process without threads, as a command is and a worker of these tests is not."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "XDG_CACHE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Many packages, some of them invalid, doubtful, of the same key or not there."""
    texts = {f"p{n:04}": f"title: Package {n}\nfeatures: [chat]\nuser_count: {n}\n" for n in range(COUNT)}
    for n in range(0, COUNT, 7):
        texts[f"p{n:04}"] += "features: [calls]\n"
    for n in range(1, COUNT, 13):
        texts[f"p{n:04}"] = f"title: &same Package {n}\ndescription: *same\nuser_count: 1\n"
    for n in range(2, COUNT, 17):
        texts[f"p{n:04}"] += "limits: {unheard_of: 3}\nallowed_emails: [nobody]\n"
    config = repository(tmp_path / "w", **texts)
    folder = config.parent / "packages"
    (folder / "zz").mkdir()
    (folder / "zz" / "p0003.yaml").write_text("title: The same again\nuser_count: 1\n")
    (folder / "p1190.yaml").unlink()
    (folder / "p1190.yaml").symlink_to("nowhere.yaml")
    return config


@pytest.mark.parametrize("cached", ["cached", "anew"])
def test_two_processes_find_what_one_does(many: Path, tmp_path: Path, cached: str) -> None:
    alone = ran(WORKSPACE, str(many), "beside a thread", cached, home=tmp_path / "alone")
    divided = ran(WORKSPACE, str(many), "alone", cached, home=tmp_path / "divided")

    assert alone.stderr == ""
    assert divided.stderr == "two processes\n" * (1 if cached == "cached" else 2)
    assert divided.stdout == alone.stdout
    rules = {"duplicate-key", "unknown-limit", "bad-email", "file-unreadable"}
    assert rules <= set(divided.stdout.split("'"))


@pytest.mark.parametrize(
    ("killed", "failing", "expected"),
    [
        ("", "", [None] * 500 + list(range(500, 1000))),
        ("700", "", [None] * 1000),
        ("", "999", [None] * 1000),
        ("3", "4", [None] * 500 + list(range(500, 1000))),
    ],
)
def test_what_the_second_process_did_not_send_is_read_by_the_first(
    tmp_path: Path, killed: str, failing: str, expected: list[Any]
) -> None:
    assert ran(TAKEN, killed, failing, home=tmp_path).stdout == f"{expected}\n"


@pytest.mark.parametrize("lost", range(1, 12))
def test_of_what_was_sent_in_part_the_whole_batches_count(lost: int) -> None:
    sent = marshal.dumps({"a": 1, "b": None}) + marshal.dumps({"c": 3})[:-lost]
    second = SecondReader(("a", "b", "c", "d"), BytesIO(sent))

    assert [second.take(path) for path in "xabcd"] == [None, 1, None, None, None]


def test_paths_that_nobody_asks_for_are_passed_over() -> None:
    sent = marshal.dumps({"a": 1, "b": 2}) + marshal.dumps({"c": 3, "d": 4})
    second = SecondReader(("a", "b", "c", "d"), BytesIO(sent))

    assert [second.take(path) for path in "ad"] == [1, 4]
