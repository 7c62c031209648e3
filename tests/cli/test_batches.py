"""An import in pieces: what is written stays, and the next run goes on there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import yaml

from tests.servers import listening, served
from tests.shop import opened_shop
from tests.unleash.holding import Holding, holding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.live.port import ServedPlatform
    from tests.cli.conftest import Run
    from tests.shop import Shop

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as opened:
        opened.package("pro", features=["chat"])
        opened.package("basic", title="Basic", features=["chat"])
        opened.apply()
        yield opened


def written(shop: Shop, *packages: str) -> str:
    """Write a file of clients, one for each package that is named, and return where it is."""
    file = shop.root / "clients.jsonl"
    lines = (
        {"id": f"c{number}", "name": "C", "owner_email": "ops@c.example", "package": package}
        for number, package in enumerate(packages, 1)
    )
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return str(file)


def clients(shop: Shop) -> list[str]:
    return [client.id for client in shop.platform.clients(shop.at)]


def test_an_import_in_pieces_takes_all_and_is_an_event_for_each_piece(run: Run, shop: Shop) -> None:
    code, text, _ = run("clients", "import", "--batch", "2", written(shop, *["pro"] * 5))

    pieces = {event.part_of for event in shop.platform.events() if event.kind == "import"} - {None}
    assert (code, text) == (0, "Imported 5 clients: 5 new, 0 known before.\n")
    assert clients(shop) == ["c1", "c2", "c3", "c4", "c5"]
    assert len(pieces) == 3


def test_a_piece_that_fails_leaves_those_before_it_and_the_next_run_goes_on_there(
    run: Run, shop: Shop
) -> None:
    broken = run("clients", "import", "--batch", "2", written(shop, "pro", "pro", "pro", "nosuch", "pro"))
    between = clients(shop)
    mended = written(shop, "pro", "pro", "pro", "basic", "pro")
    code, text, _ = run("clients", "import", "--batch", "2", "--after-line", "2", mended)

    assert broken[0] == 3
    assert (
        "Before this piece 2 clients were imported, up to line 2. Go on with --after-line 2.\n" in broken[2]
    )
    assert between == ["c1", "c2"]
    assert (code, text) == (0, "Imported 3 clients: 3 new, 0 known before.\n")
    assert clients(shop) == ["c1", "c2", "c3", "c4", "c5"]


def test_the_same_pieces_once_more_change_nothing(run: Run, shop: Shop) -> None:
    file = written(shop, "pro", "basic", "pro")
    run("clients", "import", "--batch", "1", file)
    before = [*shop.platform.clients(shop.at)]

    code, text, _ = run("clients", "import", "--batch", "2", file)

    assert (code, text) == (0, "Imported 3 clients: 0 new, 3 known before.\n")
    assert [*shop.platform.clients(shop.at)] == before


def test_a_file_with_a_bad_line_is_not_begun(run: Run, shop: Shop) -> None:
    file = written(shop, "pro", "pro")
    with (shop.root / "clients.jsonl").open("a") as lines:
        lines.write("{\n")

    code, _, _ = run("clients", "import", "--batch", "1", file)

    assert code == 3
    assert clients(shop) == []


def test_pieces_move_nobody(run: Run, shop: Shop) -> None:
    run("clients", "import", written(shop, "pro", "pro"))

    refused = run("clients", "import", "--batch", "1", "--assign", written(shop, "pro", "basic"))
    code, text, error = run("clients", "import", "--batch", "1", written(shop, "pro", "basic"))

    assert (refused[0], code) == (64, 4)
    assert "pro → basic: 1 client" in text
    assert "Before this piece 1 client was imported, up to line 1." in error
    assert [client.subscription.package for client in shop.platform.clients(shop.at)] == ["pro", "pro"]


def ended(process: subprocess.Popen[str], between: Holding) -> None:
    """Have nobody wait for a process that is no more."""
    process.wait()
    between.halted.set()


def test_killed_in_the_middle_it_has_said_where_to_go_on(run: Run, shop: Shop) -> None:
    """The second piece is on its way to a server when the process is killed."""
    file = written(shop, *["pro"] * 5)
    words = ["--config", "served.yaml", "clients", "import", "--batch", "2", file]
    command = [sys.executable, "-m", "reconciler", *words]
    with listening(served(cast("ServedPlatform", shop.platform))) as url, holding(url, 1) as between:
        config = {"catalog": "catalog.yaml", "environments": {"local": {"platform": between.address}}}
        (shop.root / "served.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            command, cwd=shop.root, env=variables, stderr=subprocess.PIPE, text=True
        ) as process:
            threading.Thread(target=ended, args=(process, between), daemon=True).start()
            between.halted.wait()
            process.kill()
            _, told = process.communicate()
    before = clients(shop)

    code, text, _ = run("clients", "import", "--batch", "2", "--after-line", "2", file)

    assert told.splitlines()[-1] == "Imported up to line 2."
    assert before == ["c1", "c2"]
    assert (code, text) == (0, "Imported 3 clients: 3 new, 0 known before.\n")
