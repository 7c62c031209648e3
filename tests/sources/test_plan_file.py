from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import InvalidError
from reconciler.model.plans import FilesIdentity, Plan, PlatformSeen
from reconciler.sources.plan_file import read_plan, write_plan

if TYPE_CHECKING:
    from pathlib import Path


def a_plan() -> Plan:
    return Plan(
        environment="local",
        platform=PlatformSeen(kind="sqlite", lineage="5f3c"),
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        config=FilesIdentity(files={"packages/pro.yaml": "sha256:00"}),
        notices=("Größe",),
    ).sealed()


def test_a_plan_is_read_back_as_it_was_written_by_its_owner_only(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.json", a_plan())

    assert read_plan(tmp_path / "plan.json") == a_plan()
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_a_changed_plan_is_refused(tmp_path: Path) -> None:
    document = a_plan().as_document() | {"environment": "production"}
    (tmp_path / "plan.json").write_text(json.dumps(document))

    with pytest.raises(InvalidError, match="changed after it was made"):
        read_plan(tmp_path / "plan.json")


def test_a_plan_of_another_format_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps({"format_version": "2.0", "novelty": 1}))

    with pytest.raises(InvalidError, match=r"format '2\.0', and this program reads 1\.0"):
        read_plan(tmp_path / "plan.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b'{"format_version": "1.0", "blocked": ' + b"9" * 100_000 + b"}",
        b'{"environment": "\\ud800"}',
        b'{"format_version": 1}',
    ],
)
def test_what_is_no_plan_is_a_clear_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(content)

    with pytest.raises(InvalidError, match=r"plan\.json: not (JSON|a plan: )") as raised:
        read_plan(tmp_path / "plan.json")

    assert raised.value.hint
    assert len(raised.value.message) < 1_500 + len(str(tmp_path))


def test_a_plan_cut_at_any_byte_is_a_clear_error(tmp_path: Path) -> None:
    write_plan(tmp_path / "whole.json", a_plan())
    whole = (tmp_path / "whole.json").read_bytes().rstrip()

    for length in range(len(whole)):
        (tmp_path / "plan.json").write_bytes(whole[:length])

        with pytest.raises(InvalidError):
            read_plan(tmp_path / "plan.json")


def test_pipes_folders_and_nothing_are_clear_errors(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for name in ("pipe", ".", "nothing"):
        with pytest.raises(InvalidError):
            read_plan(tmp_path / name)


def test_a_plan_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="cannot be written"):
        write_plan(tmp_path / "no" / "plan.json", a_plan())
