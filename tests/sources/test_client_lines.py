from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.errors import InvalidError
from reconciler.model.clients import ClientLine
from reconciler.model.documents.client import ClientDocument
from reconciler.model.forms import composed
from reconciler.sources.client_lines import read_client_lines


def lines_of(content: bytes) -> list[ClientLine]:
    return list(read_client_lines(io.BytesIO(content)))


def test_a_line_states_what_it_states_and_nothing_else() -> None:
    whole = (
        b'{"id": "acme", "name": "Acme GmbH", "owner_email": "ops@acme.example", "status": "active",'
        b' "package": "professional", "assigned_at": "2026-10-01T02:00:00+02:00", "users": 9,'
        b' "usage": {"ai_credits": 1400}}\n\n{"id": "zeta"}'
    )

    first, second = lines_of(whole)

    assert first == ClientLine(
        "acme",
        1,
        "Acme GmbH",
        "ops@acme.example",
        "active",
        "professional",
        datetime(2026, 10, 1, tzinfo=UTC),
        9,
        {"ai_credits": 1400},
    )
    assert second == ClientLine("zeta", 3)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "Invalid JSON"),
        (b"[]", "must be an object"),
        (b'{"id": "a", "usage": ' + b"[" * 60_000, "recursion limit"),
        (b" " * 10 + b"x" * 70_000, "more than 64 KiB"),
        (b"{}", "the key `id` is missing"),
        (b'{"id": " "}', "a client's id is made of"),
        (b'{"id": "a", "plan": "pro"}', "there is no key `plan`"),
        (b'{"id": "a", "users": null}', "null is refused"),
        (b'{"id": "a", "users": true}', "`users` must be a valid integer"),
        (b'{"id": "a", "users": 1.0}', "`users` must be a valid integer"),
        (b'{"id": "a", "users": -1}', "`users` must be greater than or equal to 0"),
        (b'{"id": "a", "usage": {"A": 1}}', "`usage.A` must be a key"),
        (b'{"id": "a", "owner_email": "acme"}', "an e-mail address is one such as"),
        (b'{"id": "a", "status": "gone"}', "`status` must be 'active', 'disabled' or 'archived'"),
        (b'{"id": "a", "assigned_at": "2026-10-01T00:00:00"}', "`assigned_at`: an instant is text, such as"),
        (b'{"id": "a", "assigned_at": "253402300800"}', "`assigned_at`: an instant is text, such as"),
        (b'{"id": "a", "assigned_at": "20261001"}', "`assigned_at`: an instant is text, such as"),
        (b'{"id": "a", "assigned_at": "0001-01-01T00:00:00+14:00"}', "between the years 1 and 9999"),
        (b"\xff", "Invalid JSON"),
    ],
)
def test_a_bad_line_is_told_with_its_number_after_all_were_read(line: bytes, message: str) -> None:
    with pytest.raises(InvalidError, match="1 line is not sound; nothing was imported") as raised:
        lines_of(b'{"id": "first"}\n' + line + b'\n{"id": "last"}\n')

    assert raised.value.hint == "repair the lines and import the whole file again"
    (finding,) = raised.value.findings
    assert finding.position.line == 2
    assert finding.rule == "bad-client-line"
    assert message in finding.message


@pytest.mark.parametrize(
    ("content", "message", "fix"),
    [
        (b'{"id": "a"}\r{"id": "b"}\r', "lines end in CR alone", "LF"),
        (b"id,name\ra,A\rb,B\r", "lines end in CR alone", "LF"),
        (b'[{"id": "a"},\n {"id": "b"}]\n', "one JSON array", "jq -c"),
        (b'\xef\xbb\xbf[{"id": "a"}]', "one JSON array", "jq -c"),
        ('{"id": "a"}\n'.encode("utf-16"), "UTF-16", "UTF-8"),
    ],
)
def test_a_file_that_has_no_lines_is_told_as_such(content: bytes, message: str, fix: str) -> None:
    with pytest.raises(InvalidError, match="cannot be read; nothing was imported") as raised:
        lines_of(content)

    (finding,) = raised.value.findings
    assert message in finding.message
    assert fix in finding.fix


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_end_as_on_unix_or_windows(end: bytes) -> None:
    assert [line.id for line in lines_of(end.join([b'{"id": "a"}', b"", b'{"id": "b"}', b""]))] == ["a", "b"]


def test_fifty_bad_lines_are_told_and_all_are_counted() -> None:
    with pytest.raises(InvalidError, match=r"1,000 lines are not sound \(the first 50") as raised:
        lines_of(b"{}\n" * 1_000)

    assert len(raised.value.findings) == 50


def test_a_line_without_an_end_is_passed_over_in_bounded_memory() -> None:
    with pytest.raises(InvalidError) as raised:
        lines_of(b"x" * 5_000_000 + b'\n{"id":"a"}\n{')

    assert [finding.position.line for finding in raised.value.findings] == [1, 3]


STATED: Final[dict[str, list[Any]]] = {
    "id": ["acme", "a/b:c", "ä", " acme", "a" * 128, "a" * 129, "", 7, None],
    "name": ["Acme", " Acme", "Acme ", "A\tB", "Caf\u00e9", "Cafe\u0301", "\u200b", "n" * 201, "", None],
    "owner_email": [
        "Ops@Acme.example",
        " ops@acme.example ",
        "\tops@acme.example",
        "ops@xn--a.example",
        "o",
        1,
    ],
    "status": ["active", "archived", "gone", None, True],
    "package": ["pro", "Pro", "p" * 65, "", None],
    "assigned_at": ["2026-10-01T02:00:00+02:00", "2026-10-01", 0],
    "users": [0, 2**53 - 1, 2**53, 2**64, -1, 1.0, 1e2, True, "1", None],
    "usage": [{}, {"seats": 1}, {"Seats": 1}, {"seats": 1.0}, {"seats": None}, {"s" * 65: 1}, [], None],
    "grants": [[], [{"term": "seats", "add": 5, "until": "cycle"}], None],
    "plan": ["pro"],
}


@given(
    st.fixed_dictionaries({}, optional={key: st.sampled_from(each) for key, each in STATED.items()}),
    st.sampled_from(
        [
            b"{%s",
            b" {%s \r",
            b"{%s x",
            b"{%s{%s",
            b'{"id": "", %s',
            b'{"users": 1.5, %s',
            b'{"usage": {"A": 1}, %s',
        ]
    ),
)
def test_a_line_is_taken_exactly_where_its_schema_takes_it(stated: dict[str, object], form: bytes) -> None:
    content = form.replace(b"%s", json.dumps({"id": "acme", **stated})[1:].encode())
    try:
        document = ClientDocument.model_validate_json(content)
    except ValidationError:
        with pytest.raises(InvalidError, match="1 line is not sound"):
            lines_of(content)
    else:
        kept = {
            **{name: getattr(document, name) for name in STATED.keys() - {"plan"}},
            "name": document.name and composed(document.name),
            "owner_email": document.owner_email and document.owner_email.strip(),
            "grants": document.grants or (),
        }
        assert lines_of(content) == [ClientLine(line=1, **kept)]


@given(st.binary(max_size=300))
def test_any_bytes_are_lines_or_an_error(content: bytes) -> None:
    try:
        lines = lines_of(content)
    except InvalidError as error:
        assert error.findings  # noqa: PT017  # either outcome is right, and each is checked
    else:
        assert all(line.id for line in lines)
