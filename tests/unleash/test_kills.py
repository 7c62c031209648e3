"""Killed in the middle of an apply to a real Unleash: planning again says exactly what is left."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.live.beside import open_beside
from tests.builders import NOON
from tests.shop import Shop, laid_out
from tests.unleash.server import TOKEN, product_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.unleash.product import Unleash
    from tests.unleash.console import Console

LOSS = {"removes": "calls", "clients": 1, "reason": "It is gone.", "until": "2026-12-31"}


class Killed(BaseException):
    """The process is no more."""


@contextmanager
def opened(product: Unleash, root: Path) -> Iterator[Shop]:
    """One process's platform on the product."""
    shops: list[Shop] = []
    with open_beside(product, "sqlite:///store.db", root=root, clock=lambda: shops[0].at) as platform:
        shops.append(Shop(root, platform, NOON))
        yield shops[0]


def dying_before(product: Unleash, step: int) -> None:
    """Have the process end before the change of this number, counted from 0."""
    sent, call = count(), product._call  # noqa: SLF001 - the one thing that Unleash is changed through

    def called(method: str, path: str, body: object = None) -> Any:
        is_change = method != "GET" and not path.endswith("export")
        if is_change and next(sent) == step:
            raise Killed
        return call(method, path, body)

    product._call = called  # noqa: SLF001 - the same


@pytest.mark.parametrize("step", range(12))
def test_killed_before_any_change_planning_again_has_what_is_left(
    unleash: str, prefix: str, console: Console, tmp_path: Path, step: int
) -> None:
    laid_out(tmp_path)
    with product_at(unleash, TOKEN, prefix) as product, opened(product, tmp_path) as shop:
        shop.guards(clients_losing="unlimited")
        shop.package("pro", features=["chat", "calls"], user_count=3)
        shop.apply()
        shop.clients("acme", package="pro", usage=None)
        shop.package("pro", features=["chat"], user_count=4, acknowledge=[LOSS])
        shop.package("new", features=["calls"], limits={"minutes": 5})
        made = shop.plan()
        dying_before(product, step)
        is_killed = False
        try:
            shop.apply(made)
        except Killed:
            is_killed = True
        at = shop.at

    with product_at(unleash, TOKEN, prefix) as product, opened(product, tmp_path) as again:
        again.at = at
        rest = {change.key for change in again.plan().changes}
        run = again.platform.run_of_plan(made.hash)
        assert {"new", "pro"} - rest == (set(run.after) if run else set())
        assert bool(rest) == is_killed
        if rest:
            again.apply()
        assert again.plan().changes == ()
        assert (console.has("features.chat", "acme"), console.has("features.calls", "acme")) == (True, False)
        assert again.platform.lost_since(NOON).clients == 1
