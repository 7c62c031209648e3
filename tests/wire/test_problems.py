"""An error that the server raises is the same error for the client."""

from __future__ import annotations

import pytest

from reconciler.errors import (
    BlockedError,
    InvalidError,
    ReconcilerError,
    StaleError,
    UnreachableError,
    WrongUsageError,
)
from reconciler.model.findings import Finding, Position
from reconciler.wire.problems import Problem
from reconciler.wire.versions import VERSION, agree

FINDING = Finding("clients.ndjson", Position(3, 1), "unknown-package", "There is no package 'x'.", "Fix it.")


@pytest.mark.parametrize(
    "kind", [BlockedError, StaleError, UnreachableError, WrongUsageError, ReconcilerError]
)
def test_an_error_crosses_with_its_class_message_and_hint(kind: type[ReconcilerError]) -> None:
    sent = Problem.of(kind("What happened.", hint="What to do."))

    received = Problem.model_validate_json(sent.model_dump_json()).error()

    assert type(received) is kind
    assert (received.message, received.hint) == ("What happened.", "What to do.")


def test_findings_cross_with_their_places_and_rules() -> None:
    sent = Problem.of(InvalidError("Bad lines.", findings=(FINDING,)))

    received = Problem.model_validate_json(sent.model_dump_json()).error()

    assert isinstance(received, InvalidError)
    assert received.findings == (FINDING,)


def test_a_problem_of_an_unknown_type_is_unexpected() -> None:
    problem = Problem(type="about:blank", title="Teapot", status=418, detail="Short and stout.")

    assert type(problem.error()) is ReconcilerError


def test_a_server_of_our_version_among_others_is_agreed_with() -> None:
    agree((VERSION, VERSION + 1), where="https://platform.example")


@pytest.mark.parametrize(
    ("spoken", "hint"), [((VERSION + 1,), "Upgrade reconciler."), ((), "Upgrade the server.")]
)
def test_a_server_without_our_version_is_refused_saying_which_end_to_upgrade(
    spoken: tuple[int, ...], hint: str
) -> None:
    with pytest.raises(UnreachableError) as caught:
        agree(spoken, where="https://platform.example")

    assert caught.value.hint == hint
