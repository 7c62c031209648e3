"""`serve` and `tokens` as an operator and a team use them: whole processes, one platform."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serving import ROOT, Serving, serving
from tests.shop import opened_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.shop import Shop

NOWHERE = "postgresql://reconciler@127.0.0.1:1/reconciler"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - refused without tokens, which is what is tested


@dataclass
class Team:
    """A folder with the files, the store that the server has, and the server under `production`."""

    shop: Shop

    def __post_init__(self) -> None:
        self.printed: list[str] = []
        self.configure("http://127.0.0.1:1")

    def configure(self, url: str) -> None:
        environments = {
            "local": {"platform": "sqlite:///platform.db"},
            "production": {"platform": url, "token_env": "PLATFORM_TOKEN"},
            "nowhere": {"platform": NOWHERE, "token_env": "PLATFORM_TOKEN"},
        }
        config = {"catalog": "catalog.yaml", "environments": environments}
        (self.shop.root / "reconciler.yaml").write_text(json.dumps(config), encoding="utf-8")

    def run(self, *arguments: str, token: str = "") -> tuple[int, str, str]:
        result = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.shop.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PLATFORM_TOKEN": token, "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if arguments[:2] != ("tokens", "create"):
            self.printed += [result.stdout, result.stderr]
        return result.returncode, result.stdout, result.stderr

    def token(self, *scopes: str) -> str:
        code, text, _ = self.run("tokens", "create", "x", *(f"--scope={scope}" for scope in scopes))
        assert code == 0
        return text.strip()

    def json_of(self, *arguments: str, token: str = "") -> Any:
        code, text, message = self.run(*arguments, "--format", "json", token=token)
        assert code == 0, message
        return [json.loads(line) for line in text.splitlines()]

    @contextmanager
    def served(self) -> Iterator[Serving]:
        with serving(self.shop.root) as server:
            self.configure(server.url)
            yield server


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A package whose file takes a feature from its holder."""
    with opened_shop(tmp_path) as shop:
        shop.package("pro", features=["chat", "calls"])
        shop.apply()
        shop.clients("acme", package="pro", usage={"calls": 3})
        shop.package("pro", features=["chat"])
        yield Team(shop)


def without(plan: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in plan.items() if key not in keys}


def test_through_a_server_everything_is_as_it_is_on_the_store(team: Team) -> None:
    token = team.token("read", "packages")
    there = ("-e", "production")
    told_apart = ("environment", "created_at", "hash")
    with team.served():
        here_plan, there_plan = team.json_of("plan"), team.json_of("plan", *there, token=token)
        applied = team.run("apply", "--yes", "--actor", "ana", *there, token=token)
        second = team.json_of("plan", *there, token=token)
        drift = team.run("drift", *there, token=token)
        seen = [
            (team.json_of(*asked), team.json_of(*asked, *there, token=token))
            for asked in (("clients", "list"), ("clients", "show", "acme"), ("history",), ("history", "2"))
        ]

    assert without(there_plan[0], *told_apart) == without(here_plan[0], *told_apart)
    assert applied[0] == 0
    assert second[0]["changes"] == []
    assert drift[0] == 0
    assert all(here == there for here, there in seen)
    assert seen[1][0][0]["entitlements"]["features"] == ["calls", "chat"]


def test_a_token_says_what_its_bearer_may_do(team: Team) -> None:
    reader = team.token("read")
    with team.served():
        outcomes = {
            "nothing": team.run("plan", "-e", "production"),
            "forged": team.run("plan", "-e", "production", token=reader[:-1] + "!"),
            "too little": team.run("apply", "--yes", "-e", "production", token=reader),
            "enough": team.run("plan", "-e", "production", token=reader),
        }
        _, listed, _ = team.run("tokens", "list", "--format", "json")
        revoked = team.run("tokens", "revoke", json.loads(listed)["id"])
        outcomes["revoked"] = team.run("plan", "-e", "production", token=reader)

    codes = {name: code for name, (code, _, _) in outcomes.items()}
    assert codes == {"nothing": 7, "forged": 7, "too little": 7, "enough": 0, "revoked": 7}
    assert "takes its token from PLATFORM_TOKEN, which is not set" in outcomes["nothing"][2]
    assert "not valid" in outcomes["forged"][2]
    assert "lacks the scope packages" in outcomes["too little"][2]
    assert revoked[0] == 0


def test_no_secret_is_shown_kept_or_passed_on(team: Team) -> None:
    token = team.token("read")
    wrong = token[:-1] + ("x" if token[-1] != "x" else "y")
    with team.served() as server:
        team.run("plan", "-e", "production", "--out", "plan.json", token=token)
        team.run("plan", "-e", "production", token=wrong)
        team.run("apply", "--yes", "-e", "production", token=token)
        team.run("plan", "-e", "nowhere", token=token)
        team.run("tokens", "list")
        team.run("explain", "acme", "-e", "production", token=token)
        _, metrics, _ = team.run(
            "clients", "show", "acme", "-e", "production", "--format", "json", token=token
        )
        arguments = Path(f"/proc/{server.process.pid}/cmdline").read_text(encoding="utf-8")
        _, logged = server.ended()

    kept = [path.read_bytes() for path in team.shop.root.rglob("*") if path.is_file()]
    shown = "".join([*team.printed, metrics, arguments, logged])
    secrets = [each.split("_", 2)[2] for each in (token, wrong)]
    assert not [secret for secret in secrets if secret in shown]
    assert not [secret for secret in secrets if any(secret.encode() in content for content in kept)]


def test_a_server_listens_on_this_machine_alone_unless_it_is_told(team: Team) -> None:
    with team.served() as server:
        announced = server.announced
        code, messages = server.ended()

    assert re.match(r"Serving at http://127\.0\.0\.1:\d+, without tokens, so open to everybody", announced)
    assert (code, messages) == (0, "")


def test_what_is_no_request_is_logged_in_words(team: Team) -> None:
    with team.served() as server:
        host, port = server.host.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"::error::owned\r\n\r\n")
            while connection.recv(1024):
                pass
        code, messages = server.ended()

    assert (code, messages) == (0, "WARNING: Invalid HTTP request received.\n")


def test_without_tokens_nobody_else_is_let_in(team: Team) -> None:
    code, _, message = team.run("serve", "--host", EVERYWHERE, "--port", "0")

    assert code == 4
    assert "has no tokens" in message
    assert "tokens create" in message


def test_with_tokens_other_machines_are_let_in(team: Team) -> None:
    team.token("read")

    with serving(team.shop.root, "--host", EVERYWHERE) as server:
        assert re.match(r"Serving at http://0\.0\.0\.0:\d+, with tokens", server.announced)


def test_an_address_in_use_is_said(team: Team) -> None:
    with team.served() as server:
        code, _, message = team.run("serve", "--port", server.url.rpartition(":")[2])

    assert code == 7
    assert "cannot be listened on" in message
    assert "Choose another --host or --port." in message


def test_a_platform_that_is_itself_served_is_not_served_again(team: Team) -> None:
    code, _, message = team.run("serve", "-e", "production", token=team.token("admin"))

    assert code == 3
    assert "Only a database can be served" in message
