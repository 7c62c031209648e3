"""Two loops on a served platform whose server is killed and started again, on PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from reconciler.live.opening import Address, migrate_platform
from tests.servers import postgres_database, postgres_server
from tests.watching import Site, free_port, until


@dataclass
class Server:
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "reconciler", "serve", "--port", str(self.port)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=quiet, stderr=quiet)
        until(self.is_up)

    def is_up(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz"):
                return True
        except URLError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Site, Server]]:
    with ExitStack() as stack:
        database = stack.enter_context(postgres_database(stack.enter_context(postgres_server())))
        migrate_platform(Address(database), root=tmp_path)
        folder = tmp_path / "served"
        folder.mkdir()
        configuration = {"environments": {"local": {"platform": database}}}
        (folder / "reconciler.yaml").write_text(json.dumps(configuration))
        server = Server(folder, free_port())
        stack.callback(server.kill)
        server.start()
        site = Site.made(tmp_path, platform=f"http://127.0.0.1:{server.port}")
        stack.callback(site.stop)
        operator = {"environments": {"local": {"platform": site.platform}}}
        (site.operator / "reconciler.yaml").write_text(json.dumps(operator))
        yield site, server


def test_a_served_platform_ends_at_the_last_good_commit_though_its_server_is_killed(
    server: tuple[Site, Server],
) -> None:
    site, serving = server
    good = [site.author.git("rev-parse", "HEAD")]
    loops = [site.start("--on-drift", "correct") for _ in range(2)]
    until(lambda: site.user_count() == 5)
    site.hold("acme")

    serving.kill()
    site.author.package("basic", features=["chat", "calls"], user_count=6)
    good.append(site.push())
    until(lambda: all("failed" in each.outcomes() for each in loops))
    serving.start()
    until(lambda: site.user_count() == 6)

    site.author.package("basic", features=["chta"])
    site.push()
    until(lambda: all("invalid" in each.outcomes() for each in loops))
    site.edit_by_hand(user_count=99)
    until(lambda: site.user_count() == 6)

    site.author.package("basic", features=["chat"], user_count=6, rollout={"existing_clients": "reassign"})
    site.push()
    until(lambda: all("blocked" in each.outcomes() for each in loops))
    site.author.package("basic", features=["chat", "calls"], user_count=6)
    as_before = site.push()
    site.author.package("basic", features=["chat", "calls"], user_count=7)
    good.append(site.push())
    until(lambda: site.user_count() == 7)

    between = [commit for commit in site.commits() if commit != as_before]  # recorded where a loop saw it
    assert between == [good[0], good[1], good[1], good[2]]
