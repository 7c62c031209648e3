"""What the frame around all commands promises; nothing here needs files or a platform."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.main import main
from tests.repository import Repository

ROOT = Path(__file__).parents[2]


def reconciler(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["plan", "--help"], ["clients", "--help"], ["clients", "import", "-h"]],
)
def test_asking_for_help_is_no_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["clients"],
        ["frobnicate"],
        ["--frobnicate"],
        ["plan", "--format", "xml"],
        ["plan", "--allow", "everything"],
        ["show"],
        ["show", "no-such-file.json"],
        ["--config", "no-such-file.yaml", "plan"],
        ["schema"],
        ["schema", "invoice"],
        ["history", "zero"],
        ["clients", "show", "acme", "--at", "yesterday"],
        ["clients", "show", "acme", "--at", "0001-01-01T00:00:00+14:00"],
        ["clients", "add", "acme"],
    ],
)
def test_wrong_usage_exits_with_64_and_says_so_on_standard_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)

    printed = capsys.readouterr()
    assert code == 64
    assert printed.out == ""
    assert printed.err.startswith(("error: ", "Usage: "))


def test_apply_without_a_terminal_wants_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Repository.made(tmp_path / "shop").package("pro", title="Pro")
    monkeypatch.chdir(tmp_path / "shop")

    code = main(["apply"])

    assert code == 64
    assert "--yes" in capsys.readouterr().err


def test_a_misspelled_command_is_answered_with_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    main(["valdate"])

    assert "Did you mean validate?" in capsys.readouterr().err


def test_hostile_arguments_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["\x1b[2J\u202eevil"])

    assert "\x1b" not in capsys.readouterr().err


def test_a_variable_chooses_what_an_option_would() -> None:
    result = reconciler("plan", RECONCILER_FORMAT="xml")

    assert result.returncode == 64
    assert "RECONCILER_FORMAT" in result.stderr


def test_colour_is_forced_or_left_out_as_the_environment_says() -> None:
    piped = reconciler("frobnicate", NO_COLOR="", FORCE_COLOR="")
    forced = reconciler("frobnicate", NO_COLOR="", FORCE_COLOR="1")
    refused = reconciler("frobnicate", NO_COLOR="1", FORCE_COLOR="1")
    by_option = reconciler("--no-color", "frobnicate", NO_COLOR="", FORCE_COLOR="1")

    assert ["\x1b[" in each.stderr for each in (piped, forced, refused, by_option)] == [
        False,
        True,
        False,
        False,
    ]


def test_a_stream_without_the_characters_gets_escapes_and_no_traceback() -> None:
    result = reconciler("größe→", PYTHONIOENCODING="ascii")

    assert result.returncode == 64
    assert "Traceback" not in result.stderr


def test_completion_offers_commands_and_options() -> None:
    offered = reconciler(
        _RECONCILER_COMPLETE="bash_complete", COMP_WORDS="reconciler dr", COMP_CWORD="1"
    ).stdout

    assert offered.split() == ["plain,drift"]
