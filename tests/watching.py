"""The loop as processes: a bare repository, instances, people who push and people who edit by hand."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.live.opening import open_platform
from reconciler.model.packages import RevisionRef
from tests.builders import NOON, definition
from tests.repository import Repository
from tests.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from reconciler.live.port import Platform

_PATIENCE = 60.0


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
    platform: str = "sqlite:///platform.db"
    instances: list[Instance] = field(default_factory=list)

    @classmethod
    def made(cls, folder: Path, platform: str = "sqlite:///platform.db") -> Site:
        """Make one whose first commit has one package."""
        author = Repository.made(folder / "author", clients_losing="unlimited")
        author.git("init", "-q", "--bare", "-b", "main", str(folder / "bare.git"))
        author.package("basic", features=["chat", "calls"])
        site = cls(folder, author, platform)
        site.operator.mkdir()
        (site.operator / "reconciler.yaml").write_text((author.root / "reconciler.yaml").read_text())
        site.push()
        return site

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
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
            )
        self.instances.append(Instance(process, log))
        return self.instances[-1]

    def opened(self) -> AbstractContextManager[Platform]:
        return open_platform(self.platform, root=self.operator)

    def edit_by_hand(self, **fields: Any) -> None:
        with self.opened() as platform:
            platform.edit_package("basic", definition(title="Basic", **fields), NOON)

    def hold(self, client: str) -> None:
        with self.opened() as platform:
            Shop(self.operator, platform).clients(client, package="basic")

    def commits(self) -> list[str | None]:
        """The commits of all runs, each of another plan, oldest first."""
        with self.opened() as platform:
            runs = platform.runs()
        assert len({run.plan_hash for run in runs}) == len(runs)
        return [run.commit for run in reversed(runs)]

    def user_count(self) -> object:
        with self.opened() as platform:
            head = next((each for each in platform.packages() if each.key == "basic"), None)
            if head is None:
                return None
            return platform.definitions([ref := RevisionRef(head.key, head.revision)])[ref].caps["user_count"]

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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
