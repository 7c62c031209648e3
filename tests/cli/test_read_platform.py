"""Commands that only read, asked of a copy that follows the platform."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.cli.main import main
from reconciler.live.opening import Address, adopt_platform
from tests.shop import opened_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.shop import Shop

NOWHERE = "postgresql://reconciler@127.0.0.1:1/reconciler"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A platform, a copy of it from before its last run, and files that take a feature away."""
    root = tmp_path
    monkeypatch.chdir(root)
    with opened_shop(root) as opened:
        opened.package("pro", features=["chat", "calls"])
        opened.apply()
        opened.clients("acme", package="pro")
        shutil.copy(root / "platform.db", root / "copy.db")
        opened.package("basic", features=["chat"])
        opened.apply()
        yield opened


def read_from(shop: Shop, copy: str, platform: str = "sqlite:///platform.db") -> None:
    environment = {"platform": platform, "read_platform": copy, "guards": {"clients_losing": "unlimited"}}
    config = {"catalog": "catalog.yaml", "environments": {"local": environment}}
    (shop.root / "reconciler.yaml").write_text(yaml.safe_dump(config))


def test_a_plan_is_of_the_copy_and_says_how_far_that_is_behind(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    read_from(shop, "sqlite:///copy.db")

    code = main(["plan"])

    told = capsys.readouterr().out
    assert code == 0
    assert "from a copy that is 1 run behind" in told
    assert "basic" in told


def test_a_copy_that_has_all_runs_says_so(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(shop.root / "platform.db", shop.root / "copy.db")
    read_from(shop, "sqlite:///copy.db")

    code = main(["drift"])

    assert code == 0
    assert "from a copy that has all runs" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["plan"], ["drift"], ["clients", "list"], ["clients", "show", "acme"]])
def test_a_copy_of_another_platform_is_refused(
    shop: Shop, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    adopt_platform(Address("sqlite:///copy.db"), root=shop.root)
    read_from(shop, "sqlite:///copy.db")

    assert main(command) == 3
    assert "copy of another platform" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["clients", "list"], ["clients", "show", "acme"], ["explain", "acme"]])
def test_clients_are_told_by_the_copy_while_the_platform_is_away(
    shop: Shop, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    read_from(shop, "sqlite:///copy.db", platform=NOWHERE)

    code = main(command)

    printed = capsys.readouterr()
    assert code == 0
    assert "acme" in printed.out
    assert "could not be asked how far that is behind" in printed.err


def test_an_apply_reads_and_writes_the_platform(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    read_from(shop, "sqlite:///copy.db")

    code = main(["apply", "--yes"])

    assert code == 0
    assert "copy" not in capsys.readouterr().out
