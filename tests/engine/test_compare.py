from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.engine.compare import compare
from reconciler.errors import WrongUsageError
from tests.workspaces import CONFIG, repository, workspace

if TYPE_CHECKING:
    from pathlib import Path

PRO = "title: Pro\nfeatures: [chat, agent]\nlimits: {minutes: 10}\nuser_count: 9\nai_credits: 5\n"
LITE = "title: Lite\nfeatures: [chat]\nuser_count: unlimited\nexpiry: 14 days\n"


def test_columns_are_the_packages_that_any_client_may_have_from_the_smaller_to_the_larger(
    tmp_path: Path,
) -> None:
    deal = f"{PRO}allowed_emails: [a@b.example]\n".replace("Pro", "Deal")
    old = f"{LITE}archived: true\n".replace("Lite", "Old")

    made = compare(workspace(repository(tmp_path, pro=PRO, lite=LITE, deal=deal, old=old)))

    assert [column.key for column in made.columns] == ["lite", "pro"]


def test_tiers_come_first_in_their_order(tmp_path: Path) -> None:
    made = compare(workspace(repository(tmp_path, config=f"{CONFIG}tiers: [pro]\n", pro=PRO, lite=LITE)))

    assert [column.key for column in made.columns] == ["pro", "lite"]


def test_named_packages_come_in_the_order_they_are_named_in(tmp_path: Path) -> None:
    made = compare(workspace(repository(tmp_path, pro=PRO, lite=LITE)), ["pro", "lite"])

    assert [column.title for column in made.columns] == ["Pro", "Lite"]


def test_rows_are_what_some_package_has_in_the_order_of_the_catalog(tmp_path: Path) -> None:
    features, limits, terms = compare(workspace(repository(tmp_path, pro=PRO, lite=LITE))).sections

    assert [(row.key, row.cells) for row in features.rows] == [
        ("chat", (True, True)),
        ("agent", (False, True)),
    ]
    assert [(row.key, row.cells) for row in limits.rows] == [("minutes", (None, 10))]
    assert [(row.title, row.cells) for row in terms.rows] == [
        ("Team members", ("unlimited", 9)),
        ("AI credits", (None, 5)),
        ("Expires after", ("14 days", "never")),
    ]


def test_a_package_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match="no package 'x'"):
        compare(workspace(repository(tmp_path, pro=PRO)), ["x"])
