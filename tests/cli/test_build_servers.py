"""Whatever clients, packages and people are called: no build server obeys a line that a command prints."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

import click
import pytest

from reconciler.cli.main import commands, main
from reconciler.cli.options import Format
from reconciler.cli.output import FINDINGS_FORMATS, PLAN_FORMATS
from reconciler.live.opening import open_platform
from reconciler.render.sanitise import sanitise
from tests.naughty import TEXTS
from tests.repository import Repository
from tests.runners import COMMANDS, obeyed
from tests.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

WIDTHS: Final = ("40", "60", "80", "120")
NAMES: Final = tuple(text for text in dict.fromkeys((*COMMANDS, *TEXTS)) if "\ud800" not in text)
ON_A_LINE: Final = tuple(text for text in map(sanitise, NAMES) if text.strip())
LONG: Final = " and ".join(ON_A_LINE)
COMMAND, BRACKETS = "::error::owned", "##[add-mask]owned"


@dataclass(frozen=True)
class Row:
    """How a command is typed, and the formats that it has."""

    arguments: tuple[str, ...]
    formats: tuple[str, ...] = ("text", "json")


_PLANS: Final = ("text", "json", *PLAN_FORMATS)
_TEXT: Final = ("text",)
TABLE: Final = (
    Row(("init", COMMAND)),
    Row(("validate", "-c", "broken/reconciler.yaml"), ("text", "json", *FINDINGS_FORMATS)),
    Row(("plan",), _PLANS),
    Row(("plan", "-c", "broken/reconciler.yaml"), _TEXT),
    Row(("plan", "-o", f"{COMMAND}.json"), _TEXT),
    Row(("plan", "-o", "-"), _TEXT),
    Row(("plan", "-e", LONG), _TEXT),
    Row(("plan", BRACKETS), _TEXT),
    Row((LONG,), _TEXT),
    Row(("diff", "--against", "HEAD"), _PLANS),
    Row(("diff", "--against", LONG), _TEXT),
    Row(("apply", "--yes", "--actor", LONG)),
    Row(("show", "plan.json"), _PLANS),
    Row(("drift",), _PLANS),
    Row(("packages", "list")),
    Row(("packages", "show", "pro")),
    Row(("packages", "history", "pro")),
    Row(("clients", "list"), ("text", "json", "csv")),
    Row(("clients", "list", "--outdated"), ("text", "json", "csv")),
    Row(("clients", "usage", "--near", "1")),
    *(Row(("clients", "show", name)) for name in COMMANDS),
    Row(("clients", "add", COMMAND, "--name", LONG, "--owner-email", "a@x.example", "--package", "pro")),
    Row(("clients", "update", COMMAND, "--name", LONG)),
    Row(("clients", "forget", COMMAND)),
    Row(("clients", "import", "lines.jsonl")),
    Row(("clients", "import", "header.csv")),
    Row(("clients", "import", "rows.csv")),
    Row(("clients", "import", COMMAND), _TEXT),
    Row(("clients", "assign", COMMAND, "pro")),
    Row(("clients", "assign", COMMAND, "pro", "--yes")),
    Row(("clients", "reassign", COMMAND, "--yes", "--actor", LONG)),
    Row(("clients", "reassign", "--all", "--package", "pro", "--out", f"{COMMAND}.json")),
    Row(("clients", "reassign", "--all", "--package", "pro", "--out", "-"), _TEXT),
    Row(("clients", "reassign", COMMAND, "--package", LONG), _TEXT),
    Row(("clients", "reassign", COMMAND, "--to", LONG, "--new-term", "--reason", LONG[:200]), _TEXT),
    Row(("clients", "usage")),
    Row(("clients", "grant", COMMAND, "chat", "--until", "cycle", "--reason", LONG[:200])),
    Row(("clients", "revoke", COMMAND, "chat")),
    Row(("clients", "extend", COMMAND, "--by", "7d", "--reason", LONG[:200])),
    Row(("explain", COMMAND)),
    Row(("explain", LONG), _TEXT),
    Row(("notes", "--kept"), ("markdown", "json")),
    Row(("history",)),
    Row(("history", "1")),
    Row(("events", "list")),
    Row(("events", "export"), ("json",)),
    Row(("events", "verify")),
    Row(("history", "--client", COMMAND)),
    Row(("history", "--package", "pro")),
    Row(("events", "verify", "--head", f"a\n{COMMAND}"), _TEXT),
    Row(("fmt", "--diff")),
    Row(("pull", "--diff")),
    Row(("import", "csv", "matrix.csv", "--diff")),
    Row(("help", "plan"), _TEXT),
    Row(("platform", "adopt", COMMAND), _TEXT),
    Row(("platform", "migrate", "--check"), _TEXT),
    Row(("platform", "check", f"nothing://{COMMAND}")),
    Row(("rollback", "2", "--yes", "--actor", LONG)),
    Row(("rollback", "2", "--out", f"{COMMAND}.json")),
    Row(("rollback", "2", "--out", "-"), _TEXT),
    Row(("serve", "-e", LONG), _TEXT),
    Row(("platform", "copy", LONG, "local"), _TEXT),
    Row(("tokens", "create", LONG, "--scope", "read"), _TEXT),
    Row(("tokens", "list")),
    Row(("tokens", "rotate", LONG), _TEXT),
    Row(("tokens", "revoke", LONG), _TEXT),
    Row(("compare",), ("text", "json", "markdown", "html", "csv")),
    Row(("watch", "--once", "--state", "state", "--branch", "main"), _TEXT),
    Row(("schema", "package"), _TEXT),
    Row(("schema", "--write", COMMAND), _TEXT),
    Row(("reference", "--write", COMMAND), _TEXT),
    Row(("demo", "--into", COMMAND), _TEXT),
)
RUNS: Final = [
    pytest.param(row, form, id=f"{number}-{'-'.join(row.arguments[:2])[:16]}-{form}".replace("::", ""))
    for number, row in enumerate(TABLE)
    for form in row.formats
]


def leaves(group: click.Command, *above: str) -> Iterator[tuple[str, ...]]:
    if not isinstance(group, click.Group):
        yield above
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from leaves(command, *above, name)


def test_every_command_and_every_format_is_in_the_table() -> None:
    typed = {row.arguments[:length] for row in TABLE for length in (1, 2)}

    assert [path for path in leaves(commands) if path not in typed] == []
    assert {form for row in TABLE for form in row.formats} == set(get_args(Format))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository and its platform, in which whatever somebody else wrote is one of the names."""
    root = tmp_path_factory.mktemp("world") / "repository"
    repository = Repository.made(root, clients_losing="unlimited")
    for number, name in enumerate(map(sanitise, COMMANDS)):
        described = {"description": name, "features": ["chat", "calls"]}
        repository.package(f"p{number}", title=f"{name[:100].strip()} {number}", **described)
    repository.package("pro", title=LONG[:120], description=LONG[:1000], features=["chat", "calls"])
    sold = {"chat": {"title": BRACKETS}, "calls": {"title": COMMAND, "description": LONG[:1000]}}
    repository.write("catalog.yaml", {"features": sold})
    repository.commit(LONG)
    with open_platform("sqlite:///platform.db", root=root) as platform:
        shop = Shop(root, platform)
        shop.apply()
        shop.clients(*ids(), package="pro", usage={"calls": 3})
        repository.package("pro", title=LONG[:120], features=["calls", "chat"], user_count=6)
        shop.apply()
    main(["-c", str(root / "reconciler.yaml"), "tokens", "create", "tester", "--scope", "read"])
    rename(root / "platform.db")
    for number, name in enumerate(map(sanitise, COMMANDS)):
        repository.package(f"p{number}", title=f"{number} {name[:100]}", features=["chat"])
    repository.package("pro", title=LONG[1:121], description=LONG[:998], features=["chat"])
    repository.write(
        "packages/p0.yaml", f"description: |\n    a\n\n    {COMMAND}\ntitle: P0\nuser_count:   1\n"
    )
    main(["-c", str(root / "reconciler.yaml"), "plan", "--out", str(root / "plan.json")])
    repository.write("lines.jsonl", "".join(json.dumps({"id": name, name: name}) + "\n" for name in NAMES))
    for name, rows in (
        ("header.csv", [("id", *NAMES)]),
        ("rows.csv", [("id", "name"), *zip(NAMES, NAMES, strict=True)]),
    ):
        with (root / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    repository.write("matrix.csv", f"feature,{COMMAND}\n{COMMAND},yes\n{BRACKETS},{BRACKETS}\n")
    broken = Repository.made(root / "broken")
    broken.write("packages/pro.yaml", {"title": "Pro", "features": list(ON_A_LINE), LONG: 1})
    broken.write("packages/##[add-mask]owned.yaml", {"title": [COMMAND]})
    return root


def ids() -> list[str]:
    return [f"client-{number}" for number in range(len(NAMES))]


def rename(database: Path) -> None:
    """Put the names into the tables past all checks, as a platform may that is somebody else's."""
    of_ids = list(zip(NAMES, ids(), strict=True))
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "UPDATE clients SET id = ?1, name = ?1, owner_email = ?1, normal_email = ?1 WHERE id = ?2", of_ids
        )
        connection.executemany("UPDATE subscriptions SET client_id = ?1 WHERE client_id = ?2", of_ids)
        connection.executemany("UPDATE usage SET client_id = ?1 WHERE client_id = ?2", of_ids)
        connection.execute("UPDATE runs SET actor = ?", (LONG,))
        connection.execute("UPDATE events SET author = ?1, reason = ?1", (LONG,))
        connection.execute("UPDATE tokens SET name = ?", (LONG,))


