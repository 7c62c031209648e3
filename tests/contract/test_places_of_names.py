"""Wherever a platform is handed a name, what nothing can be called is refused alike, here and over HTTP."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest
from msgspec.structs import replace

from reconciler.errors import WrongUsageError
from reconciler.model import forms
from reconciler.model.catalog import Catalog
from reconciler.model.changesets import ArchiveWrite, ChangeSet, Expectation, Move, PackageWrite
from reconciler.model.clients import ClientLine
from reconciler.model.grants import Granting, LimitSet, Revoking
from reconciler.model.losses import Bounds, Entry
from reconciler.model.questions import (
    AnyOf,
    ClientQuestion,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    UpTo,
    UsesMoreThan,
)
from reconciler.model.settings import Guards
from tests.builders import NOON, definition
from tests.servers import here_and_over_http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.live.port import Platform

    Place: TypeAlias = tuple[forms.Form, Callable[[Platform, str], object]]

TEXTS: Final = ("", "../../x y;rm", "\u001b[31mx", "a\u0000", "a\ud800", "Ärger\nhier", "x" * 6_000)
HASH, QUESTION = "sha256:1", ClientQuestion("basic", (1,))
LINE = ClientLine("two", 1, "Two", "two@x.example", package="basic")


def change_set(platform: Platform, **fields: Any) -> ChangeSet:
    stated = {
        "plan_hash": HASH,
        "lineage": platform.identity().lineage,
        "actor": "me",
        "environment": "local",
    }
    return ChangeSet(**{**stated, "at": NOON, **fields})


def asking(*conditions: Any) -> ClientQuestion:
    return dataclasses.replace(QUESTION, conditions=conditions)


def entry(**fields: Any) -> Entry:
    return dataclasses.replace(Entry("basic", "removes", "features/chat", 1, date(2026, 12, 31)), **fields)


def sent(fields: Callable[[str], Mapping[str, Any]]) -> Callable[[Platform, str], object]:
    return lambda platform, text: platform.apply(change_set(platform, **fields(text)))


def catalog(document: Callable[[str], Mapping[str, Any]]) -> Callable[[Platform, str], object]:
    return sent(lambda text: {"catalog": Catalog.normalised(document(text))})


def expected(document: Callable[[str], Mapping[str, Any]]) -> Callable[[Platform, str], object]:
    return sent(lambda text: {"expected_catalog": Catalog.normalised(document(text))})


def asked(question: Callable[[str], ClientQuestion]) -> Callable[[Platform, str], object]:
    return lambda platform, text: platform.answers([question(text)], NOON, sample=1)


PLACES: Final[Mapping[str, Place]] = {
    "consumption": (forms.PACKAGE_KEY, lambda platform, text: list(platform.consumption(text, "chat", NOON))),
    "consumed": (forms.KEY, lambda platform, text: list(platform.consumption("basic", text, NOON))),
    "run of plan": (forms.HASH, lambda platform, text: platform.run_of_plan(text)),
    "client": (forms.CLIENT_ID, lambda platform, text: platform.client(text, NOON)),
    "snapshot": (forms.CLIENT_ID, lambda platform, text: platform.snapshot(text)),
    "clients of": (forms.PACKAGE_KEY, lambda platform, text: list(platform.clients(NOON, package=text))),
    "who is assigned": (forms.CLIENT_ID, lambda platform, text: platform.assign(text, "basic", NOON)),
    "what is assigned": (forms.PACKAGE_KEY, lambda platform, text: platform.assign("one", text, NOON)),
    "who uses": (forms.CLIENT_ID, lambda platform, text: platform.record_usage(text, "chat", 1, NOON)),
    "what is used": (forms.KEY, lambda platform, text: platform.record_usage("one", text, 1, NOON)),
    "who is granted": (
        forms.CLIENT_ID,
        lambda platform, text: platform.adjust(text, Granting("chat", "cycle"), NOON),
    ),
    "what is granted": (
        forms.LINE,
        lambda platform, text: platform.adjust("one", Granting(text, "cycle"), NOON),
    ),
    "limit of what is granted": (
        forms.KEY,
        lambda platform, text: platform.foresee_adjustment(
            "one", Granting("chat", "cycle", limits=(LimitSet(text, 1),)), NOON
        ),
    ),
    "what is revoked": (
        forms.LINE,
        lambda platform, text: platform.adjust("one", Revoking(text), NOON),
    ),
    "users": (forms.CLIENT_ID, lambda platform, text: platform.set_users(text, 1, NOON)),
    "cycle": (forms.CLIENT_ID, lambda platform, text: platform.start_cycle(text, NOON)),
    "package of a line": (
        forms.PACKAGE_KEY,
        lambda platform, text: platform.add_client(replace(LINE, package=text), NOON),
    ),
    "usage of a line": (
        forms.KEY,
        lambda platform, text: platform.add_client(replace(LINE, usage={text: 1}), NOON),
    ),
    "feature": (
        forms.KEY,
        lambda platform, text: platform.edit_package("f", definition(features=[text]), NOON),
    ),
    "limit": (
        forms.KEY,
        lambda platform, text: platform.edit_package("f", definition(limits={text: 1}), NOON),
    ),
    "matching": (
        forms.PACKAGE_KEY,
        lambda platform, text: list(platform.matching(dataclasses.replace(QUESTION, package=text), NOON)),
    ),
    "nth": (
        forms.PACKAGE_KEY,
        lambda platform, text: platform.nth_matching(dataclasses.replace(QUESTION, package=text), 1, NOON),
    ),
    "answers": (forms.PACKAGE_KEY, asked(lambda text: dataclasses.replace(QUESTION, package=text))),
    "uses more": (forms.KEY, asked(lambda text: asking(UsesMoreThan(text, 1)))),
    "any of": (forms.KEY, asked(lambda text: asking(AnyOf((UsesMoreThan(text, 1),))))),
    "owner in": (forms.EMAIL, asked(lambda text: asking(OwnerIn((text,))))),
    "owner not in": (forms.EMAIL, asked(lambda text: asking(OwnerNotIn((text,))))),
    "one of": (forms.CLIENT_ID, asked(lambda text: asking(OneOf((text,))))),
    "not one of": (forms.CLIENT_ID, asked(lambda text: asking(NotOneOf((text,))))),
    "up to": (forms.CLIENT_ID, asked(lambda text: asking(UpTo(text)))),
    "hash": (forms.HASH, sent(lambda text: {"plan_hash": text})),
    "lineage": (forms.LINE, sent(lambda text: {"lineage": text})),
    "environment": (forms.LINE, sent(lambda text: {"environment": text})),
    "commit": (forms.LINE, sent(lambda text: {"commit": text})),
    "allowed": (forms.LINE, sent(lambda text: {"allowed": (text,)})),
    "expected term": (forms.KEY, expected(lambda text: {"features": {text: {"title": "Chat"}}})),
    "protected": (forms.PACKAGE_KEY, sent(lambda text: {"guards": Guards(protected=(text,))})),
    "once protected": (forms.PACKAGE_KEY, sent(lambda text: {"expected_guards": Guards(protected=(text,))})),
    "written": (forms.PACKAGE_KEY, sent(lambda text: {"writes": (PackageWrite(text, definition(), None),)})),
    "renamed": (
        forms.PACKAGE_KEY,
        sent(lambda text: {"writes": (PackageWrite("x", definition(), 1, renamed_from=text),)}),
    ),
    "archived": (forms.PACKAGE_KEY, sent(lambda text: {"writes": (ArchiveWrite(text, 1),)})),
    "moved": (
        forms.PACKAGE_KEY,
        sent(lambda text: {"moves": (Move(dataclasses.replace(QUESTION, package=text), 0),)}),
    ),
    "expected": (
        forms.CLIENT_ID,
        sent(lambda text: {"expectations": (Expectation((asking(UpTo(text)),), 0, "what"),)}),
    ),
    "what is expected": (forms.TEXT, sent(lambda text: {"expectations": (Expectation((), 0, text),)})),
    "acknowledged": (forms.PACKAGE_KEY, sent(lambda text: {"acknowledgements": (entry(package=text),)})),
    "acknowledged term": (forms.LINE, sent(lambda text: {"acknowledgements": (entry(term=text),)})),
    "bounded": (forms.PACKAGE_KEY, sent(lambda text: {"bounds": Bounds((entry(package=text),))})),
    "feature of a catalog": (forms.KEY, catalog(lambda text: {"features": {text: {"title": "A"}}})),
    "title of a feature": (forms.TITLE, catalog(lambda text: {"features": {"a": {"title": text}}})),
    "text of a feature": (
        forms.DESCRIPTION,
        catalog(lambda text: {"features": {"a": {"title": "A", "description": text}}}),
    ),
    "required": (forms.KEY, catalog(lambda text: {"features": {"a": {"title": "A", "requires": [text]}}})),
    "replacing": (
        forms.KEY,
        catalog(lambda text: {"features": {"a": {"title": "A", "replaced_by": text or " "}}}),
    ),
    "limit of a catalog": (forms.KEY, catalog(lambda text: {"limits": {text: {"title": "A"}}})),
    "unit": (forms.UNIT, catalog(lambda text: {"limits": {"a": {"title": "A", "unit": text}}})),
    "feature of a limit": (
        forms.KEY,
        catalog(lambda text: {"limits": {"a": {"title": "A", "feature": text or " "}}}),
    ),
}


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, Platform]]:
    with here_and_over_http(tmp_path_factory.mktemp("places")) as (here, there):
        for platform in (here, there):
            platform.edit_package("basic", definition(), NOON)
            platform.add_client(replace(LINE, id="one"), NOON)
        yield here, there


@pytest.mark.parametrize("place", PLACES)
def test_what_nothing_can_be_called_is_refused_by_both_in_one_sentence(
    sides: tuple[Platform, Platform], place: str
) -> None:
    form, use = PLACES[place]
    wrong = [text for text in TEXTS if form.fault(text)]

    said = [[refusal(platform, use, text) for text in wrong] for platform in sides]

    assert said == [[form.fault(text) for text in wrong]] * 2
    assert wrong


def refusal(platform: Platform, use: Callable[[Platform, str], object], text: str) -> str:
    with pytest.raises(WrongUsageError) as raised:
        use(platform, text)
    return raised.value.message
