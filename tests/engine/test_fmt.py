from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reconciler.engine.fmt import fmt
from reconciler.sources.edits import write_edits
from tests.replay import years
from tests.workspaces import repository, workspace

CASES = Path(__file__).parents[1] / "cases" / "invalid"


def test_only_files_that_are_not_canonical_are_edited(tmp_path: Path) -> None:
    config = repository(tmp_path, pro="user_count: 3\ntitle: Pro\n", basic="title: Basic\nuser_count: 3\n")

    result = fmt(config)

    assert [edit.file for edit in result.edits] == ["packages/pro.yaml"]
    assert result.edits[0].after == b"title: Pro\nuser_count: 3\n"
    assert result.checked == 4


def test_a_file_that_is_no_acceptable_yaml_is_left_alone_with_the_finding_of_validate(tmp_path: Path) -> None:
    config = repository(
        tmp_path, pro="title: Pro\nuser_count: 3\nuser_count: 4\n", bad="title: [\n", tab="a:\n\tb: 1\n"
    )

    result = fmt(config)

    assert result.edits == ()
    assert set(result.findings) <= set(workspace(config).findings)
    assert {finding.file for finding in result.findings} == {
        "packages/bad.yaml",
        "packages/pro.yaml",
        "packages/tab.yaml",
    }


@pytest.mark.parametrize("text", ["- title\n", "only text\n", ""])
def test_a_file_that_holds_no_keys_is_left_alone(tmp_path: Path, text: str) -> None:
    result = fmt(repository(tmp_path, pro=text))

    assert result.edits == ()
    assert [finding.file for finding in result.findings] == ["packages/pro.yaml"]


def test_a_file_that_breaks_other_rules_is_formatted(tmp_path: Path) -> None:
    result = fmt(repository(tmp_path, pro="user_count:   none\ntitel: Pro\n"))

    assert [edit.after for edit in result.edits] == [b"user_count: none\ntitel: Pro\n"]


def test_modelines_lead_to_the_schemas_that_lie_beside_the_catalog(tmp_path: Path) -> None:
    config = repository(tmp_path)
    (tmp_path / "schemas" / "package.schema.json").write_text("{}")
    (tmp_path / "packages" / "old").mkdir()
    (tmp_path / "packages" / "old" / "pro.yaml").write_text("title: Pro\nuser_count: 3\n")

    [edit] = fmt(config).edits

    first_line = edit.after.decode().partition("\n")[0]
    assert first_line == "# yaml-language-server: $schema=../../schemas/package.schema.json"


def test_formatting_twice_changes_nothing(tmp_path: Path) -> None:
    config = repository(tmp_path, pro="user_count: 3 # three\ntitle:   'Pro'\n")
    write_edits(tmp_path, fmt(config).edits)

    assert fmt(config).edits == ()


@pytest.mark.parametrize("year", years(), ids=lambda year: f"{year.parent.name}-{year.name}")
def test_real_catalogs_say_the_same_after_formatting(tmp_path: Path, year: Path) -> None:
    shutil.copytree(year, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "reconciler.yaml"
    config.write_text("environments: {local: {platform: 'sqlite:///x.db'}}\n")
    before = workspace(config)

    write_edits(tmp_path, fmt(config).edits)

    after = workspace(config)
    assert fmt(config).edits == ()
    assert (after.packages, after.catalog) == (before.packages, before.catalog)


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_formatting_what_is_wrong_changes_nothing_about_what_is_wrong(tmp_path: Path, case: Path) -> None:
    config = shutil.copytree(case, tmp_path / "case", symlinks=True) / "reconciler.yaml"
    before = sorted(found.rule for found in workspace(config).findings)

    write_edits(config.parent, fmt(config).edits)

    assert sorted(found.rule for found in workspace(config).findings) == before
    assert fmt(config).edits == ()
