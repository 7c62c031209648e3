from __future__ import annotations

import csv
from io import StringIO

import pytest

from reconciler.model.comparison import Column, Comparison, Row, Section
from reconciler.render.comparison import (
    comparison_csv,
    comparison_lines,
    comparison_markdown,
)
from reconciler.render.html.comparison import comparison_table
from reconciler.render.text.style import Paper

MADE = Comparison(
    columns=(Column("lite", "Lite"), Column("pro", "Pro")),
    sections=(
        Section("Features", (Row("chat", "Chat", (False, True)),)),
        Section("Limits", (Row("calls", "Calls", (None, 12000), "minute per cycle"),)),
        Section("Terms", (Row("expiry", "Expires after", ("14 days", "never")),)),
    ),
)
HOSTILE = Comparison(
    columns=(Column("x", "<script>|=1+1 [a](b)\x1b[31m\u202e"),),
    sections=(Section("Features", (Row("=cmd", "@here", ("-1+1",)),)),),
)


def of_text(text: str) -> Comparison:
    """A comparison in which everything that comes from outside is this text."""
    row = Row(text, text, (text,), text)
    return Comparison(columns=(Column(text, text),), sections=(Section("Features", (row,)),))


def test_text_puts_packages_side_by_side() -> None:
    assert list(comparison_lines(MADE, Paper(60))) == [
        "                          Lite     Pro",
        "Chat                      —        ✓",
        "",
        "Calls (minute per cycle)  —        12,000",
        "",
        "Expires after             14 days  never",
    ]


def test_markdown_is_a_table() -> None:
    assert comparison_markdown(MADE) == (
        "|  | Lite | Pro |\n| --- | :---: | :---: |\n| **Features** |  |  |\n| Chat | — | ✓ |\n"
        "| **Limits** |  |  |\n| Calls (minute per cycle) | — | 12,000 |\n"
        "| **Terms** |  |  |\n| Expires after | 14 days | never |\n"
    )


def test_markdown_shows_what_it_could_obey() -> None:
    text = comparison_markdown(HOSTILE)

    assert "| `<script>\\u007c=1+1 [a](b)\\u001b[31m\\u202e` |" in text
    assert "| `@here` |" in text


def test_html_escapes_text_and_says_what_a_tick_means() -> None:
    text = comparison_table(MADE) + comparison_table(HOSTILE)

    assert '<td class="included"><span role="img" aria-label="included">✓</span></td>' in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text


def test_csv_reads_back_and_holds_bare_numbers() -> None:
    rows = list(csv.reader(StringIO(comparison_csv(MADE))))

    assert rows == [
        ["section", "key", "title", "unit", "Lite", "Pro"],
        ["Packages", "key", "Key", "", "lite", "pro"],
        ["Features", "chat", "Chat", "", "no", "yes"],
        ["Limits", "calls", "Calls", "minute per cycle", "", "12000"],
        ["Terms", "expiry", "Expires after", "", "14 days", "never"],
    ]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize(
    "formula",
    [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+1",
        "@SUM(1)",
        " =1+1",
        "\t=1+1",
        "\uff1d1+1",
        "a;=1+1",
        'a;"=1+1"',
        'a; ""=1+1',
    ],
)
def test_csv_holds_nothing_that_a_spreadsheet_calculates(formula: str, separator: str) -> None:
    text = comparison_csv(of_text(formula))

    cells = [cell for row in csv.reader(StringIO(text), delimiter=separator) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(tuple("=+-@\uff1d"))]
    assert len(list(csv.reader(StringIO(text)))) == 3
