"""A secret with a canary in it, through every command: nothing that is said, logged, sent or kept has it."""

from __future__ import annotations

import json
import os
import socket
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from reconciler.cli.main import main
from reconciler.cli.output import FINDINGS_FORMATS
from reconciler.model.secrets import hiding
from reconciler.wire.paths import PROBLEM
from reconciler.wire.problems import URN
from tests.live.hostile import hostile, response
from tests.repository import Repository
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.hostile import Peer

CANARY = "q7ZkX2vNw8RtB4mJ6yHc9PdGs3LfTa5E"
ID = "c0ffee15bad1"
FORMS = {
    "token": f"rct_{ID}_{CANARY}-0123456789",
    "other": CANARY,
    "long": CANARY * 2_000,
    "message before": f"Token {ID} may: read.\n{CANARY}",
    "message after": f"{CANARY}\nToken {ID} may: read.",
    "two lines": f"{CANARY}\r\n{CANARY}",
    "space": f"{CANARY} {CANARY}",
    "control": f"\x01{CANARY}\x1b[2K",
    "not ASCII": f"{CANARY}é",
    "not UTF-8": os.fsdecode(b"\xff" + CANARY.encode()),
}
COMMANDS = [
    "validate",
    "plan",
    "plan --format json --out plan.json",
    "apply --yes",
    "drift",
    "pull --diff",
    "notes",
    "explain acme",
    "clients list",
    "clients list --format json",
    "clients show acme",
    "clients add acme --name Acme --owner-email a@x.example --package basic",
    "clients assign acme basic --yes",
    "clients reassign basic --yes",
    "clients usage",
    "history",
    "history 1 --format json",
    "rollback 1 --yes",
    "rollback 1 --out back.json",
    "rollback 1 --out -",
    "clients reassign --all --package basic --out moved.json",
    "clients reassign acme --package basic --out -",
    "clients import clients.csv",
    "clients import clients.csv --assign --reason asked",
    "events list",
    "events list --format json",
    "events export",
    "events verify",
    "compare",
    "diff --against HEAD",
    "show plan.json",
    "apply plan.json --yes",
    "platform adopt far",
    "serve --port 0",
    "tokens create mine --scope read",
    "tokens revoke c0ffee15bad1",
    "tokens list",
    "platform migrate",
    "platform copy far near",
    "platform copy near far",
    "watch --once --repository {here} --state ../state --notify-url {hook}",
]
MISPLACED = [
    "plan {secret}",
    "plan -e {secret}",
    "history -e postgresql://u:{secret}@localhost/x",
    "history -c https://{secret}@x.example/reconciler.yaml",
    "history --token-host {secret}",
    "history --token-host PLATFORM_TOKEN=https://u:{secret}@x.example",
    "tokens rotate {secret}",
    "tokens revoke {secret}",
    "explain {secret}",
    "platform copy postgresql://u:{secret}@localhost/x near",
    "platform copy near postgresql://localhost/x?password={secret}",
    "plan --out nowhere/{secret}",
    "apply --allow adopt:{secret}",
    "rollback 1 --out nowhere/{secret}",
    "clients reassign --all --package {secret} --out plan.json",
    "clients import {secret}",
    "events verify --head {secret}",
    "events list --limit {secret}",
    "compare {secret}",
    "diff --against {secret}",
    "notes {secret}",
    "show {secret}",
    "watch --once --repository https://u:{secret}@127.0.0.1:1/x",
    "watch --once --repository {here} --state ../state --notify-url https://u:{secret}@127.0.0.1:1/x",
    "watch --once --repository {here} --state ../state --notify-url http://127.0.0.1:{secret}/x",
    "watch --once --repository {here} --state ../state --notify-url {hook} --notify-secret-env {secret}",
]
TOLD_BY_THEIR_PLACE = [(each, "other") for each in MISPLACED if "{secret}@" in each or "={secret}" in each]
"""Where a secret of no known shape is told from a name."""


@dataclass
class Cage:
    """A checkout, and everything that leaves it."""

    folder: Path
    hook: str
    printed: pytest.CaptureFixture[str]
    notices: list[bytes] = field(default_factory=list)

    def configure(self, far: dict[str, str]) -> None:
        environments = {"far": far, "near": {"platform": "sqlite:///platform.db"}}
        document = {"catalog": "catalog.yaml", "default_environment": "far", "environments": environments}
        (self.folder / "reconciler.yaml").write_text(json.dumps(document), encoding="utf-8")

    def run(self, command: str, secret: str = "") -> tuple[int, str]:
        """Run a command; return its exit code and what it showed."""
        code = main(
            [word.format(hook=self.hook, here=self.folder, secret=secret) for word in command.split(" ")]
        )
        printed = self.printed.readouterr()
        return code, printed.out + printed.err

    def left(self) -> bytes:
        """Return everything that was sent to the webhook or is kept in a file."""
        files = [path for path in self.folder.parent.rglob("*") if path.is_file()]
        return b"\n".join([*self.notices, *(path.read_bytes() for path in files)])


