import hmac
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest

from reconciler.cli.main import main
from tests.repository import Repository
from tests.watching import Site, free_port, until

SIGNED = {"RECONCILER_NOTIFY_SECRET": "quiet"}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site.made(tmp_path)
    yield site
    site.stop()


def test_two_loops_end_at_the_last_good_commit_whatever_is_pushed_or_edited(site: Site) -> None:
    good = [site.author.git("rev-parse", "HEAD")]
    loops = [site.start("--on-drift", "correct") for _ in range(2)]
    until(lambda: site.user_count() == 5)

    site.author.package("basic", features=["chat", "calls"], user_count=6)
    good.append(site.push())
    until(lambda: site.user_count() == 6)

    site.author.package("basic", features=["chta"])
    site.push()
    until(lambda: all("invalid" in each.outcomes() for each in loops))

    site.hold("acme")
    site.edit_by_hand(user_count=99)
    until(lambda: site.user_count() == 6)

    site.author.package("basic", features=["chat"], user_count=6, rollout={"existing_clients": "reassign"})
    site.push()
    until(lambda: all("blocked" in each.outcomes() for each in loops))

    loops[0].process.kill()
    loops[0].process.wait()
    site.author.package("basic", features=["chat", "calls"], user_count=7)
    good.append(site.push())
    until(lambda: site.user_count() == 7)

    assert site.commits() == [good[0], good[1], good[1], good[2]]


def test_a_signal_ends_the_loop_cleanly(site: Site) -> None:
    loop = site.start()
    until(lambda: "in-step" in loop.outcomes())

    loop.process.send_signal(signal.SIGTERM)
    _, errors = loop.process.communicate(timeout=30)

    assert loop.process.returncode == 0
    assert errors == ""


def test_probes_and_metrics_tell_how_the_loop_is(site: Site) -> None:
    port = free_port()
    loop = site.start("--listen", f"127.0.0.1:{port}", "--suspend-file", str(site.folder / "suspend"))
    until(lambda: "in-step" in loop.outcomes())

    healthy = urlopen(f"http://127.0.0.1:{port}/healthz").status
    ready = urlopen(f"http://127.0.0.1:{port}/readyz").status
    (site.folder / "suspend").touch()
    until(lambda: "suspended" in [line["event"] for line in loop.said()])
    metrics = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()

    assert (healthy, ready) == (200, 200)
    shapes = {tuple(line)[:4] for line in loop.said()}
    assert shapes == {("level", "at", "event", "environment")}
    assert 'reconciler_watch_events_total{outcome="applied"} 1.0' in metrics
    assert "reconciler_watch_suspended 1.0" in metrics


def test_notices_are_signed_and_say_news_once(site: Site) -> None:
    with receiver() as (url, received):
        options = ("--notify-url", url)
        loop = site.start(*options, **SIGNED)
        until(lambda: "in-step" in loop.outcomes())
        site.author.package("basic", features=["chta"])
        site.push()
        until(lambda: len(received) >= 2)
        time.sleep(1)

    assert [json.loads(body)["event"] for _, body in received] == ["applied", "invalid"]
    for header, body in received:
        at, _, stated = header.removeprefix("t=").partition(",v1=")
        assert stated == hmac.new(b"quiet", f"{at}.".encode() + body, sha256).hexdigest()
        assert "acme" not in body.decode()


@pytest.mark.parametrize("url", ["http://example.com/hook", "ftp://x.example", "https://", "nonsense"])
def test_notices_go_to_https_only(site: Site, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.chdir(site.operator)
    monkeypatch.setenv("RECONCILER_NOTIFY_SECRET", "quiet")

    assert main(["watch", "--once", "--repository", str(site.folder / "bare.git"), "--notify-url", url]) == 64


def test_notices_without_a_secret_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.operator)

    assert main(["watch", "--once", "--repository", "x", "--notify-url", "https://x.example"]) == 64


