"""A machine that runs the scripts of the action: real git, real reconciler, a GitHub that keeps state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from tests.builders import NOON
from tests.forge import REPOSITORY, Forge

if TYPE_CHECKING:
    from tests.repository import Repository

ROOT: Final = Path(__file__).parents[1]
SCRIPTS: Final = ROOT / ".github" / "actions" / "reconciler"
PROGRAMS: Final = {"gh": "tests.forge", "reconciler": "reconciler"}


@dataclass
class Runner:
    """One machine of a forge, which checks out `repository`.

    Attributes:
        outputs: What the last script told the steps after it.
    """

    repository: Repository
    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def forge(self) -> Forge:
        return Forge(self.folder)

    def run(self, script: str, **settings: str) -> subprocess.CompletedProcess[str]:
        bin_ = self.folder / "bin"
        bin_.mkdir(exist_ok=True)
        for name, module in PROGRAMS.items():
            if not (bin_ / name).exists():
                (bin_ / name).write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
                (bin_ / name).chmod(0o755)
        for name in ("summary.md", "outputs"):
            (self.folder / name).write_text("")
        inherited = {
            key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "RECONCILER_"))
        }
        environment = {
            **inherited,
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "RECONCILER": str(bin_ / "reconciler"),
            "RECONCILER_CONFIG": "reconciler.yaml",
            "RECONCILER_ENVIRONMENT": "",
            "HAS_PLATFORM": "yes",
            "REVIEWED_PLAN": "required",
            "WAIVERS": "",
            "AUDIENCE": "",
            "TOKEN_VARIABLE": "PLATFORM_TOKEN",
            "PLAN_WORKFLOW": "reconciler-plan.yml",
            "PULL_REQUEST": "7",
            "RESULTS": str(self.folder / "results"),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SHA": self.repository.git("rev-parse", "HEAD"),
            "GITHUB_REF_NAME": "main",
            "GITHUB_ACTOR": "ana",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            "GH_FOLDER": str(self.folder),
            **settings,
        }
        done = subprocess.run(
            ["bash", str(SCRIPTS / f"{script}.sh")],
            cwd=self.repository.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = (self.folder / "outputs").read_text().splitlines()
        self.outputs = dict(line.split("=", 1) for line in lines)
        return done

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text()

    def result(self, name: str) -> Path:
        return Path(self.outputs["results"]) / name

    def reviewed(self, **settings: str) -> str:
        """Review the files as a pull request, and merge it; returns the commit that merged it."""
        self.repository.commit("A pull request")
        commit = self.repository.git("rev-parse", "HEAD")
        head = commit[::-1]
        self.run("review", **settings)
        self.forge.uploaded(self.forge.ran(head), self.outputs["artifact"], self.result("plan.json"))
        self.forge.merged(head, commit)
        return commit

    def offered(self, run: int) -> str:
        """Keep the plan that the last apply offered as an artifact of that run; returns its hash."""
        plan = self.result("plan.json")
        self.forge.uploaded(run, self.outputs["artifact"], plan)
        return str(json.loads(plan.read_text())["hash"])

    def history(self) -> list[tuple[str, str | None]]:
        with open_platform("sqlite:///platform.db", root=self.repository.root) as platform:
            return [(run.actor, run.commit) for run in platform.runs()]

    def sign_up(self, id_: str) -> None:
        line = ClientLine(
            id=id_, line=1, name=id_.title(), owner_email=f"a@{id_}.example", package="basic", usage={}
        )
        with open_platform("sqlite:///platform.db", root=self.repository.root) as platform:
            platform.import_clients([line], NOON)
