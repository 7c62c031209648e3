"""Notices: where they go, and where nobody can send them on to."""

from __future__ import annotations

import pytest

from reconciler.watch.webhook import Webhook
from tests.live.hostile import hostile, response


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_notice_follows_no_redirect_to_another_server(status: int) -> None:
    elsewhere: list[bytes] = []

    with hostile(lambda peer: elsewhere.append(peer.request), has_platform=False) as other:
        redirect = response(b"", status, Location=f"{other}/hook")
        with hostile(lambda peer: peer.send(redirect), has_platform=False) as url:
            problem = Webhook(f"{url}/hook", "quiet").send({"event": "applied"}, 1)

    assert problem == f"it answers {status}"
    assert elsewhere == []
