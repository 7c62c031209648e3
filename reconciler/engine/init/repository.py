"""The files of a new repository; its jobs install this program from one exact version, never a name."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from reconciler.engine.schema import KINDS, schema
from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.model.edits import FileEdit
from reconciler.sources.yaml.fast import load

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW: Final = ".github/workflows/packages.yml"
_VARIABLE: Final = b"${{ vars.RECONCILER_SOURCE }}"
_FILES: Final = {
    "reconciler.yaml": "reconciler.yaml",
    "schemas/catalog.yaml": "catalog.yaml",
    "packages/starter.yaml": "starter.yaml",
    WORKFLOW: "workflow.yml",
    ".vscode/settings.json": "vscode-settings.json",
    ".vscode/extensions.json": "vscode-extensions.json",
    ".editorconfig": "editorconfig",
}
_IGNORED: Final = ".reconciler/"
_CONFIG: Final = "reconciler.yaml"
_STARTER: Final = "packages/starter.yaml"


@dataclass(frozen=True, slots=True)
class NewRepository:
    """What `init` would write.

    Attributes:
        kept: Files that are there already and stay as they are.
    """

    root: Path
    edits: tuple[FileEdit, ...]
    kept: tuple[str, ...]


def new_repository(folder: Path, source: str | None = None) -> NewRepository:
    """Return the edits that make a folder a repository of packages; nothing is written.

    Its workflow installs from `source`, which `pinned` has let pass, or from a variable of the repository.
    No file is overwritten: one that is there stays, and `.gitignore` only gains a line. Where there is a
    configuration, no first package is added. A folder `packages` that holds something else is let be.
    """
    root = folder.absolute()
    wanted = {file: _content(name) for file, name in _FILES.items()}
    if source is not None:
        wanted[WORKFLOW] = wanted[WORKFLOW].replace(_VARIABLE, f"'{source}'".encode())
    starter = wanted.pop(_STARTER)
    if not os.path.lexists(root / _CONFIG):
        packages = _free_folder(root)
        wanted[f"{packages}/starter.yaml"] = starter
        wanted[_CONFIG] = wanted[_CONFIG].replace(b"packages: packages", f"packages: {packages}".encode())
    catalog = Catalog.normalised(load(wanted["schemas/catalog.yaml"]))
    wanted |= {
        f"schemas/{kind}.schema.json": schema(kind, catalog).encode() for kind in KINDS if kind != "plan"
    }
    kept = tuple(file for file in wanted if os.path.lexists(root / file))
    edits = [FileEdit(file, None, content) for file, content in wanted.items() if file not in kept]
    return NewRepository(root, tuple(sorted((*edits, *_ignoring(root)))), kept)


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
        return (FileEdit(".gitignore", None, f"{_IGNORED}\n".encode()),)
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
