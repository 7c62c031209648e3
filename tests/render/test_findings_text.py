import json

import pytest

from reconciler.errors import BlockedError, InvalidError
from reconciler.model.findings import Finding, Position
from reconciler.render.json import findings_json
from reconciler.render.text.failure import failure_text
from reconciler.render.text.findings import findings_text
from reconciler.render.text.style import Paper

UNKNOWN = Finding("packages/b.yaml", Position(4, 12), "unknown-feature", "chatt is unknown.", "Write chat.")
OLD = Finding("packages/a.yaml", Position(2), "deprecated-feature", "fax is deprecated.", severity="warning")


def test_findings_are_grouped_by_file_and_begin_with_their_place() -> None:
    text = findings_text([UNKNOWN, OLD], Paper(None))

    assert text == (
        "packages/a.yaml:2:1 warning: deprecated-feature fax is deprecated.\n"
        "\n"
        "packages/b.yaml:4:12 unknown-feature chatt is unknown.\n"
        "    Write chat.\n"
        "\n"
        "1 error and 1 warning in 2 files.\n"
    )


def test_a_finding_on_a_narrow_terminal_goes_on_below_its_place() -> None:
    lines = findings_text([UNKNOWN], Paper(40)).splitlines()

    assert lines[:3] == [
        "packages/b.yaml:4:12 unknown-feature",
        "    chatt is unknown.",
        "    Write chat.",
    ]


def test_a_hostile_file_name_cannot_forge_a_line() -> None:
    forged = Finding("a\nerror: b\x1b[2J.yaml", Position(), "bad-key", "no\rgood")

    text = findings_text([forged], Paper(None))

    assert text.startswith("a\\u000aerror: b\\u001b[2J.yaml:1:1 bad-key no\\u000dgood\n")


def test_findings_as_json_carry_place_rule_and_fix() -> None:
    document = json.loads(findings_json([UNKNOWN, OLD]))

    assert document["findings"][1] == {
        "file": "packages/b.yaml",
        "line": 4,
        "column": 12,
        "rule": "unknown-feature",
        "message": "chatt is unknown.",
        "fix": "Write chat.",
        "severity": "error",
    }
    assert document["summary"] == {"errors": 1, "warnings": 1, "files": 2}


def test_an_error_says_what_happened_and_then_what_to_do() -> None:
    error = BlockedError("acme exists.\nSo does globex.", hint="Use clients import.")

    assert failure_text(error, Paper(60)) == (
        "error: acme exists.\n       So does globex.\nhint:  Use clients import.\n"
    )


def test_an_error_about_files_names_every_finding() -> None:
    error = InvalidError("The files are invalid.", findings=(UNKNOWN, OLD))

    text = failure_text(error, Paper(None))

    assert text.startswith("error: The files are invalid.\n\npackages/a.yaml:2:1 warning:")
    assert [line for line in text.splitlines() if "error" in line] == ["error: The files are invalid."]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("there is no client `a`", "There is no client `a`."),
        ("acme holds nothing", "acme holds nothing."),
        ("git rev-parse failed: no", "git rev-parse failed: no."),
        ("Is it so?", "Is it so?"),
    ],
)
def test_an_error_is_a_sentence_that_keeps_the_names_it_begins_with(message: str, told: str) -> None:
    assert failure_text(InvalidError(message), Paper(None)) == f"error: {told}\n"
