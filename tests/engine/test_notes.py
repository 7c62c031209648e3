from __future__ import annotations

import dataclasses
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.engine.notes import NotesRequest, notes
from reconciler.engine.plan import environment_of
from reconciler.errors import StaleError, WrongUsageError
from reconciler.model.catalog import Catalog, Feature, Limit
from reconciler.model.grants import Extending, Granting
from reconciler.model.plans import ClientsMoved, EventUndone, RunUndone
from reconciler.render.json import note_json
from reconciler.render.notes import notes_markdown
from reconciler.render.story.glossary import Glossary
from tests.markdown import assert_tame, rendered
from tests.naughty import TEXTS
from tests.shop import CATALOG

if TYPE_CHECKING:
    from reconciler.model.plans import Plan
    from reconciler.planning.notes import Note
from tests.shop import Shop

GLOSSARY = Glossary.of_catalog(Catalog.normalised(CATALOG))
REASSIGN = {"existing_clients": "reassign"}


def told(shop: Shop, *, kept: bool = False, reviewed: Plan | None = None) -> list[Note]:
    workspace = shop.workspace
    request = NotesRequest(shop.at, date(2026, 12, 1), kept=kept, reviewed=reviewed)
    environment = environment_of(workspace.settings, None)
    return list(notes(workspace, environment, shop.platform, request))


def whom(found: list[Note]) -> list[tuple[str, bool]]:
    return [(note.client.id, note.moves) for note in found]


@pytest.fixture
def sold(shop: Shop) -> Shop:
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 50}, user_count=9)
    shop.apply()
    shop.clients("acme", "bolt", "cord", package="pro", usage={"minutes": 30, "calls": 3}, users=7)
    return shop


def lose(shop: Shop, **rollout: object) -> None:
    shop.package(
        "pro",
        features=["agent", "chat"],
        ai_credits=100,
        user_count=5,
        rollout={**REASSIGN, **rollout},
    )


def test_only_those_who_lose_something_now_are_told(sold: Shop) -> None:
    lose(sold, per_run=1, exclude=["bolt"])

    assert whom(told(sold)) == [("acme", True)]


def test_those_who_keep_what_they_have_are_told_on_request(sold: Shop) -> None:
    lose(sold, per_run=1, exclude=["bolt"])

    assert whom(told(sold, kept=True)) == [("acme", True), ("bolt", False), ("cord", False)]


def test_an_edit_that_takes_nothing_tells_nobody_what_an_earlier_one_took(sold: Shop) -> None:
    sold.package("pro", features=["chat"], user_count=9)
    sold.apply()
    sold.package("pro", features=["agent", "chat"], user_count=9)

    assert sold.plan().summary.clients_keeping == 0
    assert told(sold, kept=True) == []


def test_who_keeps_some_of_a_limit_that_goes_by_a_grant_is_told_on_request(sold: Shop) -> None:
    sold.platform.adjust("acme", Granting("limits/minutes", "subscription", add=9), sold.at)
    sold.package("pro", features=["chat", "calls"], user_count=9)

    assert sold.plan().summary.clients_keeping == 3
    assert whom(told(sold, kept=True)) == [("acme", False), ("bolt", False), ("cord", False)]


def test_who_only_gains_is_told_on_request(sold: Shop) -> None:
    gained = {"limits": {"minutes": 60}, "user_count": 9, "features": ["chat", "calls"]}
    sold.package("pro", **gained, rollout={**REASSIGN, "per_run": 1})

    assert told(sold) == []
    assert whom(told(sold, kept=True)) == [("acme", True)]
    text = "\n".join(notes_markdown(told(sold, kept=True), GLOSSARY))
    assert "What you lose" not in text
    assert "What you gain:\n\n- Call minutes: 60 per cycle instead of 50" in text


def test_a_note_of_what_is_gone_has_a_noun_and_promises_nothing(sold: Shop) -> None:
    sold.package("ai", features=["agent", "chat"], ai_credits=50)
    sold.apply()
    sold.clients("dune", package="ai", usage={"ai_credits": 7})
    sold.package("ai", features=["agent", "chat"], rollout=REASSIGN)

    text = "\n".join(notes_markdown(told(sold), GLOSSARY))

    assert (
        "- No AI credits any more, instead of 50 per cycle. You have used 7: nothing is taken away, but no "
        "more can be used." in text
    )


