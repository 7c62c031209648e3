"""A git repository of package files, made with the real git."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tests.shop import CATALOG

if TYPE_CHECKING:
    from pathlib import Path

_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@dataclass(frozen=True)
class Repository:
    root: Path

    @classmethod
    def made(cls, root: Path, **guards: Any) -> Repository:
        """Make one with a catalog and a configuration, committed."""
        repository = cls(root)
        (root / "packages").mkdir(parents=True)
        repository.git("init", "-q", "-b", "main")
        repository.configure(**guards)
        repository.write("catalog.yaml", CATALOG)
        repository.write(".gitignore", "platform.db\n.reconciler/\n")
        return repository

    def configure(self, **guards: Any) -> None:
        environment = {"platform": "sqlite:///platform.db", "guards": guards}
        config = {"catalog": "catalog.yaml", "environments": {"local": environment}}
        self.write("reconciler.yaml", config)

    def git(self, *arguments: str, read: str = "") -> str:
        identity = ("-c", "user.name=Ana", "-c", "user.email=ana@x.example", "-c", "commit.gpgsign=false")
        command = ("git", *identity, "-C", str(self.root), *arguments)
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            input=read,
            env={**os.environ, **_ENVIRONMENT},
        )
        return done.stdout.strip()

    def write(self, file: str, content: object) -> None:
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        (self.root / file).write_text(text, encoding="utf-8")

    def package(self, key: str, /, **fields: Any) -> None:
        self.write(f"packages/{key}.yaml", {"title": key.title(), "user_count": 5, **fields})

    def plant(self, **entries: tuple[str, str]) -> None:
        """Commit files that a folder is not to hold before: by path a mode and a content."""
        for path, (mode, content) in entries.items():
            id_ = self.git("hash-object", "-w", "--stdin", read=content)
            self.git("update-index", "--add", "--cacheinfo", f"{mode},{id_},{path}")
        self.git("commit", "-q", "-m", "Plant")

    def commit(self, message: str = "Change packages") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")