@pytest.fixture
def cage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Cage]:
    """A checkout with a package whose webhook refuses every notice."""
    repository = Repository.made(tmp_path / "checkout")
    repository.package("basic", features=["chat"])
    repository.commit()
    (repository.root / "clients.csv").write_text("id,name\nacme,Acme\n", encoding="utf-8")
    monkeypatch.chdir(repository.root)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    notices: list[bytes] = []

    def refuse(peer: Peer) -> None:
        notices.append(peer.request)
        peer.send(response(peer.request, 500))

    with hostile(refuse, has_platform=False) as url:
        yield Cage(repository.root, f"{url}/hook", capsys, notices)


def pieces_in(text: str | bytes, canary: str = CANARY) -> list[str]:
    """Return the pieces of the canary, eight characters each, that a text has."""
    pieces = [canary[start : start + 8] for start in range(len(canary) - 7)]
    return [piece for piece in pieces if (piece in text if isinstance(text, str) else piece.encode() in text)]


@contextmanager
def platform(kind: str) -> Iterator[dict[str, str]]:
    """Give an environment whose platform is a server that sends back what it is shown, or nowhere."""

    def echo(peer: Peer) -> None:
        told = peer.header("Authorization")
        body = {
            "type": f"{URN}unauthorised",
            "title": told,
            "status": 401,
            "detail": f"{told} is not valid",
            "hint": told,
        }
        peer.send(response(body, 401, PROBLEM))

    with ExitStack() as stack:
        match kind:
            case "server":
                url = stack.enter_context(hostile(echo))
                yield {"platform": url, "token_env": "PLATFORM_TOKEN"}
            case "elsewhere":
                yield {"platform": "https://platform.invalid", "token_env": "PLATFORM_TOKEN"}
            case "database":
                yield {"platform": "postgresql://u@127.0.0.1:1/x", "token_env": "PLATFORM_TOKEN"}
            case _:
                yield {"platform": "postgresql://u@127.0.0.1:1/x"}


@pytest.mark.parametrize("kind", ["server", "elsewhere", "database", "database of libpq"])
@pytest.mark.parametrize("form", FORMS)
def test_no_command_shows_keeps_or_sends_on_a_secret(
    cage: Cage, monkeypatch: pytest.MonkeyPatch, form: str, kind: str
) -> None:
    for name in ("PLATFORM_TOKEN", "PGPASSWORD", "RECONCILER_NOTIFY_SECRET"):
        monkeypatch.setenv(name, FORMS[form])

    with platform(kind) as far:
        cage.configure(far)
        outcomes = {command: cage.run(command) for command in COMMANDS}

    assert {command: found for command, (_, text) in outcomes.items() if (found := pieces_in(text))} == {}
    assert pieces_in(cage.left()) == []
    assert outcomes["validate"][0] == 0
    assert outcomes["plan"][0] == 7