def test_clients_who_may_use_nothing_are_not_told(sold: Shop) -> None:
    sold.clients("bolt", package="pro", status="disabled")
    lose(sold)

    assert whom(told(sold, kept=True)) == [("acme", True), ("cord", True)]


def test_clients_of_other_packages_are_not_told(sold: Shop) -> None:
    sold.package("solo", features=["chat"])
    sold.apply()
    sold.clients("dune", package="solo")
    lose(sold)

    assert [note.client.id for note in told(sold, kept=True)] == ["acme", "bolt", "cord"]


def test_a_saved_plan_tells_the_same(sold: Shop) -> None:
    sold.settled(acknowledge="never", clients_losing="unlimited")
    lose(sold, per_run=2)
    made = sold.plan()

    assert whom(told(sold, reviewed=made)) == [("acme", True), ("bolt", True)]


def test_whoever_goes_back_by_a_rollback_is_told_what_its_own_revision_takes(sold: Shop) -> None:
    sold.settled(acknowledge="never", clients_losing="unlimited")
    sold.package("pro", features=["chat", "sessions"], user_count=9)
    sold.apply()
    sold.clients("dune", package="pro")
    sold.package("pro", features=["agent", "chat"], user_count=9, rollout=REASSIGN)
    moved = sold.apply()

    found = told(sold, reviewed=sold.plan(aim=RunUndone(moved.id)))

    assert whom(found) == [(each, True) for each in ("acme", "bolt", "cord", "dune")]
    gained = {note.client.id: {each.term.key for each in note.prospect.gains} for note in found}
    assert gained["acme"] == {"calls", "minutes"}
    assert gained["dune"] == {"sessions"}


def test_there_are_no_notes_on_what_a_hand_did(sold: Shop) -> None:
    sold.settled(acknowledge="never", clients_losing="unlimited")
    sold.package("solo", features=["agent", "chat"])
    sold.apply()
    sold.later(seconds=1)
    sold.platform.assign("acme", "solo", sold.at)
    event = next(each.id for each in sold.platform.events() if each.kind == "assign")

    with pytest.raises(WrongUsageError, match="takes back what was done to clients one by one"):
        told(sold, reviewed=sold.plan(aim=EventUndone(event)))


KEPT = ClientsMoved("pro", "solo", keeps_term=True)
ANEW = ClientsMoved("pro", "solo", keeps_term=False)


@pytest.fixture
def between(sold: Shop) -> Shop:
    """Two packages, of which the second has less and ends."""
    sold.settled(acknowledge="never", clients_losing="unlimited")
    sold.package("solo", title="Solo", features=["agent", "chat"], user_count=9, expiry="60 days")
    sold.apply()
    return sold


def letters(found: list[Note]) -> str:
    return "\n".join(notes_markdown(found, GLOSSARY))


def test_whoever_moves_to_another_package_is_told_its_name_and_what_that_takes(between: Shop) -> None:
    text = letters(told(between, reviewed=between.plan(aim=KEPT))[:1])

    assert text == (
        "## Acme\n\nTo `owner@acme.example` (client `acme`)\n\n"
        "On 1 December 2026, you move from the package “Pro” to “Solo”.\n\n"
        "What you lose:\n\n"
        "- Your subscription ends on 31 December 2026, and would not have ended.\n"
        "- Calls (used 3 times in this cycle).\n\n"
        "What you gain:\n\n"
        "- Agent.\n"
    )


def test_a_move_that_begins_a_term_anew_counts_the_end_from_the_day_of_the_letter(between: Shop) -> None:
    text = letters(told(between, reviewed=between.plan(aim=ANEW))[:1])

    assert "to “Solo”. Your subscription and its billing cycle start anew that day." in text
    assert "- Your subscription ends on 30 January 2027, and would not have ended." in text


def test_only_those_whom_a_move_names_and_lets_in_are_told(between: Shop) -> None:
    between.clients("dune", package="solo")
    between.package("solo", features=["agent", "chat"], user_count=9, allowed_emails=["owner@cord.example"])
    between.apply(None, "acknowledge:solo")
    some = dataclasses.replace(KEPT, clients=("acme", "cord", "dune"))

    assert whom(told(between, reviewed=between.plan(aim=some))) == [("cord", True)]