@pytest.fixture
def printed(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    """Run a command in a copy of the world, on paper of that width; return what it prints."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    def run(arguments: Sequence[str], width: str) -> tuple[str, str]:
        shutil.copytree(world, tmp_path / width)
        monkeypatch.chdir(tmp_path / width)
        monkeypatch.setenv("COLUMNS", width)
        monkeypatch.setenv("FORCE_COLOR", "1" if width == "60" else "0")
        main(arguments)
        return capfd.readouterr()

    return run


@pytest.mark.parametrize(("row", "form"), RUNS)
def test_no_line_of_a_command_is_obeyed(printed: Callable[..., tuple[str, str]], row: Row, form: str) -> None:
    widths = WIDTHS if form == "text" else WIDTHS[:1]

    texts = [text for width in widths for text in printed([*row.arguments, "--format", form], width)]

    assert [line for text in texts for line in obeyed(text, annotates=form == "github")] == []


@pytest.mark.parametrize(
    "typed",
    [
        "clients list --format text",
        "clients list --format json",
        "history 1",
        "fmt --diff",
        "plan --format text",
        "plan --format markdown",
        "diff --against HEAD --format html",
        "validate -c broken/reconciler.yaml --format github",
        "validate -c broken/reconciler.yaml --format junit",
        "compare --format csv",
        "schema package",
        "schema --write ::error::owned",
    ],
)
def test_a_line_that_would_be_obeyed_is_printed_so_that_it_can_be_read(
    printed: Callable[..., tuple[str, str]], typed: str
) -> None:
    out, err = printed(typed.split(), "40")

    assert re.search(r"\\u003a:|\\u0023#", out + err)


@pytest.mark.parametrize(
    "bug",
    [
        "from reconciler.cli.streams import disarm_tracebacks as d; d(); raise ValueError(text)",
        "import logging, reconciler.cli.commands.serve as c; c.show_logs(); logging.warning(text)",
    ],
)
def test_a_bug_that_quotes_what_it_was_given_is_not_obeyed_either(bug: str) -> None:
    program = f"text = 'a\\n{COMMAND}'; {bug}"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stderr.endswith(": a\n\\u003a:error::owned\n")
