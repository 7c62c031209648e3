from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InvalidError
from reconciler.model.clients import ClientLine
from reconciler.model.grants import Granting
from reconciler.model.quantities import UNLIMITED
from reconciler.sources.client_lines import read_client_lines

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
MARK = b"\xef\xbb\xbf"


def lines_of(content: bytes) -> list[ClientLine]:
    return list(read_client_lines(io.BytesIO(content)))


def refused(content: bytes) -> list[tuple[int, int, str]]:
    with pytest.raises(InvalidError) as raised:
        lines_of(content)
    return [(each.position.line, each.position.column, each.message) for each in raised.value.findings]


def test_a_row_states_its_cells_and_an_empty_cell_states_nothing() -> None:
    table = (
        b"id,name,owner_email,status,package,assigned_at,users,usage.ai_credits\n"
        b"acme,Acme GmbH,ops@acme.example,active,pro,2026-10-01T02:00:00+02:00,9,1400\n"
        b"zeta,,,,,,,\n"
    )

    assert lines_of(table) == [
        ClientLine(
            "acme",
            2,
            "Acme GmbH",
            "ops@acme.example",
            "active",
            "pro",
            datetime(2026, 10, 1, tzinfo=UTC),
            9,
            {"ai_credits": 1400},
        ),
        ClientLine("zeta", 3),
    ]


@pytest.mark.parametrize(
    "table",
    [
        b"id,name\na,Acme\n",
        b"id;name\na;Acme\n",
        b"id\tname\na\tAcme",
        b"sep=;\r\nid;name\r\na;Acme\r\n",
        MARK + b'"id";"name"\r\n"a";"Acme"\r\n',
        b" ID , Name \n a , Acme \n,\n  ,  \n",
        b"name,id,\nAcme,a,\n",
    ],
)
def test_a_table_is_read_however_a_spreadsheet_writes_it(table: bytes) -> None:
    assert [(line.id, line.name) for line in lines_of(table)] == [("a", "Acme")]


def test_a_day_is_its_first_instant_in_utc_and_a_heading_may_have_spaces() -> None:
    (line,) = lines_of(b"id,Assigned at,Owner email\na,2026-10-01,a@a.example\n")

    assert (line.assigned_at, line.owner_email) == (datetime(2026, 10, 1, tzinfo=UTC), "a@a.example")


@pytest.mark.parametrize(
    ("term", "cell", "granting"),
    [
        ("ai_credits", "500 more until cycle", Granting("ai_credits", "cycle", add=500)),
        ("ai_credits", "5 more once until 2027-01-01", Granting("ai_credits", NEW_YEAR, add=5, once=True)),
        ("limits/chats", "at least 200 until reassigned", Granting("limits/chats", "reassigned", set_to=200)),
        (
            "user_count",
            "unlimited until subscription",
            Granting("user_count", "subscription", set_to=UNLIMITED),
        ),
        ("features/calls", "until 2027-01-01T00:00:00Z", Granting("features/calls", NEW_YEAR)),
    ],
)
def test_a_cell_states_a_grant_in_words(term: str, cell: str, granting: Granting) -> None:
    (line,) = lines_of(f"id,grant.{term}\na,{cell}\n".encode())

    assert line.grants == (granting,)


@pytest.mark.parametrize(
    "cell", ["+500 until cycle", "500 until cycle", "500 more", "least 5 until cycle", "yes"]
)
def test_a_cell_that_states_no_grant_is_told_with_the_forms(cell: str) -> None:
    ((line, _, message),) = refused(f"id,name,grant.ai_credits\na,A,{cell}\n".encode())

    assert line == 2
    assert message.startswith("cell 3 (`grant.ai_credits`) states no grant: write `500 more until cycle`")


def test_a_grant_of_nothing_is_found_in_its_column() -> None:
    found = refused(b"id,name,grant.ai_credits\na,A,0 more until cycle\n")

    assert [(line, column) for line, column, _ in found] == [(2, 3)]


def test_a_separator_within_quotation_marks_is_part_of_a_cell() -> None:
    assert lines_of(b'id;name\na;"Smith; Sons"\n')[0].name == "Smith; Sons"


def test_a_row_is_numbered_by_its_first_line_in_the_file() -> None:
    found = refused(b'id,name\n\na,"one\ntwo"\nb,B\n c d,C\n')

    assert [(line, column) for line, column, _ in found] == [(3, 2), (6, 1)]


@pytest.mark.parametrize(
    ("table", "line", "column", "message"),
    [
        (b"id,users\na,1\nb,many\n", 3, 2, "`users` must be a valid integer"),
        (b"id,users\na,1.5\n", 2, 2, "`users` must be a valid integer"),
        (b"id,name,usage.chat\na,,-1\n", 2, 3, "`usage.chat` must be greater than or equal to 0"),
        (b"id,status\na,gone\n", 2, 2, "`status` must be 'active', 'disabled' or 'archived'"),
        (b"id,name\n,A\n", 2, 1, "the key `id` is missing"),
        (b"id,name\na,Smith, Sons\n", 2, 1, "cell 3 has no column"),
        (b'id,name\na,"Acme\n', 2, 1, "no row of CSV"),
        (b"id,name\na,\xffcme\n", 2, 1, "the row is not UTF-8"),
        (b"id,name\na," + b"x" * 70_000 + b"\n", 2, 1, "the row is too long"),
        (b"id,pakage\na,pro\n", 1, 2, "there is no column `pakage`"),
        (b"id,name,id\na,A,b\n", 1, 3, "there are two columns `id`"),
        (b"name,package\nAcme,pro\n", 1, 1, "there is no column `id`"),
        ("id,name\na,A\n".encode("utf-16"), 1, 1, "it is UTF-16"),
    ],
)
def test_a_bad_table_is_told_with_line_and_column(table: bytes, line: int, column: int, message: str) -> None:
    ((found_line, found_column, found),) = refused(table)

    assert (found_line, found_column) == (line, column)
    assert message in found


def test_a_byte_order_mark_before_json_is_passed_over() -> None:
    assert lines_of(MARK + b'{"id": "a"}\n{"id": "b"}\n') == [ClientLine("a", 1), ClientLine("b", 2)]


@given(st.binary(max_size=200) | st.text(alphabet='id,;"\n\t =sep{}a1\ufeff', max_size=60).map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    try:
        lines = lines_of(content)
    except InvalidError as error:
        lines = []
        told = len(error.findings)
    else:
        told = 0
    assert told or all(line.id for line in lines)