def test_a_secret_that_signs_is_not_in_what_it_signs(cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_NOTIFY_SECRET", CANARY)
    cage.configure({"platform": "sqlite:///platform.db"})

    code, text = cage.run("watch --once --repository {here} --state ../state --notify-url {hook}")

    assert code == 0
    assert "The notice was not delivered: it answers 500" in text
    assert cage.notices
    assert pieces_in(text) == []
    assert pieces_in(cage.left()) == []


@pytest.mark.parametrize(
    ("command", "form"), [*((each, "token") for each in MISPLACED), *TOLD_BY_THEIR_PLACE]
)
def test_a_secret_in_a_wrong_place_is_not_quoted(
    cage: Cage, monkeypatch: pytest.MonkeyPatch, command: str, form: str
) -> None:
    monkeypatch.setenv("RECONCILER_NOTIFY_SECRET", "quiet")
    cage.configure({"platform": "sqlite:///platform.db"})

    code, text = cage.run(command, FORMS[form])

    assert code in {3, 7, 64}
    assert pieces_in(text) == []


@pytest.mark.parametrize(
    "environment",
    [
        {"platform": f"https://x.example?token={CANARY}"},
        {"platform": f"https://{CANARY}@x.example"},
        {"platform": f"postgresql://u:{CANARY}@127.0.0.1:1/x"},
        {"platform": f"postgresql u:{CANARY}@127.0.0.1"},
        {"platform": f"postgresql://u@127.0.0.1:1/x?sslpassword={CANARY}"},
        {"platform": f"postgresql://u@127.0.0.1:1/x?nonsense-token={CANARY}"},
        {"platform": "https://x.example", "token_env": FORMS["token"]},
        {"platform": "https://x.example", "token_env": f"rct_{ID}_{CANARY}"},
        {"platform": "https://x.example", "token": CANARY},
    ],
)
def test_a_secret_in_the_configuration_is_not_repeated(cage: Cage, environment: dict[str, str]) -> None:
    cage.configure(environment)

    texts = [cage.run(command)[1] for command in ("validate", "plan", "history", "serve", "tokens list")]

    assert [pieces_in(text) for text in texts] == [[]] * len(texts)


PASTED = (
    FORMS["token"],
    f"https://u:{CANARY}@h/x",
    f"postgresql://{'u' * 58}:{CANARY}@h/x?password={CANARY}",
)
"""What is pasted where something else belongs; the last is longer than what messages quote."""


@pytest.mark.parametrize("secret", PASTED)
@pytest.mark.parametrize("form", ["text", "json", *FINDINGS_FORMATS])
def test_a_secret_in_a_package_file_is_part_of_no_finding(cage: Cage, form: str, secret: str) -> None:
    cage.configure({"platform": "sqlite:///platform.db"})
    entry = {"removes": secret, "clients": secret, "until": secret, "reason": secret}
    wrong = {"title": [secret], "features": [secret], "limits": {secret: 1}, "user_count": secret}
    more = {secret: 1, "expiry": secret, "allowed_emails": [secret], "acknowledge": [entry]}
    (cage.folder / "packages/wrong.yaml").write_text(json.dumps(wrong | more), encoding="utf-8")
    if "/" not in secret:
        (cage.folder / f"packages/{secret}.yaml").write_text("title: Basic\n", encoding="utf-8")

    code, text = cage.run(f"validate --format {form}")

    assert code == 3
    assert "***" in text
    assert pieces_in(text.lower(), CANARY.lower()) == []


@pytest.mark.parametrize("secret", PASTED)
def test_a_secret_in_a_table_of_clients_is_part_of_no_finding(cage: Cage, secret: str) -> None:
    cage.configure({"platform": "sqlite:///platform.db"})
    table = cage.folder / "clients.csv"
    texts = []
    for lines in (
        f"id,name,{secret}\na,b,c\n",
        f"id,owner_email,package,users\n-{secret},{secret},{secret},{secret}\n",
    ):
        table.write_text(lines, encoding="utf-8")
        texts.append(cage.run("clients import clients.csv"))

    assert [code for code, _ in texts] == [3, 3]
    assert [pieces_in(text.lower(), CANARY.lower()) for _, text in texts] == [[], []]


def test_a_plan_that_is_saved_under_a_secret_is_not_told_to_be(cage: Cage) -> None:
    cage.configure({"platform": "sqlite:///platform.db"})

    code, text = cage.run("plan --out {secret}", FORMS["token"])

    assert code == 0
    assert "Saved to rct_" in text
    assert pieces_in(text) == []


def test_a_server_says_and_logs_nothing_of_the_tokens_that_it_refuses(cage: Cage) -> None:
    cage.configure({"platform": "sqlite:///platform.db"})
    assert main(["tokens", "create", "x", "--scope", "read"]) == 0
    with serving(cage.folder) as server:
        answers = [asked(server.host, secret) for secret in FORMS.values()]
        _, logged = server.ended()

    assert answers[0].startswith("HTTP/1.1 401")
    assert pieces_in("".join(answers) + logged) == []


@pytest.mark.parametrize(
    "said",
    [
        "{0}",
        "half of it: {0:.30}",
        "the rest: {1}",
        "%20{2}",
        "<code>{3}</code>",
        "twice, {0}{0}",
        "{0:.40}-{1}",
    ],
)
def test_what_a_server_sends_back_of_a_token_is_hidden(said: str) -> None:
    secret = f"rct_{ID}_&/{CANARY}"
    sent_back = said.format(secret, secret[5:], quote(secret, safe=""), escape(secret))

    assert pieces_in(hiding(sent_back, secret)) == []


def asked(address: str, secret: str) -> str:
    """Send a request with a secret as it is, and return all that comes back."""
    host, _, port = address.rpartition(":")
    head = (
        f"GET /v1/packages HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {secret}\r\n\r\n"
    )
    answer = b""
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        try:
            connection.sendall(os.fsencode(head))
            while piece := connection.recv(65_536):
                answer += piece
        except ConnectionError:
            pass  # hung up on a header that is too long
    return answer.decode(errors="replace")
