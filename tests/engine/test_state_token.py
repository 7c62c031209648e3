from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.live.port import HasStateToken
from tests.builders import definition
from tests.shop import Shop, opened_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as shop:
        yield shop


def token(shop: Shop) -> str:
    assert isinstance(shop.platform, HasStateToken)
    return shop.platform.state_token()


def test_the_token_changes_with_every_apply_and_every_edit_by_hand(shop: Shop) -> None:
    tokens = [token(shop)]

    shop.package("basic")
    shop.apply()
    tokens.append(token(shop))
    shop.platform.edit_package("basic", definition(title="By hand"), shop.at)
    tokens.append(token(shop))
    shop.platform.edit_package("other", definition(title="Other"), shop.at, archived=True)
    tokens.append(token(shop))
    shop.guards(protected=["basic"], clients_losing="unlimited")
    shop.apply()
    tokens.append(token(shop))

    assert len(set(tokens)) == len(tokens)


def test_the_token_stays_while_clients_come_use_and_are_assigned(shop: Shop) -> None:
    shop.package("basic", features=["chat"])
    shop.apply()
    before = token(shop)

    shop.clients("acme", package="basic")
    shop.platform.record_usage("acme", "chat", 3, shop.at)
    shop.platform.assign("acme", "basic", shop.at)
    shop.plan()

    assert token(shop) == before


def test_a_step_of_a_rollout_changes_the_token(shop: Shop) -> None:
    shop.package("basic")
    shop.apply()
    shop.clients("acme", "globex", package="basic")
    shop.package(
        "basic", user_count=9, rollout={"existing_clients": "reassign", "per_run": 1, "every": "0 days"}
    )
    shop.apply()
    before = token(shop)

    run = shop.apply()

    assert run.moved == 1
    assert token(shop) != before