def test_clients_who_may_use_nothing_are_not_told_of_a_move(between: Shop) -> None:
    between.clients("bolt", package="pro", status="disabled")
    some = dataclasses.replace(KEPT, clients=("acme", "bolt"))

    assert whom(told(between, kept=True, reviewed=between.plan(aim=some))) == [("acme", True)]


def test_who_only_gains_by_a_move_is_told_on_request(between: Shop) -> None:
    between.package(
        "all", title="All", features=["agent", "chat", "calls"], limits={"minutes": 50}, user_count=9
    )
    between.apply()
    up = between.plan(aim=ClientsMoved("pro", "all", keeps_term=True))

    assert told(between, reviewed=up) == []
    assert "What you gain:\n\n- Agent." in letters(told(between, kept=True, reviewed=up))


def test_a_later_end_is_a_gain_though_the_package_ends_sooner(between: Shop) -> None:
    between.package("brief", title="Brief", features=["agent", "chat"], user_count=9, expiry="20 days")
    between.apply()
    between.clients("dune", package="solo")
    between.later(days=55)
    made = between.plan(aim=ClientsMoved("solo", "brief", keeps_term=False))

    (note,) = told(between, kept=True, reviewed=made)

    assert note.prospect.losses == ()
    assert [each.code.value for each in note.prospect.gains] == ["expiry-extended"]


def test_an_extension_that_is_lost_with_a_term_begun_anew_is_told(between: Shop) -> None:
    between.clients("dune", package="solo")
    between.platform.adjust("dune", Extending(between.at + timedelta(days=200)), between.at)
    between.package("solo-2", title="Second", features=["agent", "chat"], user_count=9, expiry="60 days")
    between.apply()
    made = between.plan(aim=ClientsMoved("solo", "solo-2", keeps_term=False))

    text = letters(told(between, reviewed=made))

    assert "- Your subscription ends on 30 January 2027, not on 20 May 2027." in text


def test_a_grant_that_ends_with_a_move_is_told_by_date_in_the_words_of_the_package(sold: Shop) -> None:
    for granting in (
        Granting("user_count", "reassigned", add=1),
        Granting("limits/minutes", "reassigned", set_to=80),
        Granting("features/agent", "reassigned"),
        Granting("limits/minutes", "subscription", add=5),
    ):
        sold.platform.adjust("acme", granting, sold.at)
    sold.package(
        "pro", features=["chat", "calls", "sessions"], limits={"minutes": 50}, user_count=9, rollout=REASSIGN
    )

    (note,) = told(sold)

    text = letters([note])
    assert "- 9 team members instead of 10." in text
    assert (
        "This was granted to you beside your package, and ends on 1 December 2026:\n\n"
        "- Agent.\n- Call minutes: at least 80 per cycle.\n- 1 team member on top.\n" in text
    )
    ending = json.loads(note_json(note, GLOSSARY))["grants_ending"]
    assert ending == [each.id for each in sold.client("acme").grants if each.until == "reassigned"]


def test_a_grant_that_the_next_revision_makes_up_for_is_not_told_as_a_loss(sold: Shop) -> None:
    sold.platform.adjust("acme", Granting("user_count", "reassigned", add=1), sold.at)
    sold.package("pro", features=["chat"], user_count=12, rollout=REASSIGN)

    (acme, *_) = told(sold)

    assert acme.client.id == "acme"
    assert acme.ending == ()


def test_a_grant_until_the_subscription_ends_goes_with_a_term_begun_anew(between: Shop) -> None:
    between.platform.adjust("acme", Granting("user_count", "subscription", add=2), between.at)

    kept = told(between, reviewed=between.plan(aim=KEPT))[0]
    anew = told(between, reviewed=between.plan(aim=ANEW))[0]

    assert kept.ending == ()
    assert "- 2 team members on top." in letters([anew])


def test_who_keeps_a_package_is_told_that_a_grant_would_end(sold: Shop) -> None:
    sold.platform.adjust("acme", Granting("user_count", "reassigned", add=2), sold.at)
    lose(sold, exclude=["acme"])

    text = letters(told(sold, kept=True)[:1])

    assert "This was granted to you beside your package, and would end with that move:" in text


def test_a_saved_plan_that_no_longer_holds_is_refused(sold: Shop) -> None:
    sold.settled(acknowledge="never", clients_losing="unlimited")
    lose(sold)
    made = sold.plan()
    sold.apply(made)

    with pytest.raises(StaleError):
        told(sold, reviewed=made)


