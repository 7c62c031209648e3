"""What an address answers that is not an Unleash's."""

from __future__ import annotations

from contextlib import closing

import pytest

from reconciler.errors import UnreachableError
from reconciler.live.http.transport import Transport
from reconciler.live.unleash.admin import Admin
from tests.live.hostile import hostile, response


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"\x1f\x8b"])
def test_an_answer_that_is_no_json_is_told_by_its_address(body: bytes) -> None:
    with (
        hostile(lambda peer: peer.send(response(body))) as address,
        closing(Transport(address, None)) as transport,
        pytest.raises(UnreachableError, match="gives no answer") as raised,
    ):
        Admin(address, transport, None).call("GET", "segments")

    assert address in raised.value.message
