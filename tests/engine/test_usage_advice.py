from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.engine.usage_advice import usage_advice
from reconciler.render.json import usage_json
from reconciler.render.story.glossary import Glossary
from reconciler.render.text.style import Paper
from reconciler.render.text.usage import usage_lines
from tests.builders import NOON

if TYPE_CHECKING:
    from reconciler.planning.advice import MeterUsage, PackageUsage
    from tests.shop import Shop


def settled(shop: Shop, *used: int, days: int = 60) -> None:
    """Sell one client per amount of minutes."""
    shop.package("pro", features=["calls"], limits={"minutes": 100}, user_count=20)
    shop.apply()
    for number, amount in enumerate(used):
        start = NOON - timedelta(days=days)
        usage = {"minutes": amount} if amount else {}
        shop.clients(
            f"client-{number:02}", package="pro", users=number % 4 + 1, usage=usage, assigned_at=start
        )


def only(shop: Shop, package: str | None = "pro") -> PackageUsage:
    (usage,) = usage_advice(shop.platform, package, shop.at)
    return usage


def meter(usage: PackageUsage, key: str) -> MeterUsage:
    return next(meter for meter in usage.meters if meter.meter == key)


def test_every_allowance_is_set_beside_its_use(shop: Shop) -> None:
    settled(shop, *range(0, 100, 5))

    minutes = meter(only(shop), "minutes")

    assert (minutes.allowance, minutes.consumption.clients, minutes.consumption.using) == (100, 20, 19)
    assert (minutes.consumption.near, minutes.near_sample[0]) == (4, "client-16")
    assert (minutes.advice.verdict, minutes.advice.suggestion) == ("raise", 120)


def test_team_members_are_counted_as_they_are_now(shop: Shop) -> None:
    settled(shop, *range(20))

    users = meter(only(shop), "user_count")

    assert users.consumption.spread is not None
    assert (users.consumption.spread.least, users.consumption.spread.most) == (1, 4)


def test_who_holds_an_older_revision_is_measured_against_it(shop: Shop) -> None:
    settled(shop, 90, 90)
    shop.package("pro", features=["calls"], limits={"minutes": 1000}, user_count=20)
    shop.apply()
    shop.clients("new", package="pro", usage={"minutes": 90})

    minutes = meter(only(shop), "minutes")

    assert (minutes.allowance, minutes.consumption.near) == (1000, 2)
    assert minutes.near_sample == ("client-00", "client-01")


def test_what_only_older_revisions_grant_is_still_shown(shop: Shop) -> None:
    settled(shop, 90)
    shop.package("pro", user_count=20)
    shop.apply()

    minutes = meter(only(shop), "minutes")

    assert (minutes.allowance, minutes.advice.verdict) == (None, "withdrawn")


def test_expired_and_disabled_clients_do_not_count(shop: Shop) -> None:
    shop.package("pro", features=["calls"], limits={"minutes": 100}, expiry="30 days")
    shop.apply()
    shop.clients("gone", package="pro", usage={"minutes": 100}, assigned_at=NOON - timedelta(days=31))
    shop.clients("off", package="pro", usage={"minutes": 100}, status="disabled")
    shop.clients("here", package="pro", usage={"minutes": 10})

    minutes = meter(only(shop), "minutes")

    assert (minutes.consumption.clients, minutes.consumption.full) == (1, 0)


def test_clients_of_the_last_two_weeks_are_too_young_to_tell(shop: Shop) -> None:
    settled(shop, *range(1, 21), days=13)

    usage = only(shop)

    assert usage.seasoned == 0
    assert meter(usage, "minutes").advice.verdict == "too-young"


def test_without_a_package_every_one_that_is_held_is_shown(shop: Shop) -> None:
    settled(shop, 5)
    shop.package("unsold")
    shop.apply()

    assert [usage.key for usage in usage_advice(shop.platform, None, shop.at)] == ["pro"]
    assert only(shop, "unsold").holders == 0


@pytest.mark.parametrize("width", [80, 120])
def test_the_text_fits_its_width(shop: Shop, width: int) -> None:
    settled(shop, *range(0, 100, 5))

    lines = list(usage_lines(only(shop), Glossary(), Paper(width)))

    assert max(map(len, lines)) <= width
    assert "raise to 120." in " ".join(lines)


def test_the_json_has_every_figure(shop: Shop) -> None:
    settled(shop, *range(0, 100, 5))

    document = json.loads(usage_json(only(shop)))

    minutes = next(each for each in document["allowances"] if each["meter"] == "minutes")
    assert minutes["spread"] == {"least": 5, "p50": 50, "p80": 80, "p95": 95, "most": 95, "mean": 50.0}
    assert minutes["advice"]["suggestion"] == 120
