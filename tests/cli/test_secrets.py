"""Secrets on the command line: which are taken, where they may go, and that none is shown."""

from __future__ import annotations

import json
import shutil
import socketserver
import stat
import struct
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import trustme

from reconciler.cli.main import main
from reconciler.live.opening import open_served
from reconciler.server.app import application
from tests.live.hostile import hostile, response
from tests.servers import running, served
from tests.terminals import answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.hostile import Peer

TOKEN = "rct_0123456789ab_canary-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"  # noqa: S105 - of nobody
ANY = "0.0.0.0"  # noqa: S104 - an address of this machine that is not its loopback
VARIABLE = "PLATFORM_TOKEN"


@dataclass
class Desk:
    """A person's checkout, settings and shell, with a platform on the same machine.

    Attributes:
        shown: The credentials that the platform was shown.
    """

    folder: Path
    here: str
    shell: pytest.MonkeyPatch
    printed: pytest.CaptureFixture[str]
    shown: list[str] = field(default_factory=list)

    def configure(self, platform: str, token_env: str = VARIABLE, **more: str) -> None:
        environment = {"platform": platform, **more} | ({"token_env": token_env} if token_env else {})
        document = {"environments": {"local": environment}}
        (self.folder / "reconciler.yaml").write_text(json.dumps(document), encoding="utf-8")

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        printed = self.printed.readouterr()
        return code, printed.out, printed.err


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    shown: list[str] = []

    def note(peer: Peer) -> None:
        shown.append(peer.header("Authorization"))
        peer.send(response(b'{"end":0}\n', kind="application/x-ndjson"))

    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("PLATFORM_TOKEN", TOKEN)
    for name in ("RECONCILER_TOKEN_HOSTS", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with hostile(note) as url:
        desk = Desk(folder, url, monkeypatch, capsys, shown)
        desk.configure(url)
        yield desk


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (f"Token 0123456789ab may: read.\n{TOKEN}", "character 6 is a space"),
        (f"{TOKEN}\nToken 0123456789ab may: read.", f"character {len(TOKEN) + 1} is a line break"),
        (f"{TOKEN}\n\n", f"character {len(TOKEN) + 1} is a line break"),
        (f"{TOKEN}\r", f"character {len(TOKEN) + 1} is a line break"),
        (f" {TOKEN}", "character 1 is a space"),
        (f"{TOKEN}\t", "is white space"),
        (f"\x1b[2K{TOKEN}", "character 1 is a control character"),
        (f"{TOKEN}\x7f", "is a control character"),
        (f"{TOKEN}é", "is not ASCII"),
        (f"{TOKEN}\u2028", "is a line break"),
        (f"{TOKEN}\udcff", "is a byte that is not UTF-8"),
    ],
)
def test_what_is_no_token_is_refused_by_the_place_and_kind_of_a_character(
    desk: Desk, token: str, said: str
) -> None:
    desk.shell.setenv("PLATFORM_TOKEN", token)

    code, output, message = desk.run("clients", "list")

    assert (code, output, desk.shown) == (7, "", [])
    assert "PLATFORM_TOKEN does not hold a token alone" in message
    assert said in message
    assert "2>&1" in message
    assert "canary" not in message


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_line_end_that_a_file_leaves_is_not_part_of_the_token(desk: Desk, end: str) -> None:
    desk.shell.setenv("PLATFORM_TOKEN", TOKEN + end)

    assert desk.run("clients", "list")[0] == 0
    assert set(desk.shown) == {f"Bearer {TOKEN}"}


