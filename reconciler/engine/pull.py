"""Pull: live packages and the live catalog into the files, in place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from reconciler.engine.fmt import modeline
from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog, Feature, Limit
from reconciler.model.edits import FileEdit
from reconciler.model.findings import Finding, Position
from reconciler.model.forms import PACKAGE_KEY
from reconciler.model.packages import RevisionRef
from reconciler.planning.pairing import paired
from reconciler.sources.catalog_text import updated_catalog_text
from reconciler.sources.documents import read_document
from reconciler.sources.files import RefusedFileError, read_linked
from reconciler.sources.imports.names import title_of
from reconciler.sources.package_text import new_text, package_document, updated_text
from reconciler.validation.problems import Problem, finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from reconciler.live.port import PlatformReader
    from reconciler.model.packages import Definition, DesiredPackage, PackageHead
    from reconciler.sources.schemas import Kind
    from reconciler.sources.workspace import Workspace

_MOST_NAMED: Final = 20


class PullRequest(Struct, frozen=True):
    """What is pulled.

    Attributes:
        keys: Only these packages, and not the catalog; empty: all.
        archived: Also write files for archived packages that have none.
        adopt: Also write files for packages made by hand (rule 9).
    """

    keys: tuple[str, ...] = ()
    archived: bool = False
    adopt: bool = True


class Pulled(Struct, frozen=True):
    """What pulling would write.

    Attributes:
        adopted: Keys of packages made by hand that get a file.
        only_in_files: Keys of packages that the platform does not have; their files stay.
        findings: Why a file could not be written, or would be invalid.
    """

    edits: tuple[FileEdit, ...] = ()
    adopted: tuple[str, ...] = ()
    only_in_files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class _Wanted(Struct, frozen=True):
    """One live package, and the file that it goes to; None: a new one."""

    head: PackageHead
    desired: DesiredPackage | None


class _Pull(Struct):
    workspace: Workspace
    request: PullRequest
    edits: list[FileEdit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def pull(workspace: Workspace, reader: PlatformReader, request: PullRequest) -> Pulled:
    """Return the edits after which the files say what is live; nothing is written.

    Files that cannot be read are left alone, with the workspace's findings about them.
    """
    heads = reader.packages()
    _require_live(request.keys, heads)
    state = _Pull(workspace, request)
    catalog = reader.catalog()
    pairing = paired(workspace.packages, heads)
    pairs = (*pairing.differing, *pairing.equal)
    files = {pair.live_key: pair.desired for pair in pairs if pair.desired and pair.head}
    only = tuple(sorted(pair.key for pair in pairs if pair.desired and not pair.head))
    wanted = [_Wanted(head, files.get(head.key)) for head in heads if _is_asked_for(head, files, request)]
    wanted = [each for each in wanted if _differs(each)]
    definitions = reader.definitions([_current(each.head) for each in wanted])
    if not request.keys:
        _pull_catalog(state, catalog, definitions.values(), only)
    for each in wanted:
        _pull_package(state, each, definitions[_current(each.head)], catalog or workspace.catalog)
    adopted = tuple(each.head.key for each in wanted if not each.head.managed and each.desired is None)
    return Pulled(tuple(sorted(state.edits)), adopted, only, tuple(sorted(state.findings)))


def _require_live(keys: Sequence[str], heads: Sequence[PackageHead]) -> None:
    """Raise WrongUsageError where a named package is not on the platform."""
    live = [head.key for head in heads]
    if missing := [key for key in keys if key not in live]:
        known = ", ".join(live[:_MOST_NAMED]) or "none"
        raise WrongUsageError(f"The platform has no package {missing[0]!r}.", hint=f"It has: {known}.")


def _current(head: PackageHead) -> RevisionRef:
    return RevisionRef(head.key, head.revision)


def _is_asked_for(head: PackageHead, files: dict[str, DesiredPackage], request: PullRequest) -> bool:
    if request.keys:
        return head.key in request.keys
    if head.key in files:
        return True
    return (request.archived or not head.archived) and (request.adopt or head.managed)


def _differs(each: _Wanted) -> bool:
    desired, head = each.desired, each.head
    return desired is None or (desired.stated.digest, desired.archived) != (head.digest, head.archived)


def _pull_package(state: _Pull, each: _Wanted, live: Definition, catalog: Catalog | None) -> None:
    head, desired = each.head, each.desired
    file = (
        desired.file if desired else f"{os.path.normpath(state.workspace.settings.packages)}/{head.key}.yaml"
    )
    if desired is None and not _may_create(state, head.key, file):
        return
    if desired is None:
        line = modeline(state.workspace.root, state.workspace.settings, file, "package")
        text = new_text(package_document(live, archived=head.archived), modeline=line)
        _add(state, file, None, text, "package")
    elif (content := _content(state, file)) is not None:
        text = updated_text(desired.key, content, live, catalog, archived=head.archived)
        _add(state, file, content, text, "package")


def _may_create(state: _Pull, key: str, file: str) -> bool:
    if PACKAGE_KEY.fault(key):
        message = f"the platform has a package `{key[:80]}`, which cannot be the name of a file"
        problem = Problem((), "bad-file-name", message, "rename it on the platform")
        state.findings.append(finding(state.workspace.settings.packages, Position(), problem))
        return False
    folder = os.path.normpath(state.workspace.settings.packages)
    hiding = [found for found in state.workspace.errors if _may_hide(found, folder)]
    if hiding:
        state.findings += hiding
        return False
    unread = [name for name in state.workspace.digests if name.rpartition("/")[2] == f"{key}.yaml"]
    unread += [found.file for found in state.workspace.errors if found.file == file]
    state.findings += [found for found in state.workspace.errors if found.file in unread]
    return not unread


def _may_hide(found: Finding, folder: str) -> bool:
    """Whether a folder of packages could not be read, so that it may hold the file of any of them."""
    is_inside = found.file == folder or found.file.startswith(f"{folder}/") or folder == "."
    is_folder = found.rule in {"file-unreadable", "symlink-refused"} and not found.file.endswith(".yaml")
    return is_inside and is_folder


def _pull_catalog(
    state: _Pull, live: Catalog | None, pulled: Collection[Definition], only_in_files: tuple[str, ...]
) -> None:
    """Edit the catalog's file; for a platform that has none, make one that declares what packages name."""
    workspace = state.workspace
    file = os.path.normpath(workspace.settings.catalog)
    path = workspace.root / file
    if not os.path.lexists(path):
        line = modeline(workspace.root, workspace.settings, file, "catalog")
        _add(state, file, None, new_text((live or _named_by(pulled)).as_document(), modeline=line), "catalog")
    elif live is None:
        return
    elif workspace.catalog is None:
        state.findings += [found for found in workspace.errors if found.file == file]
    elif workspace.catalog != live and (content := _content(state, file)) is not None:
        names = set(_named(workspace, only_in_files))
        _add(state, file, content, updated_catalog_text(content, live, names), "catalog")


def _named_by(pulled: Collection[Definition]) -> Catalog:
    features = {key: Feature(title_of(key)) for content in pulled for key in content.features}
    limits = {key: Limit(title_of(key)) for content in pulled for key in content.limits}
    return Catalog(dict(sorted(features.items())), dict(sorted(limits.items())))


def _named(workspace: Workspace, keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        definition = workspace.packages[key].definition
        yield from definition.features
        yield from definition.limits


def _add(state: _Pull, file: str, before: bytes | None, text: str, kind: Kind) -> None:
    """Note the edit, unless no file could say it: then the findings tell why."""
    after = text.encode(errors="replace")
    reading = read_document(file, after, kind)
    if reading.document is None:
        state.findings += reading.findings
    elif after != before:
        state.edits.append(FileEdit(file, before, after))


def _content(state: _Pull, file: str) -> bytes | None:
    try:
        return read_linked(f"{state.workspace.root}/{file}", os.path.realpath(state.workspace.root))
    except RefusedFileError as error:
        state.findings.append(error.finding(file))
        return None
