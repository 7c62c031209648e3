"""Import: a foreign file into catalog and packages, beside what is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from msgspec import Struct

from reconciler.engine.fmt import modeline
from reconciler.model.edits import FileEdit
from reconciler.model.findings import Position
from reconciler.model.terms import USERS
from reconciler.sources.documents import read_document
from reconciler.sources.files import RefusedFileError, read_linked
from reconciler.sources.imports.autumn import from_autumn
from reconciler.sources.imports.matrix import from_csv
from reconciler.sources.imports.pricing2yaml import from_pricing2yaml
from reconciler.sources.layout.editing import edited
from reconciler.sources.layout.emission import emit
from reconciler.sources.layout.parsing import parse
from reconciler.sources.package_text import new_text
from reconciler.sources.schemas import schema_of
from reconciler.validation.problems import Problem, finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model.findings import Finding
    from reconciler.sources.imports.imported import Import
    from reconciler.sources.workspace import Workspace

Origin: TypeAlias = Literal["autumn", "pricing2yaml", "csv"]

_READERS: Final[Mapping[Origin, Callable[[bytes], Import]]] = {
    "autumn": from_autumn,
    "pricing2yaml": from_pricing2yaml,
    "csv": from_csv,
}


class Imported(Struct, frozen=True):
    """What importing would write.

    Attributes:
        remarks: What could not be carried over.
        findings: Why something cannot be written.
    """

    edits: tuple[FileEdit, ...]
    remarks: tuple[str, ...]
    findings: tuple[Finding, ...]


def import_from(
    workspace: Workspace, origin: Origin, content: bytes, *, users: str | None = None
) -> Imported:
    """Return the edits that bring a foreign file in; nothing is written, and no package file is changed.

    What the catalog declares already stays as it is.

    Args:
        workspace: Where it goes.
        origin: Which format the file has.
        content: The file.
        users: Key of the limit that says how many team members a client may have.

    Raises:
        InvalidError: The file is not of this format.
    """
    found = _READERS[origin](content)
    _set_users(found, users)
    findings: list[Finding] = []
    edits = [edit for edit in (_catalog_edit(workspace, found, findings),) if edit]
    for key, document in found.packages.items():
        edit = _package_edit(workspace, key, document, findings)
        edits += [edit] if edit else []
    return Imported(tuple(sorted(edits)), tuple(found.remarks), tuple(sorted(findings)))


def _set_users(found: Import, users: str | None) -> None:
    for document in found.packages.values():
        if users and (amount := document.get("limits", {}).pop(users, None)):
            document[USERS.key] = amount
    if users:
        found.limits.pop(users, None)
    open_ = [key for key, document in found.packages.items() if document[USERS.key] == "unlimited"]
    if open_:
        found.remark(f"The number of team members is unlimited, stated so or left out: {', '.join(open_)}.")


def _catalog_edit(workspace: Workspace, found: Import, findings: list[Finding]) -> FileEdit | None:
    file = os.path.normpath(workspace.settings.catalog)
    before: bytes | None = None
    new: dict[str, Any] = {"features": found.features, "limits": found.limits}
    if os.path.lexists(workspace.root / file):
        if workspace.catalog is None:
            findings += [each for each in workspace.errors if each.file == file]
            return None
        try:
            before = read_linked(f"{workspace.root}/{file}", os.path.realpath(workspace.root))
        except RefusedFileError as error:
            findings.append(error.finding(file))
            return None
        text = _merged(before, new)
    else:
        line = modeline(workspace.root, workspace.settings, file, "catalog")
        text = new_text({kind: each for kind, each in new.items() if each}, modeline=line)
    return _edit(file, before, text, "catalog", findings)


def _merged(before: bytes, new: Mapping[str, Mapping[str, Any]]) -> str:
    document = read_document("", before, "catalog").document or {}
    values = {kind: {**each, **document.get(kind, {})} for kind, each in new.items()}
    layout = parse(before.decode())
    changed = {kind: value for kind, value in values.items() if value != document.get(kind, {})}
    return emit(edited(layout, changed, list(schema_of("catalog")["properties"])))


def _package_edit(
    workspace: Workspace, key: str, document: Mapping[str, Any], findings: list[Finding]
) -> FileEdit | None:
    file = f"{os.path.normpath(workspace.settings.packages)}/{key}.yaml"
    if key in workspace.packages or os.path.lexists(workspace.root / file):
        message = f"the package `{key}` has a file already, which stays as it is"
        findings.append(
            finding(file, Position(), Problem((), "duplicate-key", message, "delete one of the two"))
        )
        return None
    line = modeline(workspace.root, workspace.settings, file, "package")
    ordered = {name: document[name] for name in schema_of("package")["properties"] if name in document}
    return _edit(file, None, new_text(ordered, modeline=line), "package", findings)


def _edit(
    file: str, before: bytes | None, text: str, kind: Literal["package", "catalog"], findings: list[Finding]
) -> FileEdit | None:
    after = text.encode(errors="replace")
    reading = read_document(file, after, kind)
    findings += reading.findings
    return FileEdit(file, before, after) if reading.document is not None and after != before else None
