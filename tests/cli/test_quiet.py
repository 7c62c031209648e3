"""`--quiet`: a command that succeeds prints its result, and on the person's terminal nothing else."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

import httpx
import pytest

from reconciler.cli.exit_codes import CHANGES, DONE
from reconciler.cli.lazy_group import LazyGroup
from reconciler.cli.main import main
from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_platform, open_served
from reconciler.model.grants import Granting
from reconciler.model.tokens import Scope
from tests.cli.test_options import COMMANDS
from tests.repository import Repository
from tests.shop import Shop
from tests.watching import free_port, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).parents[2]
LEAVES: Final = {
    path.removeprefix("reconciler ")
    for path, command in COMMANDS.items()
    if not isinstance(command, LazyGroup)
}
MATRIX: Final = "feature,basic\nchat,yes\ncalls,no\n"
LINE: Final = {"id": "new", "name": "New", "owner_email": "n@x.example", "package": "pro"}
TABLE: Final = {
    "init": "init elsewhere",
    "validate": "validate --fix --no-cache",
    "plan": "plan --out plan-of-today.json",
    "diff": "diff --against HEAD",
    "apply": "apply --yes",
    "show": "show plan.json",
    "drift": "drift",
    "packages list": "packages list",
    "packages show": "packages show pro",
    "packages history": "packages history pro",
    "clients list": "clients list",
    "clients show": "clients show acme",
    "clients add": "clients add new --name New --owner-email n@x.example --package pro",
    "clients update": "clients update acme --name Acme",
    "clients forget": "clients forget acme --yes",
    "clients import": "clients import --batch 1 lines.jsonl",
    "clients assign": "clients assign acme free --yes",
    "clients reassign": "clients reassign acme --yes",
    "clients grant": "clients grant acme minutes --add 5 --until subscription --reason Sorry --yes",
    "clients revoke": "clients revoke acme GRANT --yes",
    "clients extend": "clients extend tim --by 7d --reason Sorry --yes",
    "clients usage": "clients usage",
    "explain": "explain acme",
    "notes": "notes --kept",
    "history": "history 1",
    "events list": "events list",
    "events export": "events export",
    "events verify": "events verify",
    "fmt": "fmt",
    "pull": "pull --archived",
    "import": "import csv matrix.csv",
    "rollback": "rollback 2 --yes",
    "serve": "serve",
    "platform migrate": "platform migrate",
    "platform copy": "platform copy local other",
    "platform check": "platform check sqlite:///checked/{}.db --only new_platform",
    "platform adopt": "platform adopt --new-lineage",
    "tokens create": "tokens create more --scope read",
    "tokens list": "tokens list",
    "tokens rotate": "tokens rotate TOKEN",
    "tokens revoke": "tokens revoke TOKEN",
    "compare": "compare",
    "watch": "watch --once --state ../state",
    "schema": "schema --write written",
    "reference": "reference --write pages",
    "help": "help plan",
    "demo": "demo --into story",
}

SILENT: Final = {"validate", "platform migrate", "platform copy", "platform adopt", "tokens revoke"}
"""Their result is that it is so."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, str]]:
    """A repository that is ahead of its platform, on which each command has something to tell."""
    root = tmp_path_factory.mktemp("quiet") / "here"
    repository = Repository.made(root)
    there = {name: {"platform": f"sqlite:///{name}.db"} for name in ("local", "other")}
    repository.write("reconciler.yaml", {"catalog": "catalog.yaml", "environments": there})
    repository.package("free", features=["chat", "calls", "agent"], ai_credits=5)
    capped = {"limits": {"minutes": 100, "sessions": 10}}
    repository.package("pro", features=["chat", "calls", "sessions"], **capped)
    repository.package("trial", features=["chat"], expiry="30 days")
    repository.commit()
    with open_platform("sqlite:///local.db", root=root) as platform:
        shop = Shop(root, platform, datetime.now(UTC) - timedelta(hours=1))
        shop.apply()
        shop.clients("acme", package="pro")
        shop.clients("tim", package="trial")
        platform.adjust("acme", Granting("minutes", "subscription", add=5), shop.at)
        (grant,) = shop.client("acme").grants
        repository.package("pro", features=["chat", "calls", "sessions"], **capped, user_count=6)
        repository.commit()
        shop.apply()
    with open_served("sqlite:///local.db", root=root) as (_, register):
        token, _ = create_token(register, "ci", (Scope.READ,), shop.at)
    assert main(["-c", str(root / "reconciler.yaml"), "plan", "--out", str(root / "plan.json")]) == 0
    repository.package("pro", features=["chat", "calls", "sessions"], **capped, user_count=7)
    repository.write(
        "packages/free.yaml", "title:   Free\nuser_count: 5\nfeatures: [chat, calls, agent]\nai_credits: 5\n"
    )
    repository.write("matrix.csv", MATRIX)
    repository.write("lines.jsonl", json.dumps(LINE) + "\n")
    return root, {"GRANT": grant.id, "TOKEN": token.id}


def test_every_command_is_in_the_table() -> None:
    assert TABLE.keys() == LEAVES
    assert all(typed.startswith(command) for command, typed in TABLE.items())


@pytest.mark.parametrize("command", [command for command in TABLE if command != "serve"])
def test_a_quiet_command_that_succeeds_prints_its_result_alone(
    prepared: tuple[Path, Mapping[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    root, names = prepared
    monkeypatch.chdir(shutil.copytree(root, tmp_path / "here"))
    typed = [names.get(word, word) for word in TABLE[command].split()]

    with screen(monkeypatch) as shown:
        code = main([*typed, "--quiet"])

    result = capsys.readouterr().out
    assert (code, b"".join(shown).decode()) == (CHANGES if command == "drift" else DONE, "")
    assert "Next" not in result
    assert bool(result) == (command not in SILENT), result


def test_a_quiet_server_announces_nothing(prepared: tuple[Path, Mapping[str, str]], tmp_path: Path) -> None:
    root, _ = prepared

    assert served(shutil.copytree(root, tmp_path / "here")) == (DONE, "")


@contextmanager
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Have standard error be a terminal for the block; what it showed is whole once the block has ended."""
    leader, follower = pty.openpty()
    shown: list[bytes] = []
    reader = Thread(target=lambda: shown.extend(iter(lambda: read(leader), b"")))
    reader.start()
    with os.fdopen(follower, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", terminal)
        patched.setenv("TERM", "xterm")
        patched.setenv("CI", "")
        yield shown
    reader.join()
    os.close(leader)


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # nobody has it open any more
        return b""


def served(folder: Path) -> tuple[int, str]:
    """Serve until it answers; return the exit code and what was written to standard error."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "serve", "--quiet", "--port", str(port)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: is_healthy(port))
    process.terminate()
    _, messages = process.communicate(timeout=60)
    return process.returncode, messages


def is_healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