def test_a_file_may_hold_the_token(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    desk.configure(desk.here, "", token_file=str(file))

    assert desk.run("clients", "list")[0] == 0
    assert set(desk.shown) == {f"Bearer {TOKEN}"}


def test_a_file_of_the_checkout_holds_no_token(desk: Desk) -> None:
    subprocess.run(["git", "init", "--quiet", desk.folder], check=True)
    file = desk.folder / "token"
    file.write_text(TOKEN)
    desk.configure(desk.here, "", token_file=str(file))

    code, _, message = desk.run("clients", "list")

    assert (code, desk.shown) == (7, [])
    assert "lies in the working copy" in message


def test_a_file_that_is_not_there_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.configure(desk.here, "", token_file=str(tmp_path / "gone"))

    code, _, message = desk.run("clients", "list")

    assert code == 7
    assert f"{tmp_path / 'gone'} cannot be read" in message


def test_the_token_of_a_file_goes_only_where_the_file_may(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    desk.configure("https://packages.example.com", "", token_file=str(file))

    code, _, message = desk.run("clients", "list")

    assert code == 7
    assert f"RECONCILER_TOKEN_HOSTS={file}=packages.example.com" in message


@pytest.mark.parametrize("password", ["pass phrase", "pässword", "p@ss/w?rd"])
def test_the_password_of_a_database_may_be_any_text_on_one_line(desk: Desk, password: str) -> None:
    desk.configure("postgresql://reconciler@127.0.0.1:1/reconciler")
    desk.shell.setenv("PLATFORM_TOKEN", password)

    code, _, message = desk.run("clients", "list")

    assert code == 7
    assert "out of reach" in message


@pytest.mark.parametrize("token_env", ["PLATFORM_TOKEN", "PGPASSWORD", ""])
def test_a_password_with_a_line_break_is_refused_whoever_reads_it(desk: Desk, token_env: str) -> None:
    desk.configure("postgresql://reconciler@127.0.0.1:1/reconciler", token_env)
    desk.shell.setenv(token_env or "PGPASSWORD", "canary\ncanary")

    code, _, message = desk.run("clients", "list")

    assert code == 7
    assert "does not hold a password alone: character 7 is a line break" in message
    assert "canary" not in message


@pytest.mark.parametrize(
    ("platform", "named"),
    [
        ("https://platform.example.com", "platform.example.com"),
        ("https://platform.example.com:443/api", "platform.example.com"),
        ("https://PLATFORM.example.com.", "platform.example.com"),
        ("https://platform.example.com:8443", "platform.example.com:8443"),
        ("https://bücher.example", "xn--bcher-kva.example"),
        ("https://127.0.0.1.example.com", "127.0.0.1.example.com"),
        ("https://localhost.example.com", "localhost.example.com"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("https://2130706433", "2130706433"),
        ("postgresql://u@db.example.com/x", "db.example.com"),
        ("postgresql://u@localhost/x?host=db.example.com", "db.example.com"),
        ("postgresql://u@localhost/x?host=localhost:1&host=db.example.com:1", "db.example.com:1"),
        ("postgresql://u@localhost/x?hostaddr=192.0.2.1", "192.0.2.1"),
        ("postgresql://u@localhost,db.example.com/x", "db.example.com"),
        ("audited://somewhere/else", "somewhere/else"),
        ("unleash+https://flags.example.com/?store=sqlite:///x.db", "flags.example.com"),
        ("unleash+https://localhost/?store=postgresql://u@db.example.com/x", "db.example.com"),
    ],
)
def test_a_secret_goes_to_no_host_that_only_the_checkout_names(desk: Desk, platform: str, named: str) -> None:
    desk.configure(platform)

    code, output, message = desk.run("clients", "list")

    assert (code, output) == (7, "")
    assert f"sends PLATFORM_TOKEN to {named}," in message
    assert "If it belongs there, set this and try again:" in message
    assert f"RECONCILER_TOKEN_HOSTS={named_entry(named)}" in message
    assert "canary" not in message


def named_entry(host: str) -> str:
    """The entry as a shell takes it."""
    entry = f"PLATFORM_TOKEN={host}"
    return f"'{entry}'" if "[" in host else entry


def test_the_line_to_add_is_safe_to_paste(desk: Desk) -> None:
    desk.configure("postgresql://u@a;touch$IFS/tmp/x;/x")

    _, _, message = desk.run("clients", "list")

    assert "RECONCILER_TOKEN_HOSTS='PLATFORM_TOKEN=a;touch$ifs'" in message


def test_the_password_that_libpq_reads_by_itself_is_guarded_like_any_other(desk: Desk) -> None:
    desk.configure("postgresql://u@db.example.com/x", token_env="")
    desk.shell.setenv("PGPASSWORD", "canary-password")

    code, _, message = desk.run("clients", "list")

    assert code == 7
    assert "RECONCILER_TOKEN_HOSTS=PGPASSWORD=db.example.com" in message


def test_the_password_that_libpq_reads_is_not_sent_to_a_store_either(desk: Desk) -> None:
    desk.configure("unleash+http://localhost:1/?store=postgresql://u@db.example.com/x", token_env="")
    desk.shell.setenv("PGPASSWORD", "canary-password")

    code, _, message = desk.run("clients", "list")

    assert code == 7
    assert "RECONCILER_TOKEN_HOSTS=PGPASSWORD=db.example.com" in message


def test_a_copy_guards_the_passwords_of_both_its_ends(desk: Desk) -> None:
    near, far = (
        "sqlite:///platform.db",
        {"platform": "postgresql://u@db.example.com/x", "token_env": "PLATFORM_TOKEN"},
    )
    document = {"environments": {"local": {"platform": near}, "far": far}}
    (desk.folder / "reconciler.yaml").write_text(json.dumps(document), encoding="utf-8")

    outcomes = [desk.run("platform", "copy", *ends) for ends in (("local", "far"), ("far", "local"))]

    assert [code for code, _, _ in outcomes] == [7, 7]
    assert all("sends PLATFORM_TOKEN to db.example.com" in message for _, _, message in outcomes)


@pytest.mark.parametrize(
    "parameter",
    [
        "service=elsewhere",
        "conninfo=host%3Ddb.example.com",
        "conninfo=hostaddr%3D192.0.2.1",
        "dbname=postgresql://db.example.com/x",
        "HOST=db.example.com",
        "passfile=passwords",
        "sslkeylogfile=keys",
        "autocommit=1",
        "plugin=x",
    ],
)
@pytest.mark.parametrize("host", ["", "u@localhost"])
def test_what_could_hide_the_host_from_whoever_looks_for_it_is_refused(
    desk: Desk, host: str, parameter: str
) -> None:
    desk.configure(f"postgresql://{host}/x?sslmode=require&{parameter}")

    code, _, message = desk.run("clients", "list")

    assert code == 3
    assert f"sets `{parameter.partition('=')[0]}`" in message


@pytest.fixture
def far(desk: Desk, tmp_path: Path) -> Iterator[str]:
    """The address of a platform that counts as another machine's; every address of this one reaches it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    certificate = tmp_path / "server.pem"
    authority.issue_cert(ANY).private_key_and_cert_chain_pem.write_to_path(certificate)
    desk.shell.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with (
        open_served("sqlite:///platform.db", root=tmp_path) as (platform, _),
        running(application(served(platform)), certificate) as url,
    ):
        address = url.replace("127.0.0.1", ANY)
        desk.configure(address)
        yield address.removeprefix("https://")


@pytest.mark.parametrize(
    "form", ["PLATFORM_TOKEN={}", "OTHER=x.example,PLATFORM_TOKEN={}", "A=x PLATFORM_TOKEN={}"]
)
def test_a_variable_says_where_secrets_may_go(desk: Desk, far: str, form: str) -> None:
    desk.shell.setenv("RECONCILER_TOKEN_HOSTS", form.format(far))

    assert desk.run("clients", "list")[0] == 0


@pytest.mark.parametrize(
    "form",
    [["--token-host", "{}", "clients", "list"], ["clients", "list", "--token-host=A=x", "--token-host={}"]],
)
def test_an_option_says_where_secrets_may_go(desk: Desk, far: str, form: list[str]) -> None:
    arguments = [each.format(f"PLATFORM_TOKEN={far}") for each in form]

    assert desk.run(*arguments)[0] == 0


@pytest.mark.parametrize(
    "entry", ["OTHER={}", "PLATFORM_TOKEN=0.0.0.0", "PLATFORM_TOKEN=x.{}", "PLATFORM_TOKEN=*"]
)
def test_what_is_said_of_another_variable_port_or_host_does_not_count(
    desk: Desk, far: str, entry: str
) -> None:
    desk.shell.setenv("RECONCILER_TOKEN_HOSTS", entry.format(far))

    assert desk.run("clients", "list")[0] == 7


@pytest.mark.parametrize("entry", [TOKEN, "PLATFORM_TOKEN", "PLATFORM_TOKEN=https://x.example", "=x.example"])
def test_what_is_no_entry_is_refused_and_not_quoted(desk: Desk, entry: str) -> None:
    desk.shell.setenv("RECONCILER_TOKEN_HOSTS", entry)

    code, _, message = desk.run("clients", "list")

    assert code == 64
    assert "PLATFORM_TOKEN=platform.example.com" in message
    assert "canary" not in message


def test_on_a_terminal_it_is_asked_once_where_a_secret_may_go(desk: Desk, far: str, tmp_path: Path) -> None:
    asked = answered(desk.folder, b"y\n", "clients", "list")
    again = desk.run("clients", "list")
    file = tmp_path / "settings" / "reconciler" / "token-hosts"

    assert asked[0] == again[0] == 0
    assert f"sends PLATFORM_TOKEN to {far}" in asked[1]
    assert file.read_text(encoding="utf-8") == f"PLATFORM_TOKEN={far}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert TOKEN not in asked[1]


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 7), (b"\n", 7), (b"\x03", 130)])
def test_an_answer_that_is_not_yes_sends_and_remembers_nothing(
    desk: Desk, far: str, answer: bytes, code: int
) -> None:
    ended, seen = answered(desk.folder, answer, "clients", "list")

    assert far in seen
    assert ended == code
    assert ("Interrupted. Nothing was sent there." in seen) == (code == 130)
    assert desk.run("clients", "list")[0] == 7


def test_an_answer_is_kept_where_the_settings_lead_to(desk: Desk, far: str, tmp_path: Path) -> None:
    file = tmp_path / "settings" / "reconciler" / "token-hosts"
    file.parent.mkdir(parents=True)
    file.symlink_to(tmp_path / "dotfiles")

    answered(desk.folder, b"y\n", "clients", "list")

    assert file.is_symlink()
    assert (tmp_path / "dotfiles").read_text(encoding="utf-8") == f"PLATFORM_TOKEN={far}\n"


def test_an_answer_that_cannot_be_kept_is_told_with_why_and_what_to_set(
    desk: Desk, far: str, tmp_path: Path
) -> None:
    (tmp_path / "settings").write_text("in the way", encoding="utf-8")

    code, seen = answered(desk.folder, b"y\n", "clients", "list")

    assert code == 0
    assert f"this command only. The answer cannot be remembered: {tmp_path}/settings/reconciler" in seen
    assert "cannot be made: Not a directory" in seen
    assert f"Set RECONCILER_TOKEN_HOSTS=PLATFORM_TOKEN={far} instead" in seen


def test_a_loop_asks_once_and_ends_with_a_no(desk: Desk, far: str, tmp_path: Path) -> None:
    loop = ("watch", "--interval", "0.1", "--repository", str(tmp_path), "--state", str(tmp_path / "state"))

    code, seen = answered(desk.folder, b"n\n", *loop)

    assert code == 7
    assert seen.count("Does it belong there") == 1
    assert far in seen


@pytest.mark.parametrize("planted", ["", "reconciler", "reconciler/token-hosts"])
@pytest.mark.parametrize("variable", ["HOME", "XDG_CONFIG_HOME"])
def test_a_commit_names_no_host_where_the_checkout_is_the_home(
    desk: Desk, far: str, tmp_path: Path, planted: str, variable: str
) -> None:
    (desk.folder / ".git").mkdir()
    desk.shell.delenv("XDG_CONFIG_HOME")
    desk.shell.setenv(variable, str(desk.folder if variable == "HOME" else desk.folder / ".config"))
    for folder in (desk.folder / ".config", tmp_path / "elsewhere"):
        file = folder / "reconciler" / "token-hosts"
        file.parent.mkdir(parents=True)
        file.write_text(f"PLATFORM_TOKEN={far}\n", encoding="utf-8")
    if planted:
        shutil.rmtree(desk.folder / ".config")
        link = desk.folder / ".config" / planted
        link.parent.mkdir(parents=True)
        link.symlink_to(tmp_path / "elsewhere" / planted)

    refused = desk.run("clients", "list")
    _, seen = answered(desk.folder, b"n\n", "clients", "list")

    assert refused[0] == 7
    assert "Does it belong there" in seen


def test_an_answer_is_not_kept_where_a_commit_could_change_it(desk: Desk, far: str) -> None:
    (desk.folder / ".git").mkdir()
    desk.shell.setenv("XDG_CONFIG_HOME", str(desk.folder))

    code, seen = answered(desk.folder, b"y\n", "clients", "list")

    assert code == 0
    assert "lies in the working copy, whose commits could change it" in seen
    assert far in seen
    assert not (desk.folder / "reconciler").exists()


def test_a_database_elsewhere_is_not_even_asked_what_it_wants(desk: Desk) -> None:
    with asking_for_passwords() as (port, passwords):
        desk.configure(f"postgresql://u@0.0.0.0:{port}/x")
        refused = desk.run("clients", "list")
        seen_before = list(passwords)
        desk.shell.setenv("RECONCILER_TOKEN_HOSTS", f"PLATFORM_TOKEN=0.0.0.0:{port}")
        desk.run("clients", "list")

    assert refused[0] == 7
    assert seen_before == []
    assert set(passwords) == {TOKEN}


@contextmanager
def asking_for_passwords() -> Iterator[tuple[int, list[str]]]:
    """Speak enough of PostgreSQL to be sent a password in clear, as any server may ask."""
    passwords: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self._asked() == _WANTS_TLS:
                self.wfile.write(b"N")
            self.wfile.write(b"R" + struct.pack(">II", 8, _CLEARTEXT))
            if self.rfile.read(1) == b"p":
                (length,) = struct.unpack(">I", self.rfile.read(4))
                passwords.append(self.rfile.read(length - 4).rstrip(b"\0").decode())

        def _asked(self) -> int:
            (length, code) = struct.unpack(">II", self.rfile.read(8))
            self.rfile.read(length - 8)
            return int(code)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_address[1], passwords
        server.shutdown()
        thread.join(5)


_WANTS_TLS = 80877103
_CLEARTEXT = 3
