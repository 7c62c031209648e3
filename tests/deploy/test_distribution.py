"""What a release consists of is built and tried in environments that have nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.test_image import ROOT, is_sent

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ASKED = [
    Requirement(each)
    for each in (
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["server"],
        *PROJECT["project"]["optional-dependencies"]["watch"],
        *PROJECT["build-system"]["requires"],
    )
]
IMPORT_ALL = """
import importlib, pkgutil, reconciler
apart = ("reconciler.conformance", "reconciler.store.migrations", "reconciler.__main__")
for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
    if not module.name.startswith(apart):
        importlib.import_module(module.name)
"""


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_and_sdist_are_built_tried_and_listed(tmp_path: Path) -> None:
    python = Path(sys.executable).resolve().parent
    run(ROOT / ".ci" / "release", tmp_path / "release", folder=tmp_path, PATH=f"{python}:/usr/bin:/bin")

    version = re.findall(r'"(.+)"', (ROOT / "reconciler" / "__init__.py").read_text())[-1]
    names = {file.name for file in (tmp_path / "release").iterdir()}
    listed = json.loads((tmp_path / "release" / "sbom.cdx.json").read_text())
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "docs/deploy/requirements.txt").read_text(), re.MULTILINE)
    parts = {canonicalize_name(each["name"]) for each in listed["components"]}
    built = f"package_reconciler-{version}"
    assert names == {f"{built}-py3-none-any.whl", f"{built}.tar.gz", "sbom.cdx.json"}
    assert listed["metadata"]["component"]["purl"] == f"pkg:pypi/package-reconciler@{version}"
    assert {canonicalize_name(each.name) for each in ASKED} <= parts <= {*locked}


def test_the_lowest_versions_that_are_allowed_do_from_what_the_image_is_built_of(tmp_path: Path) -> None:
    sent = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True)
    for name in filter(is_sent, sent.stdout.split("\0")[:-1]):
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "source" / name)
    lowest = "".join(f"{each.name}{each.specifier}\n".replace(">=", "==") for each in ASKED)
    (tmp_path / "lowest.txt").write_text(lowest)
    run(sys.executable, "-m", "venv", tmp_path / "venv", folder=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"

    source = f"{tmp_path / 'source'}[server,watch]"
    quietly = ("--quiet", "--disable-pip-version-check")
    run(
        python,
        "-m",
        "pip",
        "install",
        *quietly,
        source,
        folder=tmp_path,
        PIP_CONSTRAINT=str(tmp_path / "lowest.txt"),
    )

    run(python, "-W", "error", "-c", IMPORT_ALL, folder=tmp_path)
    run(python, "-m", "reconciler", "init", "shop", folder=tmp_path)
    run(python, "-m", "reconciler", "apply", "--yes", folder=tmp_path / "shop")
    assert "AI credits" in run(python, "-m", "reconciler", "demo", folder=tmp_path)


def test_a_release_is_published_by_nothing_but_a_tag_that_passed_all_tests() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    jobs = workflow["jobs"]

    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 reads `on` so
    assert [jobs[name]["needs"] for name in ("build", "attest", "publish")] == ["check", "build", "attest"]
    assert {"run": ".ci/run"} in jobs["check"]["steps"]
    assert [name for name, job in jobs.items() if "id-token" in job["permissions"]] == ["attest", "publish"]
