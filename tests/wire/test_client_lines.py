"""The lines of a list say what the answer about one client says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from reconciler.model.clients import Client, Entitlements, Subscription
from reconciler.model.grants import Grant
from reconciler.wire.clients import ClientReply, client_line
from tests.builders import NOON

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
    assert "\n" not in line
