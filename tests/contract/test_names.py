"""Ids, names and addresses: what one platform takes the other takes, and both refuse in one sentence."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final
from unicodedata import category

import pytest

from reconciler.engine.tokens import create_token
from reconciler.errors import InvalidError, WrongUsageError
from reconciler.live.opening import open_served
from reconciler.model import forms
from reconciler.model.changesets import ChangeSet
from reconciler.model.clients import ClientLine
from reconciler.model.tokens import Scope
from tests.builders import NOON, definition
from tests.naughty import TEXTS
from tests.servers import here_and_over_http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.live.port import Platform, TokenRegister

REAL_IDS: Final = (
    "42",
    "acme-gmbh",
    "ACME_1",
    "550e8400-e29b-41d4-a716-446655440000",
    "org:123",
    "auth0|5f7c8ec7c33c6c004bbafe82",
    "ops@acme.example",
    "group/acme",
    "dGVzdA==",
    "cn=acme,ou=clients",
)
BAD_IDS: Final = ("../../x y;rm", "esc\u001b[31mx", "\u0000", "-rf", "a//b", "a/../b", "/", ".", "x" * 129)
ADDRESSES: Final = (
    "bob",
    "ops@acme",
    "a b@x.example",
    "@x.example",
    "Ops@Acme.example ",
    "größe@acme.example",
    "ops\u3164@acme.example",
    "ops@ac\u034fme.example",
    "ops\ufe0f@acme.example",
)
LOOK_ALIKES: Final = (
    "Pro\u00ad",
    "Pro\u200b",
    "\u202epro",
    "Pro\u3164",
    "\u115fPro",
    "\u180ePro",
    "Pro\ufe0f",
    "Pro\ue000",
    "Pro\U00016fe4",
)
SPACED: Final = (
    " Pro",
    "Pro ",
    "Pro\u00a0",
    "Formule «\u202fPro\u202f»",
    "\u201cPro\u201d \u2013 it\u2019s 日本語",
    "\ud800",
)
ANY: Final = tuple(dict.fromkeys((*TEXTS, *REAL_IDS, *BAD_IDS, *ADDRESSES, *LOOK_ALIKES, *SPACED)))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, Platform]]:
    with here_and_over_http(tmp_path_factory.mktemp("names")) as (here, there):
        for platform in (here, there):
            platform.edit_package("basic", definition(), NOON)
        yield here, there


def outcomes(both: tuple[Platform, Platform], write: Callable[[Platform], object]) -> list[object]:
    return [_outcome(platform, write) for platform in both]


def _outcome(platform: Platform, write: Callable[[Platform], object]) -> object:
    try:
        return write(platform)
    except WrongUsageError as error:
        return error.message


def client(client_id: str, *, name: str = "X", owner_email: str = "x@x.example") -> ClientLine:
    return ClientLine(client_id, 1, name, owner_email, package="basic")


@pytest.mark.parametrize("text", ANY, ids=ascii)
def test_a_clients_id_is_taken_by_both_and_shown_again_or_by_neither(
    both: tuple[Platform, Platform], text: str
) -> None:
    def add(platform: Platform) -> str:
        platform.add_client(client(text), NOON)
        return platform.client(text, NOON).id

    here, there = outcomes(both, add)

    assert here == there == (forms.CLIENT_ID.fault(text) or text)


@pytest.mark.parametrize("text", ANY, ids=ascii)
def test_a_name_and_an_address_are_taken_by_both_or_by_neither(
    both: tuple[Platform, Platform], text: str
) -> None:
    number = ANY.index(text)

    def name(platform: Platform) -> str:
        platform.add_client(client(f"named-{number}", name=text), NOON)
        return platform.client(f"named-{number}", NOON).name

    def address(platform: Platform) -> str:
        platform.add_client(client(f"owned-{number}", owner_email=text), NOON)
        return platform.client(f"owned-{number}", NOON).owner_email

    names, addresses = outcomes(both, name), outcomes(both, address)

    assert names == [forms.CLIENT_NAME.fault(text) or text] * 2
    assert addresses == [forms.EMAIL.fault(text) or text] * 2


@pytest.mark.parametrize("text", ANY, ids=ascii)
def test_a_package_is_named_alike_on_both(both: tuple[Platform, Platform], text: str) -> None:
    number = ANY.index(text)
    titled = definition(title=text)

    def key(platform: Platform) -> str:
        head = platform.edit_package(text, definition(title=f"Of a key {number}"), NOON)
        assert platform.package(text) == head
        return head.key

    def title(platform: Platform) -> str:
        return platform.edit_package(f"titled-{number}", titled, NOON, archived=True).title

    def address(platform: Platform) -> str:
        only = definition(title=f"Only {number}", allowed_emails=[text])
        return platform.edit_package(f"only-{number}", only, NOON).title

    assert outcomes(both, key) == [forms.PACKAGE_KEY.fault(text) or text] * 2
    assert outcomes(both, title) == [forms.TITLE.fault(titled.title) or titled.title] * 2
    here, there = outcomes(both, address)
    assert here == there


@pytest.mark.parametrize("text", ANY, ids=ascii)
def test_who_applies_is_named_alike_on_both(both: tuple[Platform, Platform], text: str) -> None:
    def apply(platform: Platform) -> str:
        lineage = platform.identity().lineage
        run = platform.apply(ChangeSet(f"sha256:{ANY.index(text):x}", lineage, NOON, text, "local"))
        return run.on_behalf_of or run.actor

    assert outcomes(both, apply) == [forms.ACTOR.fault(text) or text] * 2


@pytest.mark.parametrize("text", [text for text in ANY if forms.CLIENT_ID.fault(text)], ids=ascii)
def test_what_nothing_can_be_named_is_not_there_on_both(both: tuple[Platform, Platform], text: str) -> None:
    for platform in both:
        assert platform.package(text) is None
        with pytest.raises(WrongUsageError):
            platform.client(text, NOON)


@pytest.mark.parametrize(
    "line",
    [client(BAD_IDS[0]), client("lined", name=LOOK_ALIKES[1]), client("lined", owner_email="bob")],
    ids=ascii,
)
def test_a_bad_line_of_an_import_is_told_alike_by_both(
    both: tuple[Platform, Platform], line: ClientLine
) -> None:
    told = []
    for platform in both:
        with pytest.raises(InvalidError) as raised:
            platform.import_clients([client("fine"), line], NOON)
        told.append([(each.rule, each.message) for each in raised.value.findings])

    assert told[0] == told[1]
    assert [rule for rule, _ in told[0]] == ["bad-client-line"]


@pytest.fixture
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenRegister]:
    with open_served("sqlite:///tokens.db", root=tmp_path_factory.mktemp("tokens")) as (_, opened):
        yield opened


def test_a_tokens_name_is_one_line_that_can_be_seen(register: TokenRegister) -> None:
    for text in ANY:
        if forms.TOKEN_NAME.fault(text):
            with pytest.raises(WrongUsageError):
                create_token(register, text, [Scope.READ], NOON)
        else:
            create_token(register, text, [Scope.READ], NOON)

    assert {token.name for token in register.tokens()} == {
        text for text in ANY if not forms.TOKEN_NAME.fault(text)
    }


@pytest.mark.parametrize("text", REAL_IDS)
def test_ids_as_other_systems_have_them_are_taken(text: str) -> None:
    assert forms.CLIENT_ID.fault(text) == ""


@pytest.mark.parametrize("text", [*BAD_IDS, "", " ", *LOOK_ALIKES, "\ud800", "a b", "a\n"], ids=ascii)
def test_ids_that_could_not_be_named_again_are_refused(text: str) -> None:
    assert forms.CLIENT_ID.fault(text)


@pytest.mark.parametrize("text", [*LOOK_ALIKES, *SPACED[:3], "", " ", "a\nb", "\ud800"], ids=ascii)
def test_titles_that_look_like_others_are_refused_and_what_is_wrong_is_seen(text: str) -> None:
    fault = forms.TITLE.fault(text)

    assert fault
    assert json.dumps(fault).isascii() or "\u00a0" in fault


@pytest.mark.parametrize("text", ADDRESSES[-3:], ids=ascii)
def test_addresses_that_look_like_others_are_refused(text: str) -> None:
    assert forms.EMAIL.fault(text)


@pytest.mark.parametrize("text", SPACED[3:5])
def test_quotes_dashes_and_letters_of_every_script_are_fine(text: str) -> None:
    assert forms.TITLE.fault(text) == ""


def test_no_line_may_have_a_character_that_is_for_format_or_control() -> None:
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}

    taken = [
        f"U+{point:04X}"
        for point in range(sys.maxunicode + 1)
        if category(chr(point)) in hidden and not forms.TITLE.fault(f"a{chr(point)}b")
    ]

    assert taken == []
