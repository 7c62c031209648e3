"""`show_clients: false` and `--no-clients`: who the clients are is said on a terminal, and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from reconciler.cli.main import main
from reconciler.cli.output import PLAN_FORMATS
from reconciler.live.opening import open_platform
from tests.shop import Shop, opened_shop
from tests.terminals import answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLIENTS: Final = ("alder-dental", "bluebird-legal", "cedar-motors")
NOBODY: Final = "nobody-of-this-name"
MOVED: Final[dict[str, Any]] = {
    "features": [],
    "rollout": {"existing_clients": "reassign", "per_run": 2, "exclude": [NOBODY]},
}


@pytest.fixture
def sold(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as shop:
        shop.guards(clients_losing="unlimited", acknowledge="never")
        shop.package("pro", features=["chat"])
        shop.apply()
        shop.clients(*CLIENTS, package="pro", usage={"chat": 3})
        shop.package("pro", **MOVED)
        yield shop


def hide(shop: Shop) -> None:
    config = shop.root / "reconciler.yaml"
    document = yaml.safe_load(config.read_text())
    document["environments"]["local"]["show_clients"] = False
    config.write_text(yaml.safe_dump(document))


class Program:
    """Runs commands where standard output is a pipe."""

    def __init__(self, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = shop.root
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        main([*arguments, "--config", str(self.root / "reconciler.yaml")])
        streams = self._capsys.readouterr()
        return streams.out + streams.err


@pytest.fixture
def run(sold: Shop, capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(sold, capsys)


def named(text: str) -> list[str]:
    return [id_ for id_ in (*CLIENTS, NOBODY) if id_ in text]


@pytest.mark.parametrize("form", ["text", "json", *PLAN_FORMATS])
@pytest.mark.parametrize("command", ["plan", "drift"])
def test_no_medium_names_a_client_where_the_environment_does_not_show_them(
    sold: Shop, run: Program, command: str, form: str
) -> None:
    hide(sold)

    said = run(command, "--format", form)

    assert said
    assert named(said) == []


@pytest.mark.parametrize("form", ["text", "json", *PLAN_FORMATS])
def test_a_saved_plan_is_shown_without_clients(sold: Shop, run: Program, form: str) -> None:
    file = str(sold.root / "plan.json")
    run("plan", "--out", file)
    assert named((sold.root / "plan.json").read_text()) == [*CLIENTS, NOBODY]

    said = run("show", file, "--no-clients", "--format", form)

    assert said
    assert named(said) == []


@pytest.mark.parametrize("is_set", [True, False])
def test_a_plan_file_without_clients_is_applied_like_any_other(
    sold: Shop, run: Program, *, is_set: bool
) -> None:
    file = sold.root / "plan.json"
    if is_set:
        hide(sold)
    options = () if is_set else ("--no-clients",)
    run("plan", "--out", str(file), *options)
    assert named(file.read_text()) == []

    said = run("apply", str(file), "--format", "json", *options)

    assert named(said) == []
    assert json.loads(said[said.index("{") : said.rindex("}") + 1])["moved"] == 2
    with open_platform("sqlite:///platform.db", root=sold.root) as platform:
        held = {client.id: client.subscription.revision for client in platform.clients(sold.at)}
    assert held == dict(zip(CLIENTS, (2, 2, 1), strict=True))


def test_no_run_records_clients_that_are_not_shown(sold: Shop, run: Program) -> None:
    hide(sold)

    said = [
        run("apply", "--yes"),
        run("clients", "reassign", "--all", "--package", "pro", "--yes", "--format", "json"),
        run("rollback", "2", "--yes"),
        run("history", "--format", "json"),
    ]

    assert [named(each) for each in said] == [[], [], [], []]


def test_a_move_that_does_nothing_says_so_of_nobody_by_name(sold: Shop, run: Program) -> None:
    sold.package("pro", features=["chat"])
    arguments = ("clients", "reassign", CLIENTS[0], "--yes")
    assert f"{CLIENTS[0]} stays: it holds the current revision" in run(*arguments)

    said = run(*arguments, "--no-clients")

    assert "1 client stays: it holds the current revision" in said
    assert named(said) == []


def test_a_terminal_shows_them_still(sold: Shop) -> None:
    hide(sold)

    code, shown = answered(sold.root, b"", "plan")

    assert code == 0
    assert named(shown) == [*CLIENTS[:2], NOBODY]
