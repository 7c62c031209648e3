from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.cli.main import main
from reconciler.live.opening import open_platform
from tests.builders import NOON, definition
from tests.planting import plant_package
from tests.workspaces import CONFIG, repository

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PRO = "title: Pro\nfeatures: [chat]\nuser_count: 9\n"
ON_CHAT = "features:\n  chat: {title: Chat}\n"


def on_platform(root: Path, key: str) -> None:
    """Make a package by hand."""
    with open_platform("sqlite:///.reconciler/platform.db", root=root) as platform:
        platform.edit_package(key, definition(features=["chat"]), NOON)


def test_init_says_what_is_there_already_and_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reconciler.yaml").write_text(CONFIG)

    code = main(["init", str(tmp_path)])

    shown = capsys.readouterr()
    assert code == 0
    assert "schemas/package.schema.json" in shown.out.splitlines()
    assert "reconciler.yaml is there already and stays as it is." in shown.err
    assert f"cd {tmp_path}" in shown.err


def test_init_check_writes_nothing(tmp_path: Path) -> None:
    assert main(["init", "--check", str(tmp_path / "new")]) == 2
    assert not (tmp_path / "new").exists()


def test_pull_writes_files_and_names_what_the_next_apply_adopts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path, catalog=ON_CHAT))
    on_platform(tmp_path, "lite")

    code = main(["pull", "--config", config])

    shown = capsys.readouterr()
    assert code == 0
    assert shown.out == "packages/lite.yaml\n"
    assert "adopted by the next apply: lite." in shown.err


def test_pull_check_writes_nothing_and_exits_with_2(tmp_path: Path) -> None:
    config = str(repository(tmp_path, catalog=ON_CHAT))
    on_platform(tmp_path, "lite")

    assert main(["pull", "--check", "--config", config]) == 2
    assert not (tmp_path / "packages" / "lite.yaml").exists()


def test_pull_of_what_no_file_can_hold_exits_with_3(tmp_path: Path) -> None:
    config = str(repository(tmp_path, catalog=ON_CHAT))
    on_platform(tmp_path, "a-key")
    plant_package(tmp_path / ".reconciler" / "platform.db", "Not a key", definition(title="Other"))

    assert main(["pull", "--config", config]) == 3


def test_import_tells_what_could_not_be_carried_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path))
    table = tmp_path / "plans.csv"
    table.write_text("title,Basic\nVideo,yes\n")

    code = main(["import", "csv", str(table), "--config", config])

    shown = capsys.readouterr()
    assert code == 0
    assert shown.out == "packages/basic.yaml\nschemas/catalog.yaml\n"
    assert "The number of team members is unlimited" in shown.err


def test_import_of_another_kind_of_file_exits_with_3(tmp_path: Path) -> None:
    config = str(repository(tmp_path))

    assert main(["import", "autumn", config, "--config", config]) == 3


def test_validate_fix_repairs_first_and_then_judges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path, catalog=ON_CHAT, pro=PRO.replace("9", '"9"')))

    code = main(["validate", "--fix", "--config", config])

    assert code == 0
    assert (tmp_path / "packages" / "pro.yaml").read_text() == PRO
    assert "repaired packages/pro.yaml" in capsys.readouterr().err


def test_advice_does_not_fail_unless_it_is_asked_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path, catalog=f"{ON_CHAT}  fax: {{title: Fax}}\n", pro=PRO))

    lenient = main(["validate", "--format", "json", "--config", config])
    strict = main(["validate", "--strict", "--config", config])

    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [found["rule"] for found in json.loads(line)["findings"]] == ["unused-feature"]
    assert (lenient, strict) == (0, 3)


def test_the_schema_of_a_package_knows_the_catalog_unless_told_not_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path, catalog=ON_CHAT))

    main(["schema", "package", "--config", config])
    known = json.loads(capsys.readouterr().out)
    main(["schema", "package", "--generic", "--config", config])
    generic = json.loads(capsys.readouterr().out)

    assert known["properties"]["features"]["items"]["enum"] == ["chat"]
    assert "enum" not in generic["properties"]["features"]["items"]
