"""The files of a new repository; its jobs install this program from one exact version, never a name."""

from __future__ import annotations

import os
import re
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from reconciler.engine.import_from import import_from
from reconciler.engine.schema import KINDS, schema
from reconciler.errors import InvalidError, WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.model.edits import FileEdit
from reconciler.model.settings import Settings
from reconciler.sources.documents import locate_problems, read_document
from reconciler.sources.imports.matrix import from_csv
from reconciler.sources.workspace import Workspace
from reconciler.sources.yaml.fast import load
from reconciler.validation.configuration import settings_problems

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW: Final = ".github/workflows/packages.yml"
GITLAB_JOBS: Final = ".gitlab-ci.yml"
Ci: TypeAlias = Literal["github", "gitlab", "none"]
_JOBS: Final = {"github": (WORKFLOW, "workflow.yml"), "gitlab": (GITLAB_JOBS, "gitlab-ci.yml")}
_VARIABLE: Final = {"github": b"${{ vars.RECONCILER_SOURCE }}", "gitlab": b"$RECONCILER_SOURCE"}
_OWNERS: Final = {"github": ".github/CODEOWNERS", "gitlab": "CODEOWNERS", "none": "CODEOWNERS"}
_REVIEWER: Final = re.compile(
    r"@?[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*|[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+"
)
_FILES: Final = {
    "reconciler.yaml": "reconciler.yaml",
    "schemas/catalog.yaml": "catalog.yaml",
    "packages/starter.yaml": "starter.yaml",
    ".vscode/settings.json": "vscode-settings.json",
    ".vscode/extensions.json": "vscode-extensions.json",
    ".editorconfig": "editorconfig",
}
_CATALOG: Final = "schemas/catalog.yaml"
_MODELINES: Final = (
    b"# yaml-language-server: $schema=../schemas/package.schema.json\n",
    b"# yaml-language-server: $schema=catalog.schema.json\n",
)
_ONE_WORD: Final = re.compile(r"[!-~]+")
_TEAM: Final = frozenset(("users", "seats", "team_members"))
"""What tables call the number of team members."""
_IGNORED: Final = ".reconciler/"
_PLANS: Final = "plan.json\nplan.html\n"
"""What the pages have people save: it says what one platform was like at one instant."""
_CONFIG: Final = "reconciler.yaml"
_STARTER: Final = "packages/starter.yaml"


class NewRepository(Struct, frozen=True):
    """What `init` would write.

    Attributes:
        kept: Files that are there already and stay as they are.
        remarks: What of a table could not be carried over.
    """

    root: Path
    edits: tuple[FileEdit, ...]
    kept: tuple[str, ...]
    remarks: tuple[str, ...] = ()


class Wishes(Struct, frozen=True):
    """What a new repository is to be like.

    Attributes:
        source: Where its jobs install from, as `pinned` lets pass; None: from a variable of the CI's.
        platform: The address of a platform beside the file for trying; None where there is none yet.
        ci: Whose jobs check changes.
        table: CSV with packages as columns, to begin with; None: one package as an example.
        reviewers: Who must approve: users, teams or e-mail addresses.
    """

    source: str | None = None
    platform: str | None = None
    ci: Ci = "github"
    table: bytes | None = None
    reviewers: str = ""


def new_repository(folder: Path, wishes: Wishes | None = None) -> NewRepository:
    """Return the edits that make a folder a repository of packages; nothing is written.

    No file is overwritten: one that is there stays, and `.gitignore` only gains a line. Where there is a
    configuration, no first package is added. A folder `packages` that holds something else is let be.

    Raises:
        InvalidError: The table is none, or what is wished makes no sound file; it has the findings.
        WrongUsageError: A reviewer is none, or there is a configuration beside which no table is taken.
    """
    wishes = wishes or Wishes()
    root = folder.absolute()
    wanted = {file: _content(name) for file, name in _FILES.items()} | _jobs(wishes)
    starter = wanted.pop(_STARTER)
    remarks: tuple[str, ...] = ()
    has_config = os.path.lexists(root / _CONFIG)
    if has_config and wishes.table is not None:
        raise WrongUsageError(f"There is a {_CONFIG} already.", hint="Use `reconciler import csv FILE`.")
    packages = "packages" if has_config else _free_folder(root)
    if not has_config:
        wanted[_CONFIG] = _configuration(wanted[_CONFIG].decode(), packages, wishes)
        first = {f"{packages}/starter.yaml": starter}
        if wishes.table is not None:
            first, remarks = _of_table(root, packages, wishes.table)
        wanted |= first
    if wishes.reviewers:
        wanted[_OWNERS[wishes.ci]] = _owners(wishes, packages)
    catalog = Catalog.normalised(load(wanted["schemas/catalog.yaml"]))
    wanted |= {
        f"schemas/{kind}.schema.json": schema(kind, catalog).encode() for kind in KINDS if kind != "plan"
    }
    kept = tuple(file for file in wanted if os.path.lexists(root / file))
    edits = [FileEdit(file, None, content) for file, content in wanted.items() if file not in kept]
    return NewRepository(root, tuple(sorted((*edits, *_ignoring(root)))), kept, remarks)


