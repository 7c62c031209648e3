from collections.abc import Iterator

import click
import pytest

from reconciler.cli.lazy_group import LazyGroup
from reconciler.cli.main import commands, main
from reconciler.cli.options import chosen, global_options

WITHOUT_A_VALUE = {"help", "version"}


def every_command(command: click.Command, path: str = "reconciler") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, LazyGroup):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from every_command(found, f"{path} {name}")


COMMANDS = dict(every_command(commands))
each_command = pytest.mark.parametrize("path", COMMANDS)


@each_command
def test_every_option_has_its_environment_variable_and_its_help_says_so(path: str) -> None:
    options = [each for each in COMMANDS[path].params if isinstance(each, click.Option)]
    taking = [each for each in options if each.name not in WITHOUT_A_VALUE]

    assert taking
    for each in taking:
        long = max(each.opts, key=len).removeprefix("--")
        words, command = long.upper().replace("-", "_"), path.rsplit(maxsplit=1)[-1].upper()
        assert each.envvar in {
            f"RECONCILER_{words}",
            f"RECONCILER_{command}_{words}",
        }
        assert each.show_envvar
        assert each.help


def test_no_variable_has_two_meanings() -> None:
    meanings: dict[str, set[tuple[bool, str, str]]] = {}
    for command in COMMANDS.values():
        for each in command.params:
            if isinstance(each, click.Option) and each.name not in WITHOUT_A_VALUE:
                meaning = (
                    bool(each.is_flag),
                    type(each.type).__name__,
                    str(each.help).split()[0] if each.is_flag else each.type.name,
                )
                meanings.setdefault(str(each.envvar), set()).add(meaning)

    assert {variable for variable, found in meanings.items() if len(found) > 1} == set()


@each_command
def test_every_command_takes_the_options_that_all_take(path: str) -> None:
    names = {each.name for each in COMMANDS[path].params}

    assert {"config", "environment", "format", "no_color", "quiet"} <= names


@each_command
def test_the_list_of_commands_says_of_each_what_it_says_itself(path: str) -> None:
    group = COMMANDS[path]
    if not isinstance(group, LazyGroup):
        assert group.help
        return

    for name, listed in group.listed.items():
        assert (COMMANDS[f"{path} {name}"].help or "").startswith(listed.line)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["look"], ("text", False)),
        (["--format", "json", "look"], ("json", False)),
        (["look", "--format", "json"], ("json", False)),
        (["--format", "json", "look", "--format", "text"], ("text", False)),
        (["-q", "look", "--format", "json"], ("json", True)),
        (["--format", "json", "look", "-q"], ("json", True)),
    ],
)
def test_options_for_all_stand_before_or_after_the_command(
    arguments: list[str], expected: tuple[str, bool]
) -> None:
    assert looked(arguments) == expected


@pytest.mark.parametrize("path", ["history", "fmt", "clients show", "apply"])
def test_a_format_of_the_environment_counts_only_where_the_command_has_it(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_FORMAT", "markdown")

    assert looked(["look"]) == ("text", False)
    (form,) = [each for each in COMMANDS[f"reconciler {path}"].params if each.name == "format"]
    assert list(getattr(form.type, "choices", ())) == ["text", "json"]


@pytest.mark.parametrize("name", ["plan", "clients", "clients list", ""])
def test_help_says_what_the_commands_own_help_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["help", *name.split()])
    told = capsys.readouterr().out
    main([*name.split(), "--help"])

    assert told == capsys.readouterr().out
    assert told.startswith("Usage: reconciler")


def test_help_on_what_is_no_command_names_those_that_are_spelled_like_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["help", "pln"]) == 64
    assert "Did you mean plan" in capsys.readouterr().err


def test_what_is_written_counts_more_than_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_FORMAT", "json")

    assert looked(["look"]) == ("json", False)
    assert looked(["--format", "text", "look"]) == ("text", False)


def looked(arguments: list[str]) -> tuple[str, bool]:
    """Run a command that only looks at what was chosen, in a group with the program's own options."""
    group = click.Group("test", params=list(commands.params))
    group.add_command(click.command("look")(global_options(chosen)))
    choices = group.main(arguments, "test", standalone_mode=False, obj={})
    return (choices.format, choices.quiet)
