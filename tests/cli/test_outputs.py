"""Where output goes: files, devices and standard output that people name or that a disk has no room for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from tests.disks import node
from tests.workspaces import repository

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

PRO = "title: Pro\nfeatures: [chat]\nuser_count: 9\n"
STANDARD_OUTPUT = ("-", "/dev/stdout", "/proc/self/fd/1")


def run(
    folder: Path, *arguments: str, into: IO[bytes] | int = subprocess.PIPE, limit: str = "unlimited"
) -> subprocess.CompletedProcess[bytes]:
    """Run the program in a folder, as the shell does that limits the size of files."""
    command = (sys.executable, "-m", "reconciler", *arguments)
    return subprocess.run(
        ["sh", "-c", f'ulimit -f {limit}; exec "$@"', "sh", *command],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=into,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("name", STANDARD_OUTPUT)
def test_a_plan_goes_to_standard_output_and_can_be_shown(tmp_path: Path, name: str) -> None:
    repository(tmp_path, pro=PRO.replace("Pro", "'Größe ##[add-mask]pro'"))
    before = set(tmp_path.iterdir())

    with (tmp_path / "plan.json").open("wb") as file:
        planned = run(tmp_path, "plan", "--out", name, into=file)
    shown = run(tmp_path, "show", "plan.json")

    assert planned.returncode == shown.returncode == 0
    assert set(tmp_path.iterdir()) - before == {tmp_path / "plan.json", tmp_path / ".reconciler"}
    assert b"pro" in planned.stderr
    assert b"pro" in shown.stdout
    assert b"##[" not in (tmp_path / "plan.json").read_bytes()


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab"])
def test_json_is_json_where_the_output_has_only_ascii(tmp_path: Path, form: str) -> None:
    repository(tmp_path, pro=PRO.replace("chat", "gr\u00f6\N{PACKAGE}"))

    result = run(tmp_path, "validate", "--format", form)

    printed = result.stdout.decode("ascii")
    assert "gr\u00f6\N{PACKAGE}" in json.dumps(json.loads(printed), ensure_ascii=False)


def test_nothing_but_the_plan_is_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(repository(tmp_path, pro=PRO))

    code = main(["plan", "--quiet", "--out", "-", "--config", config])

    printed = capsys.readouterr()
    assert code == 0
    assert json.loads(printed.out)["summary"]["create"] == 1
    assert printed.err == ""


@pytest.mark.parametrize("name", ["new/", "there/", "new/.", "./", ""])
@pytest.mark.parametrize(
    "command",
    ["plan", "rollback 1", "clients reassign --all --package pro"],
    ids=lambda each: each.split()[0],
)
def test_a_plan_file_cannot_be_called_what_only_a_folder_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    config = repository(tmp_path, pro=PRO)
    main(["apply", "--yes", "--config", str(config)])
    (tmp_path / "there").mkdir()
    before = sorted(tmp_path.rglob("*"))
    out = str(tmp_path / "x").removesuffix("x") + name if name else ""

    code = main([*command.split(), "--out", out, "--config", str(config)])

    assert code == 64
    assert f"{out!r} is a folder; name a file in it" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_standard_output_takes_one_of_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(repository(tmp_path, pro=PRO))

    code = main(["plan", "--out", "-", "--format", "markdown", "--config", config])

    assert code == 64
    assert "cannot take both the plan file and --format markdown" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["schema", "--write"], ["reference", "--write"], ["reference", "--man"], ["demo", "--into"], ["init"]],
)
def test_standard_output_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    code = main([*arguments, "-"])

    assert code == 64
    assert "Standard output is no folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["schema", "--generic", "--write"], "package.schema.json"),
        (["reference", "--write"], "commands.md"),
        (["reference", "--man"], "reconciler.1"),
    ],
)
def test_a_link_in_a_folder_of_the_checkout_leads_no_page_elsewhere(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    file: str,
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / file).symlink_to(tmp_path / "precious")
    (tmp_path / "precious").write_text("mine")
    monkeypatch.chdir(tmp_path)

    code = main([*arguments, "out"])

    assert code == 3
    assert f"{file} was not written: a link leads out of out." in capsys.readouterr().err
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments", [["schema", "--generic", "--write"], ["reference", "--write"], ["reference", "--man"]]
)
def test_pages_that_find_no_room_are_not_cut(tmp_path: Path, arguments: list[str]) -> None:
    run(tmp_path, *arguments, "out")
    for path in (tmp_path / "out").iterdir():
        path.write_text(f"{path.read_text()} ")
    before = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}

    result = run(tmp_path, *arguments, "out", limit="1")

    assert result.returncode == 3
    assert b"cannot be written: File too large" in result.stderr
    left = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert left.keys() == before.keys()
    assert {left[name] for name in left} <= {text for old in before.values() for text in (old, old[:-1])}


def test_a_platform_file_that_finds_no_room_is_not_cut(tmp_path: Path) -> None:
    config = repository(tmp_path, pro=f"user_count: 9\ntitle: Pro\ndescription: {'long ' * 180}\n")
    before = (tmp_path / "packages" / "pro.yaml").read_bytes()

    result = run(tmp_path, "fmt", "--config", str(config), limit="1")

    assert result.returncode == 3
    assert [path.name for path in (tmp_path / "packages").iterdir()] == ["pro.yaml"]
    assert (tmp_path / "packages" / "pro.yaml").read_bytes() == before


def test_standard_output_on_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    with node(tmp_path / "full", "full").open("wb", buffering=0) as full:
        result = run(tmp_path, "schema", "package", into=full)

    assert result.returncode == 1
    assert b"could not be written: No space left on device" in result.stderr
    assert b"The disk is full" in result.stderr
