"""The loop as processes: a bare repository, two instances, people who push and people who edit by hand."""

import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest

from reconciler.cli.main import main
from reconciler.live.opening import open_platform
from reconciler.model.packages import RevisionRef
from tests.builders import NOON, definition
from tests.repository import Repository
from tests.shop import Shop

_PATIENCE = 60.0
SIGNED = {"RECONCILER_NOTIFY_SECRET": "quiet"}


@dataclass
class Instance:
    process: subprocess.Popen[str]
    log: Path

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]

    def outcomes(self) -> list[str]:
        return [line["event"] for line in self.said() if line["level"] != "debug"]


@dataclass
class Site:
    folder: Path
    author: Repository
    instances: list[Instance] = field(default_factory=list)

    @property
    def operator(self) -> Path:
        return self.folder / "operator"

    def push(self) -> str:
        commit = self.author.commit()
        self.author.git("push", "-q", str(self.folder / "bare.git"), "main")
        return commit

    def start(self, *options: str, **environment: str) -> Instance:
        number = len(self.instances)
        command = [sys.executable, "-m", "reconciler", "watch", "--repository", str(self.folder / "bare.git")]
        command += ["--interval", "0.2", "--state", str(self.folder / f"state-{number}"), *options]
        log = self.folder / f"log-{number}"
        with log.open("w") as out:
            process = subprocess.Popen(
                command,
                cwd=self.operator,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
            )
        self.instances.append(Instance(process, log))
        return self.instances[-1]

    def user_count(self) -> object:
        with open_platform("sqlite:///platform.db", root=self.operator) as platform:
            head = next((each for each in platform.packages() if each.key == "basic"), None)
            if head is None:
                return None
            return platform.definitions([ref := RevisionRef(head.key, head.revision)])[ref].user_count

    def stop(self) -> None:
        for instance in self.instances:
            instance.process.terminate()
        for instance in self.instances:
            instance.process.communicate(timeout=30)


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    author = Repository.made(tmp_path / "author", clients_losing="unlimited")
    author.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "bare.git"))
    author.package("basic", features=["chat", "calls"])
    site = Site(tmp_path, author)
    site.operator.mkdir()
    (site.operator / "reconciler.yaml").write_text((author.root / "reconciler.yaml").read_text())
    site.push()
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

    with open_platform("sqlite:///platform.db", root=site.operator) as platform:
        Shop(site.operator, platform).clients("acme", package="basic")
        platform.edit_package("basic", definition(title="Basic", user_count=99), NOON)
    until(lambda: site.user_count() == 6)

    site.author.package("basic", features=["chat"], user_count=6, rollout={"existing_clients": "reassign"})
    site.push()
    until(lambda: all("blocked" in each.outcomes() for each in loops))

    loops[0].process.kill()
    loops[0].process.wait()
    site.author.package("basic", features=["chat", "calls"], user_count=7)
    good.append(site.push())
    until(lambda: site.user_count() == 7)

    with open_platform("sqlite:///platform.db", root=site.operator) as platform:
        runs = platform.runs()
    assert [run.commit for run in reversed(runs)] == [good[0], good[1], good[1], good[2]]
    assert len({run.plan_hash for run in runs}) == len(runs)


def test_a_signal_ends_the_loop_cleanly(site: Site) -> None:
    loop = site.start()
    until(lambda: "in-step" in loop.outcomes())

    loop.process.send_signal(signal.SIGTERM)
    _, errors = loop.process.communicate(timeout=30)

    assert loop.process.returncode == 0
    assert errors == ""


def test_probes_and_metrics_tell_how_the_loop_is(site: Site) -> None:
    port = _free_port()
    loop = site.start("--listen", f"127.0.0.1:{port}", "--suspend-file", str(site.folder / "suspend"))
    until(lambda: "in-step" in loop.outcomes())

    healthy = urlopen(f"http://127.0.0.1:{port}/healthz").status
    ready = urlopen(f"http://127.0.0.1:{port}/readyz").status
    (site.folder / "suspend").touch()
    until(lambda: "suspended" in [line["event"] for line in loop.said()])
    metrics = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()

    assert (healthy, ready) == (200, 200)
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


def _free_port() -> int:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return server.server_port
