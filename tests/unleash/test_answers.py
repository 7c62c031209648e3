"""What an address answers that is not an Unleash's."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ReconcilerError, UnreachableError
from reconciler.live.http.transport import Transport
from reconciler.live.unleash.admin import Admin
from tests.live.hostile import hostile, response
from tests.unleash.server import product_at

if TYPE_CHECKING:
    from tests.live.hostile import Peer


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"\x1f\x8b"])
def test_an_answer_that_is_no_json_is_told_by_its_address(body: bytes) -> None:
    with (
        hostile(lambda peer: peer.send(response(body))) as address,
        closing(Transport(address, None)) as transport,
        pytest.raises(UnreachableError, match="gives no answer") as raised,
    ):
        Admin(address, transport, None).call("GET", "segments")

    assert address in raised.value.message


def answers(peer: Peer) -> None:
    """Answer as an Unleash does that has a segment `p.pro` of three clients, and takes two a segment."""
    naming = {"contextName": "userId", "operator": "IN", "values": ["acme", "bolt", "coil"]}
    segment = {"id": 1, "name": "p.pro", "description": "Pro", "constraints": [naming]}
    other = {**segment, "name": "p.team", "constraints": []}
    told = {
        "/api/admin/features-batch/export": {
            "features": [],
            "featureEnvironments": [],
            "featureStrategies": [],
        },
        "/api/admin/segments": {"segments": [segment] if b"limited" in peer.request else [segment, other]},
        "/api/admin/ui-config": {"resourceLimits": {"segmentValues": 2}},
    }
    peer.send(response(told[peer.path]))


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (
            "limited",
            (
                "package `pro` would have 3 clients, and a segment of this Unleash takes 2 "
                "Raise Unleash's limit of values in a segment, or split the package."
            ),
        ),
        (
            "other",
            (
                "the segment p.team is not made of one constraint, `userId IN` and clients' ids "
                "Correct it in Unleash."
            ),
        ),
    ],
)
def test_what_an_unleash_cannot_hold_is_told_before_anything_is_written(token: str, said: str) -> None:
    with (
        hostile(answers) as address,
        product_at(address, token, "p") as product,
        pytest.raises(ReconcilerError) as raised,
    ):
        product.place({})

    assert f"{raised.value.message} {raised.value.hint}" == said
