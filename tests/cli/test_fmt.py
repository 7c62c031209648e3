from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.cli.main import main
from tests.workspaces import repository

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

UNTIDY, TIDY = "user_count: 3\ntitle:   'Pro'\n", "title: Pro\nuser_count: 3\n"


def test_fmt_writes_the_files_and_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = repository(tmp_path, pro=UNTIDY)

    code = main(["fmt", "--config", str(config)])

    assert code == 0
    assert (tmp_path / "packages" / "pro.yaml").read_text() == TIDY
    assert capsys.readouterr().out == "packages/pro.yaml\n"


def test_fmt_check_writes_nothing_and_exits_with_2(tmp_path: Path) -> None:
    config = repository(tmp_path, pro=UNTIDY)

    code = main(["fmt", "--check", "--config", str(config)])

    assert code == 2
    assert (tmp_path / "packages" / "pro.yaml").read_text() == UNTIDY


def test_fmt_check_of_canonical_files_exits_with_0(tmp_path: Path) -> None:
    assert main(["fmt", "--check", "--config", str(repository(tmp_path, pro=TIDY))]) == 0


def test_fmt_diff_shows_every_line_that_would_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = repository(tmp_path, pro=UNTIDY)

    code = main(["fmt", "--diff", "--config", str(config)])

    assert code == 0
    assert capsys.readouterr().out == (
        "--- a/packages/pro.yaml\n+++ b/packages/pro.yaml\n@@ -1,2 +1,2 @@\n"
        "+title: Pro\n user_count: 3\n-title:   'Pro'\n"
    )


def test_fmt_of_a_file_that_is_no_yaml_exits_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["fmt", "--config", str(repository(tmp_path, pro="title: 'Pro\n"))])

    assert code == 3
    assert "packages/pro.yaml" in capsys.readouterr().err


def test_fmt_keeps_the_mode_of_a_file(tmp_path: Path) -> None:
    config = repository(tmp_path, pro=UNTIDY)
    (tmp_path / "packages" / "pro.yaml").chmod(0o600)

    main(["fmt", "--config", str(config)])

    assert (tmp_path / "packages" / "pro.yaml").stat().st_mode & 0o777 == 0o600


def test_fmt_as_json_names_each_file_and_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = repository(tmp_path, pro=UNTIDY, bad="title: [\n")

    main(["fmt", "--check", "--format", "json", "--config", str(config)])

    told = json.loads(capsys.readouterr().out)
    assert told["edits"] == [{"file": "packages/pro.yaml", "change": "change"}]
    assert [found["file"] for found in told["findings"]] == ["packages/bad.yaml"]


def test_fmt_takes_out_acknowledgements_that_are_spent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = "title: Pro\nfeatures: [calls, chat]\nuser_count: 3\n"
    after = """\
title: Pro
features: [chat]
user_count: 3
rollout: {existing_clients: reassign}
acknowledge:
  - removes: calls
    clients: 1
    reason: They were told.
    until: 2099-12-31
"""
    config = repository(tmp_path, pro=before)
    add = [
        "clients",
        "add",
        "acme",
        "--name",
        "Acme",
        "--owner-email",
        "ops@acme.example",
        "--package",
        "pro",
    ]
    for command in (["apply", "--yes"], add):
        assert main([*command, "--config", str(config)]) == 0
    (tmp_path / "packages" / "pro.yaml").write_text(after)
    assert main(["apply", "--yes", "--allow", "clients_losing:pro", "--config", str(config)]) == 0
    capsys.readouterr()

    code = main(["fmt", "--prune-acknowledgements", "--config", str(config)])

    assert code == 0
    assert (tmp_path / "packages" / "pro.yaml").read_text() == after.partition("acknowledge:")[0]
    assert capsys.readouterr().out == "packages/pro.yaml\n"
