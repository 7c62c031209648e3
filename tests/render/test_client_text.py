import json
from datetime import UTC, datetime
from itertools import repeat

from msgspec.structs import replace

from reconciler.model.catalog import Catalog
from reconciler.model.clients import Client, Entitlements, ImportReport, Subscription
from reconciler.model.expiry import Expiry
from reconciler.model.packages import Definition
from reconciler.render.json import client_json, import_json
from reconciler.render.story.glossary import Glossary
from reconciler.render.text.client import client_table, client_text
from reconciler.render.text.runs import assigned_text, import_text
from reconciler.render.text.style import Paper, cells

AT = datetime(2026, 10, 1, tzinfo=UTC)
HELD = Subscription("professional", 3, 4, AT, None, "active")
GRANTED = Entitlements(
    ("ai_chat_agent", "audio_call"), {"live_sessions": 5000}, {"user_count": 10, "ai_credits": 2000}
)
USAGE = {"ai_credits": 1400, "audio_call": 37, "live_sessions": 4100}
ACME = Client("acme", "Acme GmbH", "ops@acme.example", "active", 9, HELD, GRANTED, USAGE)
CURRENT = Definition(
    "Professional",
    {"user_count": 5, "ai_credits": 2000},
    features=("ai_chat_agent", "chat"),
    limits={"live_sessions": 2000, "storage": 500},
    expiry=Expiry(1, "months"),
)
WORDS = Glossary.of_catalog(
    Catalog.normalised(
        {
            "features": {"audio_call": {"title": "Audio call"}},
            "limits": {"live_sessions": {"title": "Live sessions", "unit": "session", "per": "cycle"}},
        }
    )
)


def test_a_client_is_shown_with_what_it_may_use_and_what_reassignment_would_change() -> None:
    text = client_text(ACME, CURRENT, WORDS, Paper(100))

    assert text == (
        "acme Acme GmbH\n"
        "  owner       ops@acme.example\n"
        "  status      active\n"
        "  package     professional revision 3 (1 behind the current 4)\n"
        "  assigned    2026-10-01 00:00 UTC\n"
        "  expires     never (2026-11-01 00:00 UTC on reassignment)\n"
        "  holding     active\n"
        "\n"
        "May use as granted by professional revision 3, assigned 2026-10-01 00:00 UTC:\n"
        "  feature     ai_chat_agent\n"
        "  feature     Audio call (audio_call) 37 used (gone on reassignment)\n"
        "  limit       Live sessions (live_sessions): 4,100 of 5,000 per cycle (2,000 on reassignment, "
        "2,100\n              over)\n"
        "  users       9 of 10 (5 on reassignment, 4 over)\n"
        "  AI credits  1,400 of 2,000 per cycle\n"
        "  feature     chat (new on reassignment)\n"
        "  limit       storage: none (500 on reassignment)\n"
        "In brackets: what revision 4 would change.\n"
    )


def test_an_expired_client_may_use_nothing() -> None:
    expired = replace(ACME, subscription=replace(HELD, status="expired", expires_at=AT))

    text = client_text(expired, None, WORDS, Paper(100))

    assert text.endswith("May use nothing: the subscription is expired.\n")


def test_a_client_as_json_is_what_the_api_gives() -> None:
    document = json.loads(client_json(ACME))

    assert document == {
        "id": "acme",
        "name": "Acme GmbH",
        "owner_email": "ops@acme.example",
        "status": "active",
        "users": 9,
        "subscription": {
            "package": "professional",
            "revision": 3,
            "current_revision": 4,
            "assigned_at": "2026-10-01T00:00:00Z",
            "expires_at": None,
            "status": "active",
            "extended_to": None,
        },
        "entitlements": {
            "features": ["ai_chat_agent", "audio_call"],
            "limits": {"live_sessions": 5000},
            "user_count": 10,
            "ai_credits": 2000,
        },
        "usage": {"ai_credits": 1400, "audio_call": 37, "live_sessions": 4100},
        "grants": [],
        "from_next_period": False,
    }


def test_clients_are_listed_in_columns_that_share_a_narrow_width() -> None:
    hooli = replace(ACME, id="h" * 60, name="日本語の会社 " * 5, subscription=replace(HELD, revision=4))

    lines = list(client_table([ACME, hooli], Paper(60)))

    assert lines[0].split() == ["CLIENT", "NAME", "PACKAGE", "REVISION", "HOLDING", "EXPIRES"]
    assert lines[1].split()[:3] == ["acme", "Acme", "GmbH"]
    assert max(map(cells, lines)) <= 60
    assert "".join(line.split()[0] for line in lines[2:] if line.startswith("h")) == "h" * 60


def test_a_listing_streams_and_does_not_wait_for_its_end() -> None:
    lines = client_table(repeat(ACME), Paper(None))

    assert [next(lines).split()[0] for _ in range(2000)][-1] == "acme"


def test_what_was_done_is_said_in_a_sentence() -> None:
    assert (
        import_text(ImportReport(1200, 1), Paper(80))
        == "Imported 1,201 clients: 1,200 new, 1 known before.\n"
    )
    assert json.loads(import_json(ImportReport(2, 1))) == {"added": 2, "updated": 1, "moves": []}
    assert assigned_text(ACME, Paper(80)) == "acme holds professional revision 3; it never expires.\n"
