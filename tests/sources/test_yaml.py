from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.findings import Position
from reconciler.sources.yaml.fast import DoubtfulError, load
from reconciler.sources.yaml.inspection import inspect

TEXTS = st.text(alphabet=st.sampled_from("ab01:-?#&*!|>'\"%@`{}[], \n\t_.~<xeno\u202e\x07é"), max_size=60)


def loaded(content: bytes) -> Any:
    try:
        return load(content)
    except DoubtfulError:
        return None


@given(TEXTS)
def test_the_fast_reader_and_the_careful_one_agree(text: str) -> None:
    content = text.encode()

    document = loaded(content)

    inspection = inspect(content)
    if document is not None:
        assert inspection.faults == ()
        assert inspection.document == document
    elif isinstance(inspection.document, dict) and b"<<" not in content:
        assert inspection.faults


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_traceback(content: bytes) -> None:
    loaded(content)

    inspection = inspect(content)

    assert inspection.faults or inspection.document is not None


@pytest.mark.parametrize(
    "word",
    ["no", "on", "yes", "off", "y", "1:30", "2026-12-31", "14 days", "5%", "1,000", "1.2.3", "-", "e3"],
)
def test_what_yaml_1_1_would_change_stays_text(word: str) -> None:
    assert load(f"a: {word}x\nb: '{word}'".encode())["b"] == word
    if word != "-":
        assert load(f"a: {word}".encode()) == {"a": word}


@pytest.mark.parametrize(
    "number",
    [
        "010",
        "0x1f",
        "0o17",
        "0b1",
        "1_000",
        "+5",
        "1e3",
        "1.5",
        "1.",
        ".5",
        "-0",
        "-.inf",
        ".inf",
        ".NaN",
        "9" * 19,
    ],
)
def test_numbers_that_programs_read_differently_are_refused(number: str) -> None:
    (fault,) = inspect(f"a: {number}".encode()).faults

    assert loaded(f"a: {number}".encode()) is None
    assert (fault.rule, fault.position) == ("ambiguous-number", Position(1, 4))


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("-5", -5), ("12", 12), ("true", True), ("FALSE", False)]
)
def test_plain_whole_numbers_and_truth_values_are_read(text: str, value: object) -> None:
    document = load(f"a: {text}".encode())

    assert document == {"a": value}
    assert type(document["a"]) is type(value)


def test_every_key_and_value_has_its_place() -> None:
    inspection = inspect(b"title: Pro\nfeatures: [chat,\n  fax]\nrollout:\n  per_run: 5\n")

    assert inspection.places["title",].key == Position(1, 1)
    assert inspection.places["title",].value == Position(1, 8)
    assert inspection.places["features", 1].value == Position(3, 3)
    assert inspection.places["rollout", "per_run"].key == Position(5, 3)
    assert inspection.places["rollout", "per_run"].value == Position(5, 12)


def test_columns_count_characters_not_bytes() -> None:
    inspection = inspect("{größe: ö, b: 010}".encode())

    assert inspection.faults[0].position == Position(1, 15)


def test_a_bidirectional_character_in_a_comment_is_refused() -> None:
    assert [fault.rule for fault in inspect("a: b # \u202e".encode()).faults] == ["forbidden-character"]


@pytest.mark.parametrize(
    "line", ["user_count: 10 #each", "self_service: true #yes", 'title: "Pro" #1', "title: Pro # 1"]
)
def test_a_comment_that_nobody_takes_for_a_part_of_the_value_may_stand_behind_it(line: str) -> None:
    assert inspect(f"{line}\n".encode()).faults == ()
