"""Ratios for reading and validating package files; run with `pytest -m benchmark -s tests/benchmarks`."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tracemalloc
from datetime import date
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest
import yaml

from reconciler.sources.schemas import schema_text
from reconciler.sources.workspace import read_workspace
from tests.benchmarks.goals import Row, reached, scaled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.benchmark

TODAY = date(2026, 11, 23)
COUNT = scaled(10_000)
SETTINGS = "environments:\n  local: {platform: 'sqlite:///.reconciler/platform.db'}\n"
CATALOG = """\
features:
  chat: {title: Chat}
  audio_call: {title: Audio calls, requires: [chat]}
  live_sessions: {title: Live sessions}
  ai_chat_agent: {title: AI chat agent, ai: true, requires: [chat]}
  knowledge_base: {title: Knowledge base}
limits:
  live_sessions: {title: Live sessions, unit: session, per: cycle, feature: live_sessions}
  knowledge_sources: {title: Knowledge sources, feature: knowledge_base}
"""
PACKAGE = """\
# yaml-language-server: $schema=../schemas/package.schema.json
title: Professional {n}
description: AI features and more seats for growing team number {n}.
features: [chat, audio_call, live_sessions, ai_chat_agent, knowledge_base]
limits: {{live_sessions: {n}, knowledge_sources: unlimited}}
user_count: 10
ai_credits: 2000
expiry: 14 days
allowed_emails: any
rollout:
  existing_clients: reassign
  per_run: 10%
"""


def workspace_of(root: Path, count: int) -> Path:
    (root / "packages").mkdir(parents=True)
    (root / "schemas").mkdir()
    (root / "reconciler.yaml").write_text(SETTINGS)
    (root / "schemas" / "catalog.yaml").write_text(CATALOG)
    for n in range(count):
        (root / "packages" / f"professional_{n}.yaml").write_text(PACKAGE.format(n=n))
    return root / "reconciler.yaml"


def plain_script(root: Path) -> None:
    validator = jsonschema_rs.Draft202012Validator(json.loads(schema_text("package")))
    for path in sorted((root / "packages").iterdir()):
        document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)  # it is the safe one
        assert validator.is_valid(document)


def seconds(work: Callable[[], object]) -> float:
    """Measure processor time, child processes included: other work on the machine disturbs it least."""
    start = processor_time()
    work()
    return processor_time() - start


def processor_time() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def best_ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 3) -> float:
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return min(mine for mine, _ in pairs) / min(other for _, other in pairs)


def test_ten_thousand_files_against_a_plain_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    config = workspace_of(tmp_path / "w", COUNT)

    cold = best_ratio(
        lambda: read_workspace(config, today=TODAY, cache=False).required(),
        lambda: plain_script(config.parent),
    )
    read_workspace(config, today=TODAY)
    warm = best_ratio(
        lambda: read_workspace(config, today=TODAY).required(),
        lambda: plain_script(config.parent),
    )

    reached(Row(f"reading {COUNT:,} files, cold : CSafeLoader and jsonschema-rs", cold, most=0.8))
    reached(Row(f"reading {COUNT:,} files, warm : CSafeLoader and jsonschema-rs", warm, most=0.2))


def test_time_and_memory_per_file_stay_flat(tmp_path: Path) -> None:
    small = workspace_of(tmp_path / "small", COUNT)
    large = workspace_of(tmp_path / "large", 10 * COUNT)

    ratio = best_ratio(
        lambda: read_workspace(large, today=TODAY, cache=False).required(),
        lambda: read_workspace(small, today=TODAY, cache=False).required(),
        rounds=2,
    )
    tracemalloc.start()
    workspace = read_workspace(small, today=TODAY, cache=False)
    memory = tracemalloc.get_traced_memory()[1] / len(workspace.packages)
    tracemalloc.stop()

    reached(Row(f"time per file, {10 * COUNT:,} : {COUNT:,} files", ratio / 10, most=1.2))
    reached(Row("memory per file that is read", memory, most=5_000, unit=" bytes"))


def test_three_files_in_a_process_of_their_own(tmp_path: Path) -> None:
    config = workspace_of(tmp_path / "w", 3)
    code = (
        "from datetime import date; from pathlib import Path;"
        "from reconciler.sources.workspace import read_workspace;"
        f"read_workspace(Path({str(config)!r}), today=date(2026, 11, 23), cache=True).required()"
    )

    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": "."})

    floor = "import dataclasses, datetime, hashlib, json, pathlib, re, yaml, jsonschema_rs"
    run(code)
    of_nothing = best_ratio(lambda: run(code), lambda: run("pass"), rounds=9)
    of_imports = best_ratio(lambda: run(code), lambda: run(floor), rounds=9)

    aside = f"{of_nothing:.1f} times python -c pass"
    reached(Row("reading 3 files in a process : what it imports", of_imports, most=2, aside=aside))
