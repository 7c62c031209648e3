"""Copies of one platform: a plan of the one is not applied to the other."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StaleError
from reconciler.live.opening import Address, adopt_platform, open_platform
from tests.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def restored(shop: Shop, root: Path) -> Iterator[Shop]:
    """Restore what is there as another platform, beside the same files."""
    shutil.copytree(shop.root, root)
    with open_platform("sqlite:///platform.db", root=root) as platform:
        yield Shop(root, platform, shop.at)


@pytest.fixture
def sold(shop: Shop) -> Shop:
    shop.package("pro", features=["chat"])
    shop.apply()
    return shop


def test_a_plan_names_the_newest_run_that_it_saw(sold: Shop) -> None:
    run = sold.platform.runs()[0]

    seen = sold.plan().platform

    assert (seen.run, seen.run_plan) == (run.id, run.plan_hash)


def test_a_plan_of_a_copy_is_refused_where_the_runs_parted(sold: Shop, tmp_path: Path) -> None:
    with restored(sold, tmp_path / "staging") as copy:
        copy.package("own", features=["chat"])
        copy.apply()
        copy.package("pro", features=[])
        made = copy.plan()
    sold.package("pro", features=[])

    with pytest.raises(StaleError, match="saw a run 2 that this platform does not have"):
        sold.apply(made)
    sold.package("other", features=["chat"])
    sold.apply()
    with pytest.raises(StaleError, match="saw a run 2 that this platform does not have"):
        sold.apply(made)


def test_later_runs_of_the_same_platform_do_not_matter(sold: Shop) -> None:
    sold.package("pro", features=[])
    made = sold.plan()
    sold.package("pro", features=["chat"])
    sold.package("other", features=["chat"])
    sold.apply()
    sold.package("pro", features=[])

    sold.apply(made)

    assert sold.plan().is_empty


def test_an_adopted_copy_is_another_platform(sold: Shop, tmp_path: Path) -> None:
    sold.package("pro", features=[])
    made = sold.plan()
    with restored(sold, tmp_path / "staging") as copy:
        adopt_platform(Address("sqlite:///platform.db"), root=copy.root)

        with pytest.raises(StaleError, match="another platform"):
            copy.apply(made)
        copy.apply()

    sold.apply(made)
