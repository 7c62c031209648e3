from __future__ import annotations

from typing import get_args

import pytest

from reconciler import errors
from reconciler.cli import exit_codes
from reconciler.engine.explain.topics import explain_topic, topics
from reconciler.errors import ReconcilerError, WrongUsageError
from reconciler.model.terms import Code, Severity
from reconciler.planning.guards import GuardId
from reconciler.validation.rules import RULES


def ids(kind: str) -> set[str]:
    return {topic.id for topic in topics().values() if topic.kind == kind}


def test_every_rule_of_validation_is_explained() -> None:
    assert ids("rule") == set(RULES)


def test_every_guard_is_explained_with_its_own_way_past() -> None:
    assert ids("guard") == set(get_args(GuardId))
    assert all(f"{guard}:" in topics()[guard].good for guard in ids("guard"))


def test_every_code_of_a_change_is_explained_with_its_severity() -> None:
    assert ids("change") == {code.value for code in Code}
    assert all(topics()[code.value].weight == code.row.severity for code in Code)


def test_a_loss_says_what_acknowledges_it() -> None:
    losses = [code for code in Code if code.row.severity in {Severity.BREAKING, Severity.RESTRICTING}]

    assert [code for code in losses if "acknowledge:" not in topics()[code.value].good] == [Code.GRANT_ENDED]


def test_every_exit_code_is_explained() -> None:
    of_errors = {each.exit_code for each in vars(errors).values() if is_error(each)}
    of_commands = {code for name, code in vars(exit_codes).items() if name.isupper()}

    assert ids("exit code") == {f"exit-{code}" for code in of_errors | of_commands}


def is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, ReconcilerError)


def test_an_exit_code_is_found_by_its_number() -> None:
    assert explain_topic("5").title == "Stale"


def test_a_typo_is_answered_with_what_was_meant() -> None:
    with pytest.raises(WrongUsageError) as refused:
        explain_topic("unkown-feature")

    assert "unknown-feature" in refused.value.hint


def test_a_word_like_nothing_is_answered_with_where_to_look() -> None:
    with pytest.raises(WrongUsageError) as refused:
        explain_topic("zzzzzz")

    assert "lists them all" in refused.value.hint