def test_two_loops_cannot_share_a_folder(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.start()
    until((site.folder / "state-0" / "HEAD").exists)
    monkeypatch.chdir(site.operator)

    assert main(["watch", "--once", "--repository", "x", "--state", str(site.folder / "state-0")]) == 64


def test_once_says_by_its_exit_code_whether_all_was_in_reach(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(site.operator)

    reached = main(["watch", "--once", "--repository", str(site.folder / "bare.git")])
    missed = main(["watch", "--once", "--repository", str(site.folder / "nowhere")])

    assert (reached, missed) == (0, 7)
    said = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert said == ["applied", "failed"]


class TestAHostileCommit:
    """A commit of the repository that the operator has checked out, and runs the loop in."""

    def check_out(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        site.author.git("clone", "-q", str(site.author.root), str(site.folder / "checkout"))
        monkeypatch.chdir(site.folder / "checkout")

    def test_runs_no_command_by_a_repository_that_it_planted(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = f"""
        [core]
            repositoryformatversion = 0
            bare = true
            sshCommand = touch {site.folder}/run; false
        [url "ssh://host.invalid/"]
            insteadOf = /
        """
        planted = {"HEAD": "ref: refs/heads/main", "config": config, "objects/x": "", "refs/x": ""}
        site.author.plant(**{f".reconciler/watch/{path}": ("100644", text) for path, text in planted.items()})
        self.check_out(site, monkeypatch)

        code = main(["watch", "--once"])

        assert not (site.folder / "run").exists()
        assert code == 0

    def test_has_nothing_cut_by_a_link_that_it_planted(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        victim = site.folder / "victim"
        victim.write_text("precious")
        site.author.plant(**{".reconciler/watch/lock": ("120000", str(victim))})
        self.check_out(site, monkeypatch)

        main(["watch", "--once"])

        assert victim.read_text() == "precious"

    def test_is_not_trusted_with_the_state_even_where_that_is_named(
        self, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.check_out(site, monkeypatch)

        code = main(["watch", "--once", "--state", "state"])

        assert code == 64
        assert "whose commits could change it" in capsys.readouterr().err


def test_what_git_starts_sees_no_token_and_no_secret_but_what_is_named_for_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = site.folder / "ssh"
    ssh.write_text(f"#!/bin/sh\nenv > {site.folder}/seen; exit 1\n")
    ssh.chmod(0o755)
    environment = {"platform": "sqlite:///platform.db", "token_env": "PLATFORM_TOKEN"}
    (site.operator / "reconciler.yaml").write_text(json.dumps({"environments": {"local": environment}}))
    monkeypatch.chdir(site.operator)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    for name in ("PLATFORM_TOKEN", "RECONCILER_NOTIFY_SECRET", "RECONCILER_ANYTHING", "OTHER_SECRET"):
        monkeypatch.setenv(name, f"canary-{name}")
    monkeypatch.setenv("FORGE_TOKEN", "named")

    code = main(["watch", "--once", "--repository", "ssh://host.invalid/r", "--git-env", "FORGE_TOKEN"])

    seen = (site.folder / "seen").read_text()
    assert code == 7
    assert "canary" not in seen
    assert "FORGE_TOKEN=named" in seen


def test_a_repository_by_a_relative_path_is_found_from_here(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.operator)

    assert main(["watch", "--once", "--repository", "../bare.git"]) == 0


def test_a_checkout_is_followed_from_a_folder_in_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.author.git("clone", "-q", str(site.author.root), str(site.folder / "checkout"))
    shop = site.folder / "checkout" / "shop"
    shop.mkdir()
    inner = Repository(site.folder / "checkout")
    inner.git("mv", "packages", "catalog.yaml", "reconciler.yaml", "shop")
    inner.commit()
    monkeypatch.chdir(shop)

    assert main(["watch", "--once"]) == 0


@contextmanager
def receiver() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers["X-Reconciler-Signature"], body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    server.server_close()
    thread.join()
