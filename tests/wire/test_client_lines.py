"""The lines of a list say what the answer about one client says."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, Final

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from reconciler.model.clients import Client, Entitlements, Subscription
from reconciler.model.grants import Grant
from reconciler.wire.clients import ClientReply, client_line, client_of
from tests.builders import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

_HELD: Final = Subscription("pro", 3, 4, NOON, None, "active")
_GRANTED: Final = Entitlements(("calls", "chat"), {"seats": 5, "jobs": "unlimited"}, {"user_count": 10})
_ACME: Final = Client(
    "acme", "Acme", "ops@acme.example", "active", 9, _HELD, _GRANTED, {"chat": 1, "seats": 2}
)
_UNTIL: Final = NOON + timedelta(days=3, microseconds=7)


@pytest.mark.parametrize(
    "client",
    [
        _ACME,
        replace(_ACME, name='"\\\n\u2028\U0001f600', owner_email="ä'@ö.example", usage={}),
        replace(_ACME, status="disabled", entitlements=Entitlements()),
        replace(_ACME, from_next_period=True),
        replace(_ACME, subscription=replace(_HELD, expires_at=_UNTIL, extended_to=_UNTIL, status="expired")),
        replace(
            _ACME,
            grants=(
                Grant("1", "features/chat", "cycle", NOON, "ops", "why"),
                Grant("2", "seats", _UNTIL, NOON, "ops", "", add=2, once=True, spent=1),
            ),
        ),
    ],
    ids=["plain", "letters", "nothing", "later", "ends", "grants"],
)
def test_a_line_reads_back_as_the_client_that_it_was_made_of(client: Client) -> None:
    line = client_line(client)

    assert json.loads(line) == ClientReply.of(client).model_dump(mode="json")
    assert ClientReply.model_validate_json(line).value() == client
    assert client_of(line.encode()) == client
    assert "\n" not in line


@pytest.mark.parametrize("name", ['x", "entitlements": {}, "usage": {}', ', "entitlements": ', ', "usage": '])
def test_a_text_that_looks_like_a_part_of_its_line_is_none(name: str) -> None:
    client = replace(_ACME, id=name, name=name, usage={name: 1})

    assert client_of(client_line(client).encode()) == client


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
@pytest.mark.parametrize(
    "value", [None, [], {}, "", "x", "3", 3, 3.5, True, {"x": "y"}, "2026-11-01T12:00:00+14:00"]
)
def test_whatever_stands_in_a_line_is_read_as_in_the_answer_about_one_client(
    value: Any, separators: tuple[str, str]
) -> None:
    sound = json.loads(client_line(_ACME))
    for place in [(name,) for name in sound] + [
        (name, key) for name in sound if isinstance(sound[name], dict) for key in sound[name]
    ]:
        document = deepcopy(sound)
        reduce(getitem, place[:-1], document)[place[-1]] = value
        line = json.dumps(document, separators=separators).encode()

        assert read_by(client_of, line) == read_by(in_full, line), place


@pytest.mark.parametrize("missing", json.loads(client_line(_ACME)))
def test_a_line_without_a_part_is_read_as_the_answer_without_it(missing: str) -> None:
    document = {name: value for name, value in json.loads(client_line(_ACME)).items() if name != missing}
    line = json.dumps(document).encode()

    assert read_by(client_of, line) == read_by(in_full, line)


@pytest.mark.parametrize("deep", [b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000])
@pytest.mark.parametrize("place", [b'"entitlements": {', b'"usage": {', b'"from_next_period": '])
def test_a_line_nested_without_end_is_refused_like_any_other(place: bytes, deep: bytes) -> None:
    line = client_line(_ACME).encode().replace(place, b'"new": ' + deep + b", " + place, 1)

    assert read_by(client_of, line) is None
    assert read_by(in_full, line) is None


def in_full(line: bytes) -> Client:
    return ClientReply.model_validate_json(line).value()


def read_by(read: Callable[[bytes], Client], line: bytes) -> Client | None:
    """Return the client; None where it is refused."""
    try:
        return read(line)
    except ValidationError:
        return None
