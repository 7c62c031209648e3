"""The files of a new repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from reconciler.engine.schema import KINDS, schema
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
