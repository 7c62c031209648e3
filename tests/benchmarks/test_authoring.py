"""Ratios of fmt and pull to ruamel.yaml; run with `pytest -m benchmark -s tests/benchmarks`."""

from __future__ import annotations

from io import BytesIO
from time import process_time
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from reconciler.engine.fmt import fmt
from reconciler.engine.pull import PullRequest, pull
from reconciler.live.opening import open_platform
from reconciler.sources.edits import write_edits
from tests.benchmarks.goals import Row, reached, scaled
from tests.builders import NOON, definition
from tests.workspaces import CONFIG, workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.benchmark

COUNT = scaled(10_000)
SAMPLED = scaled(1_000)
"""ruamel.yaml is asked about this many of the files; its time is scaled."""
CHANGED = scaled(100)
CATALOG = "features:\n  chat: {title: Chat}\n  calls: {title: Calls}\nlimits:\n  minutes: {title: Minutes}\n"
PACKAGE = """\
# Sold since spring; see the contract.
user_count: 10   # seats
title:   "Package {n}"
description: For growing team number {n}.
features:
- chat
- calls   # by phone
limits: {{ minutes: {n} }}
expiry: '14 days'
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("authoring")
    (root / "packages").mkdir()
    (root / "schemas").mkdir()
    (root / "reconciler.yaml").write_text(CONFIG)
    (root / "schemas" / "catalog.yaml").write_text(CATALOG)
    for n in range(COUNT):
        (root / "packages" / f"package_{n:05}.yaml").write_text(PACKAGE.format(n=n))
    return root / "reconciler.yaml"


def seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def ruamel_seconds(config: Path) -> float:
    yaml = YAML()
    yaml.preserve_quotes = True
    paths = sorted((config.parent / "packages").iterdir())[:SAMPLED]

    def round_trip() -> None:
        for path in paths:
            yaml.dump(yaml.load(path.read_bytes()), BytesIO())

    return seconds(round_trip) * COUNT / SAMPLED


def test_fmt_is_faster_than_a_round_trip_of_ruamel(config: Path) -> None:
    theirs = ruamel_seconds(config)

    ours = seconds(lambda: fmt(config))
    write_edits(config.parent, fmt(config).edits)
    again = seconds(lambda: fmt(config))

    reached(Row(f"`fmt` of {COUNT:,} files : load and dump by ruamel", ours / theirs, most=0.35))
    reached(Row(f"`fmt` of {COUNT:,} canonical files : the same", again / theirs, most=0.2))


def test_pull_check_is_faster_than_a_round_trip_of_ruamel(config: Path) -> None:
    theirs = ruamel_seconds(config)
    with open_platform("sqlite:///platform.db", root=config.parent) as platform:
        for n in range(CHANGED):
            live = definition(title=f"Package {n}", features=["chat"], limits={"minutes": n + 1})
            platform.edit_package(f"package_{n:05}", live, NOON)

        ours = seconds(lambda: pull(workspace(config), platform, PullRequest()))

    what = f"`pull --check` of {COUNT:,} files, {CHANGED} different : load and dump by ruamel"
    reached(Row(what, ours / theirs, most=0.1))