def _jobs(wishes: Wishes) -> dict[str, bytes]:
    if wishes.ci == "none":
        return {}
    file, name = _JOBS[wishes.ci]
    content = _content(name)
    if wishes.source is not None:
        content = content.replace(_VARIABLE[wishes.ci], f"'{wishes.source}'".encode())
    return {file: content}


def _configuration(text: str, packages: str, wishes: Wishes) -> bytes:
    text = text.replace("packages: packages", f"packages: {packages}")
    if wishes.table is not None:
        text = text.replace("tiers: [starter]\n", "")
    if wishes.platform is not None:
        local = "    platform: sqlite:///.reconciler/platform.db\n"
        beside = f"  production:\n    platform: {wishes.platform}\n    token_env: PLATFORM_TOKEN\n"
        text = text.replace(local, local + beside)
    if wishes.platform is not None and not _ONE_WORD.fullmatch(wishes.platform):
        raise WrongUsageError("The address of a platform is one word of visible ASCII.")
    reading = read_document(_CONFIG, text.encode(), "reconciler")
    problems = settings_problems(reading.document) if reading.document is not None else ()
    findings = (*reading.findings, *locate_problems(_CONFIG, text.encode(), tuple(problems)))
    if findings:
        raise InvalidError("no configuration can be made of these answers", findings=findings)
    return text.encode()


def _of_table(root: Path, packages: str, table: bytes) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the catalog and the packages of a table, and what could not be carried over."""
    nothing = Workspace(root, Settings(packages=packages), None, {}, {}, ())
    users = next((key for key in from_csv(table).limits if key in _TEAM), None)
    found = import_from(nothing, "csv", table, users=users)
    if found.findings:
        raise InvalidError("the table cannot be brought in; nothing was written", findings=found.findings)
    return {edit.file: _MODELINES[edit.file == _CATALOG] + edit.after for edit in found.edits}, found.remarks


def _owners(wishes: Wishes, packages: str) -> bytes:
    names = [_reviewer(name) for name in wishes.reviewers.replace(",", " ").split()]
    jobs = [f"/{_JOBS[wishes.ci][0]}"] if wishes.ci in _JOBS else []
    paths = [f"/{packages}/", "/schemas/", f"/{_CONFIG}", *jobs, f"/{_OWNERS[wishes.ci]}"]
    return "".join(
        [
            "# Who must approve a change of what clients are sold.\n",
            *(f"{p} {' '.join(names)}\n" for p in paths),
        ]
    ).encode()


def _reviewer(name: str) -> str:
    if not _REVIEWER.fullmatch(name):
        raise WrongUsageError(f"{name!r} is no reviewer.", hint="Name users or teams: @ana, @acme/pricing.")
    return name if "@" in name else f"@{name}"


def _free_folder(root: Path) -> str:
    """Return the first name of a folder that is not there yet, or is empty."""
    names = ("packages", "client-packages", "reconciler-packages")
    return next((name for name in names if not _holds_something(root / name)), "packages")


def _holds_something(folder: Path) -> bool:
    return os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir()))


def _content(name: str) -> bytes:
    return (resources.files("reconciler.engine.init") / "files" / name).read_bytes()


def _ignoring(root: Path) -> tuple[FileEdit, ...]:
    """Return the edit that keeps local state out of commits; none where it is out already."""
    path = root / ".gitignore"
    if not os.path.lexists(path):
        return (FileEdit(".gitignore", None, f"{_IGNORED}\n{_PLANS}".encode()),)
    if path.is_symlink() or not path.is_file():
        return ()
    before = path.read_bytes()
    if _IGNORED.rstrip("/") in {
        line.strip().strip("/") for line in before.decode(errors="replace").splitlines()
    }:
        return ()
    glue = b"" if not before or before.endswith(b"\n") else b"\n"
    return (FileEdit(".gitignore", before, before + glue + f"{_IGNORED}\n".encode()),)


_HOST: Final = r"[A-Za-z0-9.-]+(?::[0-9]+)?"
_PATH: Final = r"/[A-Za-z0-9._~/-]+"
_COMMIT: Final = re.compile(
    rf"git\+(?:https://{_HOST}|ssh://[A-Za-z0-9._-]+@{_HOST}){_PATH}@[0-9a-f]{{40}}(?:[0-9a-f]{{24}})?"
)
_WHEEL: Final = re.compile(rf"https://{_HOST}{_PATH}\.whl#sha256=[0-9a-f]{{64}}")
_FILE: Final = re.compile(r"(?![^/]*\.\.)[A-Za-z0-9_][A-Za-z0-9._+-]*(?:/(?!\.\.)[A-Za-z0-9._+-]+)*\.whl")
_FORMS: Final = (
    "Write git+https://HOST/PATH@COMMIT with the whole id of the commit, the path of a wheel in the "
    "repository, or the https address of a wheel with #sha256=…"
)


def pinned(source: str) -> str:
    """Return the source; raises `WrongUsageError` unless it is one exact version and nothing but that.

    A name is looked up in an index, where it may be anybody's; a branch moves; a password would be committed.
    What passes has no character that YAML or a shell would obey.
    """
    if any(form.fullmatch(source) for form in (_COMMIT, _WHEEL, _FILE)):
        return source
    raise WrongUsageError("--source names no pinned version of this program.", hint=_FORMS)