def test_holders_of_an_archived_package_can_be_told_that_they_keep_it(sold: Shop) -> None:
    sold.package("pro", features=["chat", "calls"], limits={"minutes": 50}, user_count=9, archived=True)

    assert whom(told(sold)) == []
    (first, *_) = told(sold, kept=True)
    assert "is no longer sold. You keep what you have." in "\n".join(notes_markdown([first], GLOSSARY))


def test_the_markdown_names_losses_gains_and_the_day(sold: Shop) -> None:
    lose(sold)

    text = "\n".join(notes_markdown(told(sold)[:1], GLOSSARY))

    assert text == (
        "## Acme\n\nTo `owner@acme.example` (client `acme`)\n\n"
        "On 1 December 2026, your package “Pro” changes.\n\n"
        "What you lose:\n\n"
        "- Calls (used 3 times in this cycle).\n"
        "- 5 team members instead of 9. You have 7: nothing is taken away, but no members can be added until "
        "you are below.\n\n"
        "What you gain:\n\n"
        "- 100 AI credits per cycle.\n"
        "- Agent.\n"
    )


def test_a_note_to_who_keeps_it_speaks_of_what_would_be(sold: Shop) -> None:
    lose(sold, exclude=["acme"])

    text = "\n".join(notes_markdown(told(sold, kept=True)[:1], GLOSSARY))

    assert "You keep what you have until your subscription is moved to that version." in text
    assert "What you would lose:" in text


def test_a_shortened_subscription_says_when_it_ends(sold: Shop) -> None:
    sold.package(
        "pro",
        features=["chat", "calls"],
        limits={"minutes": 50},
        user_count=9,
        expiry="30 days",
        rollout=REASSIGN,
    )

    text = "\n".join(notes_markdown(told(sold)[:1], GLOSSARY))

    assert "- Your subscription ends on 1 December 2026, and would not have ended." in text


def test_a_mailer_gets_one_object_per_client(sold: Shop) -> None:
    lose(sold)

    (first, *_) = [json.loads(note_json(note, GLOSSARY)) for note in told(sold)]

    assert (first["client"], first["email"], first["moves"]) == ("acme", "owner@acme.example", True)
    assert first["subject"] == "Your package “Pro” changes"
    assert [loss["code"] for loss in first["losses"]] == [
        "feature-removed",
        "limit-removed",
        "user-count-lowered",
    ]
    assert "- Calls (used 3 times in this cycle)." in first["text"]


@pytest.mark.parametrize("hostile", TEXTS)
def test_foreign_text_is_shown_and_never_obeyed(sold: Shop, hostile: str) -> None:
    lose(sold)
    (note, *_) = told(sold)
    client = replace(note.client, id=hostile, name=hostile, owner_email=hostile)
    catalog = Catalog(
        features=dict.fromkeys(CATALOG["features"], Feature(hostile * 2)),
        limits=dict.fromkeys(CATALOG["limits"], Limit(f"{hostile}!", unit=hostile, per="cycle")),
    )

    lines = notes_markdown([replace(note, client=client, title=hostile)], Glossary.of_catalog(catalog))

    markdown = "\n".join(lines)
    assert_tame(markdown)
    kinds = [token.type for token in rendered(markdown) if token.type.endswith("_open")]
    assert kinds.count("heading_open") == 1
    assert kinds.count("bullet_list_open") == 2


@pytest.mark.parametrize("hostile", TEXTS)
def test_foreign_text_of_a_grant_that_ends_is_shown_and_never_obeyed(sold: Shop, hostile: str) -> None:
    sold.platform.adjust("acme", Granting("limits/minutes", "reassigned", set_to=80), sold.at)
    sold.package("pro", features=["chat", "calls", "agent"], limits={"minutes": 50}, rollout=REASSIGN)
    limits = dict.fromkeys(CATALOG["limits"], Limit(f"{hostile}!", unit=hostile, per="cycle"))
    (note, *_) = told(sold)

    markdown = "\n".join(notes_markdown([note], Glossary.of_catalog(Catalog(limits=limits))))

    assert "This was granted to you" in markdown
    assert_tame(markdown)
    kinds = [token.type for token in rendered(markdown) if token.type.endswith("_open")]
    assert (kinds.count("heading_open"), kinds.count("bullet_list_open")) == (1, 3)
