"""A kill at any moment of an apply leaves everything or nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import CATALOG, LATER, NOW, definition, line
from reconciler.live.opening import open_platform
from reconciler.model.changesets import ChangeSet, Move, PackageWrite
from reconciler.model.questions import ClientQuestion

if TYPE_CHECKING:
    from reconciler.live.port import Platform

ROOT = Path(__file__).parents[2]
URL = "sqlite:///platform.db"
CLIENTS = 300
KILL = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from reconciler.live.opening import open_platform
from tests.store.test_kills import planned

moment, seen = int(sys.argv[2]), 0

def count(*_):
    global seen
    seen += 1
    if seen == moment:
        os.kill(os.getpid(), signal.SIGKILL)

with open_platform("sqlite:///platform.db", root=Path(sys.argv[1])) as platform:
    change_set = planned(platform)
    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "after_cursor_execute", count)
    event.listen(Engine, "commit", count)
    platform.apply(change_set)
print(seen)
"""


def planned(platform: Platform) -> ChangeSet:
    write = PackageWrite("basic", definition(features=[], expiry="1 month"), 1)
    everyone = ClientQuestion("basic", (1,))
    return ChangeSet(
        "sha256:1",
        platform.identity().lineage,
        LATER,
        "ada",
        "local",
        catalog=CATALOG,
        writes=(write, PackageWrite("new", definition("New"), None)),
        moves=(Move(everyone, CLIENTS),),
    )


def state(folder: Path) -> tuple[object, ...]:
    with open_platform(URL, root=folder) as platform:
        return (
            [(head.key, head.revision, head.version) for head in platform.packages()],
            platform.holdings(["basic"], LATER),
            platform.catalog(),
            [run.moved for run in platform.runs()],
            {client.subscription.expires_at for client in platform.clients(LATER)},
        )


def peopled(folder: Path) -> tuple[object, ...]:
    with open_platform(URL, root=folder) as platform:
        platform.edit_package("basic", definition(), NOW)
        platform.import_clients((line(f"c{number}", line=number) for number in range(1, CLIENTS + 1)), NOW)
    return state(folder)


def applying(folder: Path, moment: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILL, folder, str(moment)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_killed_apply_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    before = peopled(tmp_path / "whole")
    moments = int(applying(tmp_path / "whole", 0).stdout)
    after = state(tmp_path / "whole")
    killed = tmp_path / "killed"
    killed.mkdir()
    peopled(killed)

    for moment in sorted({*range(1, moments, moments // 6), moments - 1, moments}):
        done = applying(killed, moment)

        assert done.returncode == -SIGKILL, done.stderr
        assert state(killed) == before

    assert applying(killed, 0).returncode == 0
    assert state(killed) == after != before


@pytest.mark.parametrize("delay", [0.0005, 0.002, 0.005])
def test_an_apply_killed_from_outside_is_whole_or_absent(tmp_path: Path, delay: float) -> None:
    before = peopled(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", KILL, tmp_path, "0"], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    while not (tmp_path / "platform.db-journal").exists() and process.poll() is None:
        pass

    time.sleep(delay)
    process.kill()
    process.wait()

    now = state(tmp_path)
    assert now == before or now[3] == [CLIENTS]
