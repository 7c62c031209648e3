"""Every noun that crosses the wire comes back equal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from reconciler.model.catalog import Catalog, Feature, Limit
from reconciler.model.changesets import (
    ArchiveWrite,
    ChangeSet,
    Expectation,
    Move,
    PackageState,
    PackageWrite,
    Run,
)
from reconciler.model.clients import Client, ClientLine, Entitlements, Subscription
from reconciler.model.expiry import Window
from reconciler.model.packages import Share
from reconciler.model.questions import (
    AnyOf,
    AssignedIn,
    ClientQuestion,
    EndedToo,
    HeldSince,
    LostSince,
    LostUnder,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    UpTo,
    UsesMoreThan,
)
from reconciler.model.settings import Guards
from reconciler.wire.changesets import ChangeSetBody, RunReply
from reconciler.wire.clients import ClientLineBody, ClientReply
from reconciler.wire.packages import CatalogBody, CatalogReply, DefinitionBody, HeadReply, RefBody
from reconciler.wire.paths import identifier, segment
from reconciler.wire.questions import HoldingsBody, MatchingBody
from tests.builders import NOON, definition, head
from tests.strategies import definitions

if TYPE_CHECKING:
    from reconciler.model.packages import Definition
    from reconciler.wire.fields import Body

LATER = NOON + timedelta(days=1)
HASH = "sha256:" + "0" * 64
QUESTION = ClientQuestion(
    "basic",
    (1, 2),
    (
        UsesMoreThan("chat", 0),
        UsesMoreThan("user_count", 3),
        OwnerNotIn(("a@x.example",)),
        OwnerIn(("b@x.example",)),
        AssignedIn((Window(None, NOON), Window(NOON, NOON + timedelta(days=1)))),
        NotOneOf(("acme",)),
        OneOf(("globex", "a/b")),
        LostUnder("removes", "features/chat"),
        LostSince(NOON),
        HeldSince(4, 1),
        EndedToo(),
        UpTo("zorg"),
        AnyOf((UsesMoreThan("chat", 0), OwnerNotIn(()), AssignedIn((Window(None, NOON),)))),
    ),
)


def asking(*conditions: Any) -> dict[str, Any]:
    question = {"package": "basic", "revisions": [1], "conditions": list(conditions)}
    return {"question": question, "at": "2026-11-01T12:00:00Z"}


@given(definitions())
def test_a_definition_comes_back_equal(sent: Definition) -> None:
    received = DefinitionBody.model_validate_json(DefinitionBody.of(sent).model_dump_json())

    assert received.value() == sent


def test_a_question_with_every_condition_comes_back_equal() -> None:
    sent = MatchingBody(question=QUESTION, at=NOON)

    assert MatchingBody.model_validate_json(sent.model_dump_json()).question == QUESTION


def test_a_change_set_comes_back_equal() -> None:
    sent = ChangeSet(
        plan_hash=HASH,
        lineage="5f0c",
        at=NOON,
        actor="ana@host",
        environment="local",
        commit="abc",
        allowed=("adopt:basic",),
        catalog=Catalog({"chat": Feature("Chat", requires=("calls",))}, {"minutes": Limit("Minutes")}),
        expected_catalog=Catalog({"chat": Feature("Talk")}),
        guards=Guards(3, Share(5), "touching", ("basic",)),
        expected_guards=Guards("unlimited", 10, "never"),
        writes=(
            PackageWrite("basic", definition(expiry="1 month"), None, renamed_from="old"),
            ArchiveWrite("gone", 4),
        ),
        moves=(Move(QUESTION, 5, to_revision=2, expected_version=3),),
        expectations=(Expectation((QUESTION, QUESTION), 7, "clients touched"),),
        changes=({"key": "basic", "fields": [{"to": None}]},),
    )

    received = ChangeSetBody.model_validate_json(ChangeSetBody.of(sent).model_dump_json())

    assert received.value("ci", LATER) == replace(sent, at=LATER, actor="ci", on_behalf_of="ana@host")


def test_a_run_comes_back_equal() -> None:
    sent = Run(
        3,
        HASH,
        NOON,
        "ana",
        "local",
        changes=({"key": "basic"},),
        before={"basic": PackageState(1, archived=False, managed=True)},
        after={"basic": PackageState(2, archived=True, managed=True)},
        renamed={"new": "old"},
        catalog=({"path": "/features/chat", "from": None, "to": {"title": "Chat"}},),
        moved=9,
    )

    received = RunReply.model_validate_json(RunReply.of(sent).model_dump_json())

    assert received.value() == sent


def test_a_client_comes_back_equal() -> None:
    held = Subscription("basic", 1, 2, NOON, None, "active")
    granted = Entitlements(("chat",), {"minutes": "unlimited"}, {"user_count": 3, "ai_credits": 100})
    sent = Client("acme", "Acme", "Ops@acme.example", "active", 2, held, granted, {"chat": 1})

    received = ClientReply.model_validate_json(ClientReply.of(sent).model_dump_json())

    assert received.value() == sent


def test_a_head_comes_back_equal() -> None:
    sent = head(archived=True)

    assert HeadReply.model_validate_json(HeadReply.model_validate(sent).model_dump_json()).value() == sent


def test_no_catalog_comes_back_as_none() -> None:
    assert CatalogReply.model_validate_json(CatalogReply.of(None).model_dump_json()).value() is None


def test_an_import_line_states_only_what_was_written() -> None:
    line = ClientLineBody.model_validate_json('{"id": "acme", "users": 3}').value(7)

    assert line == ClientLine("acme", 7, users=3)


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "acme", "users": "3"}',
        '{"id": "acme", "users": true}',
        '{"id": "acme", "surprise": 1}',
        '{"id": "a\\u0000b"}',
        '{"id": "acme", "assigned_at": 5}',
        '{"id": "acme", "assigned_at": "2026-01-01T00:00:00"}',
        '{"id": "acme", "assigned_at": "0001-01-01T00:00:00+14:00"}',
        '{"id": "acme", "usage": {"chat": -1}}',
        '{"id": "acme", "usage": {"chat": 9007199254740992}}',
    ],
)
def test_what_is_not_exactly_right_is_refused(line: str) -> None:
    with pytest.raises(ValidationError):
        ClientLineBody.model_validate_json(line)


@pytest.mark.parametrize(
    ("body", "hostile", "faults"),
    [
        (ChangeSetBody, {f"k{number}": 0 for number in range(1_000)}, 1),
        (HoldingsBody, {"at": "2026-11-01T12:00:00Z", "keys": [0] * 1_000}, 1),
        (CatalogBody, {"features": {f"k{number}": 0 for number in range(10_001)}, "limits": {}}, 1),
        (MatchingBody, asking({"kind": "owner-in", **{f"k{number}": 0 for number in range(1_000)}}), 1),
        (MatchingBody, asking(*[{"kind": "up-to", "id": 0}] * 50), 1),
        (MatchingBody, asking(*[{"kind": "up-to", "id": "a"}] * 51), 1),
        (MatchingBody, asking({"kind": "one-of", "ids": [0] * 1_000}), 1),
        (MatchingBody, asking({"kind": "assigned-in", "windows": [0] * 4_001}), 1),
        (
            MatchingBody,
            asking({"kind": "assigned-in", "windows": [{f"k{number}": 0 for number in range(1_000)}]}),
            1,
        ),
        (MatchingBody, asking({"kind": "any-of", "alternatives": [0] * 1_000}), 2),
        (MatchingBody, asking({"kind": "any-of", "alternatives": []}), 1),
        (CatalogBody, {"features": {f"k{number}": {} for number in range(3)}, "limits": {}}, 3),
    ],
)
def test_faults_are_far_fewer_than_what_is_at_fault(body: type[Body], hostile: Any, faults: int) -> None:
    with pytest.raises(ValidationError) as refusal:
        body.model_validate(hostile)

    assert refusal.value.error_count() == faults


@pytest.mark.parametrize(
    "condition",
    [
        {"meter": "chat", "amount": 0},
        {"kind": "uses-less-than", "meter": "chat", "amount": 0},
        {"kind": "uses-more-than", "meter": "chat"},
        {"kind": "uses-more-than", "meter": "chat", "amount": 0, "surprise": 1},
        {"kind": "uses-more-than", "meter": "chat", "amount": -2},
        {"kind": "uses-more-than", "meter": "chat", "amount": 2**53},
        {"kind": "uses-more-than", "meter": "chat", "amount": "1"},
        {"kind": "uses-more-than", "meter": "chat", "amount": True},
        {"kind": "uses-more-than", "meter": "chat", "amount": 1.5},
        {"kind": "uses-more-than", "meter": "a\u0000b", "amount": 0},
        {"kind": "uses-more-than", "meter": "", "amount": 0},
        {"kind": "owner-in", "emails": "a@x.example"},
        {"kind": "owner-in", "emails": ["a" * 321]},
        {"kind": "assigned-in", "windows": [{"end": "2026-11-01T12:00:00Z"}]},
        {"kind": "assigned-in", "windows": [{"start": None, "end": "2026-11-01"}]},
        {"kind": "assigned-in", "windows": [{"start": 5, "end": "2026-11-01T12:00:00Z"}]},
        {"kind": "any-of", "alternatives": [{"kind": "up-to", "id": "a"}]},
        {"kind": "any-of", "alternatives": [{"kind": "any-of", "alternatives": []}]},
    ],
    ids=str,
)
def test_a_condition_that_is_not_exactly_right_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MatchingBody.model_validate(asking(condition))


def test_a_condition_takes_a_whole_number_with_a_fraction_of_zero() -> None:
    body = MatchingBody.model_validate(asking({"kind": "uses-more-than", "meter": "chat", "amount": 2.0}))

    assert body.question.conditions == (UsesMoreThan("chat", 2),)


def test_a_condition_that_was_made_here_is_held_to_the_same_bounds() -> None:
    with pytest.raises(ValidationError):
        MatchingBody(question=ClientQuestion("basic", (1,), (UsesMoreThan("chat", 2**80),)), at=NOON)


@pytest.mark.parametrize(
    "text", ["0.5", "1700000000", "2026-11-01", "2026-11-01T12:00:00", "20261101T120000Z"]
)
def test_an_instant_is_a_date_time_of_rfc_3339(text: str) -> None:
    with pytest.raises(ValidationError):
        ClientLineBody.model_validate({"id": "acme", "assigned_at": text})


def test_a_whole_number_may_be_written_with_a_fraction_of_zero() -> None:
    assert RefBody.model_validate_json('{"key": "a", "revision": 2.0}').revision == 2
    for wrong in ("2.5", '"2"', "true", "1e400"):
        with pytest.raises(ValidationError):
            RefBody.model_validate_json(f'{{"key": "a", "revision": {wrong}}}')


@pytest.mark.parametrize(("quantity", "place"), [("lots", "text"), (-1, "number"), (None, "number")])
def test_a_wrong_quantity_is_one_fault(quantity: Any, place: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        DefinitionBody.model_validate({"title": "Pro", "user_count": quantity})

    assert [fault["loc"] for fault in refusal.value.errors()] == [("user_count", place)]


def test_an_instant_is_understood_in_any_offset() -> None:
    body = ClientLineBody.model_validate_json('{"id": "acme", "assigned_at": "2026-11-01T14:00:00+02:00"}')

    assert body.assigned_at == datetime(2026, 11, 1, 12, tzinfo=UTC)


@given(st.text(min_size=1))
def test_any_id_is_one_path_segment_and_back(client_id: str) -> None:
    encoded = segment(client_id)

    assert identifier(encoded) == client_id
    assert not set(encoded) & set("/?#%\\ ")
    assert encoded not in {".", ".."}


@pytest.mark.parametrize("hostile", ["~!", "~_w", "~a"])
def test_a_segment_that_stands_for_no_id_is_refused(hostile: str) -> None:
    with pytest.raises(ValueError, match="not a path segment"):
        identifier(hostile)
