from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.explain.client import explain_client
from reconciler.engine.plan import environment_of
from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.render.json import explanation_json
from reconciler.render.story.glossary import Glossary
from reconciler.render.text.explanation import explanation_text
from reconciler.render.text.style import Paper
from tests.builders import NOON
from tests.planting import plant_name
from tests.shop import CATALOG

if TYPE_CHECKING:
    from reconciler.planning.client_diff import Explanation
    from tests.shop import Shop

REASSIGN = {"existing_clients": "reassign"}


def explained(shop: Shop, client: str = "acme") -> Explanation:
    workspace = shop.workspace
    environment = environment_of(workspace.settings, None)
    return explain_client(workspace, environment, shop.platform, client, shop.at)


def codes(explanation: Explanation) -> list[str]:
    return [field.code.value for field in explanation.prospect.fields]


def test_a_client_keeps_what_the_rollout_does_not_take(shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", package="pro", usage={"calls": 7})
    shop.package("pro", features=["chat"])

    explanation = explained(shop)

    assert explanation.stays == "kept"
    assert codes(explanation) == ["feature-removed"]
    assert explanation.prospect.used == {"calls": 7}
    assert [change.key for change in explanation.changes] == ["pro"]


def test_a_client_whom_the_plan_moves_is_told_so(shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", package="pro")
    shop.package("pro", features=["chat"], rollout=REASSIGN)

    explanation = explained(shop)

    assert explanation.stays is None


def test_a_client_of_a_later_step_waits(shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", "zeta", package="pro")
    shop.package("pro", features=["chat"], rollout={**REASSIGN, "per_run": 1})

    assert explained(shop, "acme").stays is None
    assert explained(shop, "zeta").stays == "waits"


def test_a_client_who_waits_is_told_the_day_of_the_next_step(shop: Shop) -> None:
    shop.guards(acknowledge="never", clients_losing="unlimited")
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", "zeta", package="pro")
    shop.package("pro", features=["chat"], rollout={**REASSIGN, "per_run": 1, "every": "7 days"})
    shop.apply()

    explanation = explained(shop, "zeta")

    text = explanation_text(explanation, Glossary(), Paper(None))
    assert "later apply, on 8 November 2026 at the earliest." in text
    assert json.loads(explanation_json(explanation))["plan"]["waits_until"] == "2026-11-08"


def test_an_excluded_client_stays(shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", "zeta", package="pro")
    shop.package("pro", features=["chat"], rollout={**REASSIGN, "exclude": ["acme"]})

    assert explained(shop).stays == "excluded"


def test_a_client_who_is_no_longer_allowed_stays(shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", package="pro")
    shop.package("pro", features=["chat"], allowed_emails=["someone@else.example"], rollout=REASSIGN)

    assert explained(shop).stays == "not-allowed"


@pytest.mark.parametrize("stated", [{"status": "disabled"}, {"assigned_at": NOON - timedelta(days=40)}])
def test_who_is_not_active_is_not_moved(shop: Shop, stated: dict[str, Any]) -> None:
    shop.package("pro", features=["chat", "calls"], expiry="30 days")
    shop.apply()
    shop.clients("acme", package="pro", **stated)
    shop.package("pro", features=["chat"], expiry="30 days", rollout=REASSIGN)

    assert explained(shop).stays == "not-active"


def test_who_holds_the_current_revision_has_nothing_to_expect(shop: Shop) -> None:
    shop.package("pro", features=["chat"])
    shop.apply()
    shop.clients("acme", package="pro")

    explanation = explained(shop)

    assert (explanation.stays, explanation.changes, codes(explanation)) == ("nothing-changes", (), [])


def test_an_older_holding_is_explained_without_any_change_in_the_files(shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", package="pro")
    shop.package("pro", features=["chat"])
    shop.apply()

    assert codes(explained(shop)) == ["feature-removed"]


def test_a_client_over_a_lowered_cap_is_told_of_it(shop: Shop) -> None:
    shop.package("pro", features=["calls"], limits={"minutes": 100}, user_count=9)
    shop.apply()
    shop.clients("acme", package="pro", users=4, usage={"minutes": 60})
    shop.package("pro", features=["calls"], limits={"minutes": 50}, user_count=5)

    assert explained(shop).prospect.over == ("/limits/minutes",)


def test_a_shorter_expiry_counts_from_the_start_that_is_kept(shop: Shop) -> None:
    shop.package("pro")
    shop.apply()
    shop.clients("acme", package="pro", assigned_at=NOON - timedelta(days=40))
    shop.package("pro", expiry="30 days")

    outcome = explained(shop).prospect

    assert outcome.expires_at == NOON - timedelta(days=10)
    assert outcome.is_expired


def test_the_run_that_made_the_held_revision_is_named_across_a_rename(shop: Shop) -> None:
    shop.package("pro", features=["chat"])
    first = shop.apply()
    shop.clients("acme", package="pro")
    shop.remove("pro")
    shop.package("plus", features=["chat"], renamed_from="pro")
    shop.apply()
    shop.package("plus", features=["chat", "calls"], renamed_from="pro")
    shop.apply()

    explanation = explained(shop)

    assert explanation.minted_by is not None
    assert explanation.minted_by.id == first.id
    assert explanation.client.subscription.package == "plus"


def test_what_blocks_the_package_is_said(shop: Shop) -> None:
    shop.guards(acknowledge="touching")
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", package="pro")
    shop.package("pro", features=["chat"])

    assert [guard.id for guard in explained(shop).guards] == ["acknowledge"]


def test_a_client_who_does_not_exist_is_refused(shop: Shop) -> None:
    shop.package("pro")
    shop.apply()

    with pytest.raises(WrongUsageError):
        explained(shop, "nobody")


def test_the_text_says_what_is_held_from_where_and_what_comes(shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls", "sessions"], limits={"minutes": 100})
    shop.apply()
    shop.clients("acme", package="pro", usage={"minutes": 60})
    plant_name(shop.root / "platform.db", "acme", "Acme \x1b[31mGmbH")
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 50})

    text = explanation_text(explained(shop), Glossary.of_catalog(Catalog.normalised(CATALOG)), Paper(140))

    assert "\x1b" not in text
    assert "Revision 1 of pro comes from run 1" in text
    assert "The client keeps what it holds" in text
    assert "- feature     Sessions (sessions)" in text
    assert "100 → 50 per cycle (60 used in this cycle; over the new cap" in text
    assert max(map(len, text.splitlines())) <= 140


def test_the_json_says_the_same(shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", package="pro")
    shop.package("pro", features=["chat"])

    document = explanation_json(explained(shop))

    assert '"stays": "kept"' in document
    assert '"code": "feature-removed"' in document
