"""`diff`: what the files change since another commit, without any platform and without any secret."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.errors import InvalidError, WrongUsageError
from reconciler.model.english import counted
from reconciler.model.packages import PackageHead, RevisionRef
from reconciler.model.plans import (
    OFFLINE,
    Change,
    FilesIdentity,
    GuardChange,
    Impact,
    Plan,
    PlatformSeen,
    Reach,
)
from reconciler.planning.assembly import in_order, placed, source_of, summary, words_of
from reconciler.planning.catalog import catalog_change
from reconciler.planning.drafts import drafted
from reconciler.planning.loosening import GuardPair
from reconciler.planning.pairing import paired
from reconciler.sources.commits import commit_of, exported, has_config, place_of
from reconciler.sources.git import GitError, parting, refusal, resolved
from reconciler.sources.workspace import locate, read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from reconciler.model.findings import Finding
    from reconciler.model.packages import Definition, DesiredPackage
    from reconciler.planning.drafts import Draft
    from reconciler.sources.commits import Place
    from reconciler.sources.workspace import Workspace

_UNKNOWN_IMPACT: Final = Impact.unknown()
_VERY_MANY: Final = 10**12
_NAME_ANOTHER: Final = "Name a commit, branch or tag that git has here; a shallow clone has few."


class Since(Struct, frozen=True):
    """What the files are compared with.

    Attributes:
        ref: A commit, branch or tag.
        is_exact: With that commit itself, and not with the one where what is checked out left it.
    """

    ref: str
    is_exact: bool = False


def diff(
    workspace: Workspace, config: Path, since: Since, at: datetime, *, show_emails: bool = False
) -> Plan:
    """Compare the files with those of a commit, as a plan that knows no clients and cannot be applied.

    Raises:
        WrongUsageError: There is no such commit, or the files are in no repository.
        InvalidError: What the commit holds cannot be read.
    """
    before = _at(config, since, at)
    old = before.files
    packages, catalog = (old.packages, old.catalog) if old else ({}, None)
    loosened, tightened = _guards(old, workspace) if old else ((), ())
    heads = [_head(package) for package in packages.values()]
    live = {RevisionRef(key, 1): package.definition for key, package in packages.items()}
    changes = in_order(
        _change(draft, workspace) for draft in _drafts(workspace, heads, live, show_emails=show_emails)
    )
    of_catalog = catalog_change(workspace.catalog, catalog)
    return Plan(
        environment=since.ref,
        platform=PlatformSeen(kind=OFFLINE, lineage=before.commit),
        created_at=at.astimezone(UTC),
        config=FilesIdentity(commit=commit_of(workspace), files=dict(workspace.digests)),
        changes=changes,
        catalog=of_catalog,
        loosened=loosened,
        tightened=tightened,
        terms=words_of(changes, of_catalog, workspace.catalog, catalog),
        notices=before.notices,
        summary=summary(changes),
    ).sealed()


class _Before(Struct, frozen=True):
    """What a commit says.

    Attributes:
        commit: Its full id.
        files: None where it has no configuration.
    """

    commit: str
    files: Workspace | None
    notices: tuple[str, ...] = ()


def _at(config: Path, since: Since, at: datetime) -> _Before:
    place, commit, notices = _found(config, since)
    if not has_config(place, commit):
        absent = f"{since.ref} has no {place.config}, so that everything counts as new."
        return _Before(commit, None, (*notices, absent))
    with exported(place, commit) as old:
        before = read_workspace(old, today=at.astimezone(UTC).date(), cache=False)
    if unread := tuple(_unread(before)):
        raise InvalidError(
            f"{since.ref} cannot be compared with: {counted(len(unread), 'error')} in its files",
            hint="Compare with a commit whose files can be read.",
            findings=unread,
        )
    return _Before(commit, before, notices)


def _found(config: Path, since: Since) -> tuple[Place, str, tuple[str, ...]]:
    """Return where the configuration lies, the commit to compare with, and what is to be said of that."""
    try:
        place = place_of(config)
        named = resolved(place.repository, since.ref)
        commit = named if since.is_exact else parting(place.repository, since.ref)
    except GitError as error:
        raise WrongUsageError(
            f"{since.ref!r} cannot be compared with: {error.message}",
            hint=error.hint or ("" if refusal(config.parent) else _NAME_ANOTHER),
        ) from error
    told = f"Compared with {commit[:12]}, where what is checked out left {since.ref}."
    return place, commit, () if commit == named else (told,)


def _guards(old: Workspace, new: Workspace) -> tuple[tuple[GuardChange, ...], tuple[GuardChange, ...]]:
    """Return the guards that are looser and those that are stricter now, named by their environments.

    A share against a number is looser, since nobody knows here of how many clients it is one.
    """
    sides = (old.settings.environments, new.settings.environments)
    loosened: list[GuardChange] = []
    tightened: list[GuardChange] = []
    for name in sorted(sides[0].keys() & sides[1].keys()):
        pair = GuardPair(*(side[name].guards for side in sides))
        looser = {each for holders in (0, _VERY_MANY) for each in pair.changes(holders)[0]}
        of_any = (each for changes in pair.changes(0) for each in changes)
        for each in of_any:
            named = each.model_copy(update={"guard": f"{name}/{each.guard}"})
            (loosened if each in looser else tightened).append(named)
    return tuple(loosened), tuple(tightened)


def _unread(before: Workspace) -> Iterator[Finding]:
    """Yield the errors for which a file is not known; what is only judged wrong is known all the same."""
    known = {package.file for package in before.packages.values()}
    known |= {before.settings.catalog} if before.catalog is not None else set()
    return (finding for finding in before.errors if finding.file not in known)


def _head(package: DesiredPackage) -> PackageHead:
    definition = package.definition
    return PackageHead(package.key, 1, 1, definition.digest, definition.title, archived=package.archived)


def _drafts(
    workspace: Workspace,
    heads: list[PackageHead],
    live: Mapping[RevisionRef, Definition],
    *,
    show_emails: bool,
) -> tuple[Draft, ...]:
    pairing = paired(workspace.packages, heads)
    return drafted(pairing.differing, live, show_emails=show_emails)


def _change(draft: Draft, workspace: Workspace) -> Change:
    lines = locate(workspace, draft.key) if draft.pair.desired else {}
    return Change(
        action=draft.action,
        key=draft.key,
        title=draft.after.title,
        renamed_from=draft.pair.live_key if draft.pair.is_renamed else None,
        severity=draft.severity,
        reach=Reach.UNKNOWN,
        fields=placed(draft.fields, lines),
        source=source_of(draft, lines),
        impact=_UNKNOWN_IMPACT,
    )
