import json
from datetime import UTC, datetime

from msgspec.structs import replace

from reconciler.model.catalog import Catalog
from reconciler.model.changesets import Moved, PackageState, Run
from reconciler.render.json import run_json
from reconciler.render.story.glossary import Glossary
from reconciler.render.text.runs import applied_text, run_table, run_text
from reconciler.render.text.style import Paper

RUN = Run(
    7,
    "sha256:ab",
    datetime(2026, 10, 1, 9, 30, tzinfo=UTC),
    "jo@host",
    "production",
    commit="3f2c1d0",
    allowed=("adopt:deal",),
    changes=(
        {
            "action": "update",
            "key": "pro",
            "fields": [
                {
                    "path": "/features/chat",
                    "from": True,
                    "to": None,
                    "code": "feature-removed",
                    "severity": "breaking",
                },
                {
                    "path": "/limits/sessions",
                    "from": 5000,
                    "to": 100,
                    "code": "limit-lowered",
                    "severity": "restricting",
                },
                {"path": "whatever the sender says"},
            ],
        },
        {"action": "rename", "key": "growth", "fields": []},
        {"action": "archive", "key": "old"},
        {"action": "reassign", "key": "pro"},
    ),
    before={
        "pro": PackageState(3, archived=False, managed=True),
        "scale": PackageState(1, archived=False, managed=True),
        "old": PackageState(2, archived=False, managed=True),
    },
    after={
        "pro": PackageState(4, archived=False, managed=True),
        "growth": PackageState(1, archived=False, managed=True),
        "old": PackageState(2, archived=True, managed=True),
    },
    renamed={"growth": "scale"},
    guards=(
        {"guard": "clients_losing", "from": "5%", "to": "10%", "loosened": True},
        {"guard": "protected", "from": ["old"], "to": ["pro"], "loosened": True},
    ),
    moved=31,
    reason="Nobody uses it.",
    seal="sha256:cd",
)
WORDS = Glossary.of_catalog(Catalog.normalised({"features": {"chat": {"title": "Chat"}}, "limits": {}}))
MOVED = (Moved("pro", 2, 4, 30), Moved("pro", 3, 4, 1))


def test_a_run_is_shown_with_who_why_and_every_value_before_and_after() -> None:
    assert run_text(RUN, MOVED, WORDS, Paper(80)) == (
        "Run 7 on production: 1 updated · 1 renamed · 1 archived · 31 clients moved\n"
        "  when        2026-10-01 09:30 UTC\n"
        "  by          jo@host\n"
        "  commit      3f2c1d0\n"
        "  allowed     adopt:deal\n"
        "  plan        sha256:ab\n"
        "  seal        7:sha256:cd\n"
        "  why         Nobody uses it.\n"
        "\n"
        "  update      pro revision 3 → revision 4\n"
        "              - feature   Chat (chat)\n"
        "              ~ limit     sessions: 5,000 → 100\n"
        "  rename      growth (was scale) revision 1\n"
        "  archive     old revision 2 → revision 2, archived\n"
        "  reassign    pro 30 clients from revision 2 to 4, 1 client from revision 3 to 4\n"
        "  guards      loosens `clients_losing` from `5%` to `10%`\n"
        "  guards      loosens `protected`: no longer old\n"
        "  guards      tightens `protected`: now also pro\n"
    )


def test_runs_are_listed_one_a_row() -> None:
    lines = list(run_table([RUN], Paper(None)))

    assert lines[0].split() == ["RUN", "WHEN", "BY", "ENVIRONMENT", "WHAT"]
    assert lines[1].split()[:5] == ["7", "2026-10-01", "09:30", "UTC", "jo@host"]


def test_an_apply_ends_with_what_it_did() -> None:
    sentence = "Applied as run 7: 1 updated · 1 renamed · 1 archived · 31 clients moved.\n"

    assert applied_text(RUN, Paper(80)) == sentence


def test_a_run_that_did_a_part_says_what_is_left() -> None:
    run = replace(RUN, unfinished=("solo", "team"))

    assert applied_text(run, Paper(None)).endswith("31 clients moved; 2 packages left.\n")
    assert "  left        solo, team\n" in run_text(run, (), WORDS, Paper(80))


def test_a_run_as_json_can_be_read_back() -> None:
    document = json.loads(run_json(RUN))

    assert document["at"] == "2026-10-01T09:30:00Z"
    assert document["after"]["old"] == {"revision": 2, "archived": True, "managed": True}
    assert [change["action"] for change in document["changes"]] == ["update", "rename", "archive", "reassign"]
