"""What was committed before and was never applied: the commits are named, so that nobody forgets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.sources.commits import changes_since, removal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from reconciler.live.port import PlatformReader
    from reconciler.model.changesets import Run
    from reconciler.planning.assembly import Weighed
    from reconciler.planning.pairing import Pair
    from reconciler.sources.commits import Committed
    from reconciler.sources.workspace import Workspace

_PACKAGES: Final = 10
_COMMITS: Final = 3
_RUNS_LOOKED_AT: Final = 200
_AT_FIRST: Final = 5
CATALOG: Final = "the catalog"


def unapplied(
    workspace: Workspace, reader: PlatformReader, weighed: Weighed, *, has_terms: bool, but: str | None
) -> Iterator[str]:
    """Name what earlier commits changed and no run wrote since, each with those commits.

    Args:
        workspace: The files, as they were committed.
        reader: Its runs tell up to which commit a package was applied.
        weighed: What is due. A rollout that moved somebody goes on, and is not named.
        has_terms: Whether terms of the catalog are due.
        but: A commit that is not meant: what it changes is what the plan is made for.
    """
    pairs = [draft.pair for draft in weighed.drafts.values() if draft.origin != "platform"]
    moved = (step.candidate.pair for step in weighed.steps.values())
    pairs += [pair for pair in moved if pair.head is not None and pair.head.stepped_at is None]
    due = {pair.key: pair for pair in pairs}
    some = dict([*due.items()][:_PACKAGES])
    known = {pair.live_key for pair in some.values() if pair.head is not None and pair.desired is not None}
    written = _written(reader, known | ({CATALOG} if has_terms else set()))
    found = {key: _of_package(workspace, pair, written) for key, pair in some.items()}
    if has_terms:
        found[CATALOG] = changes_since(workspace.root, workspace.settings.catalog, written.get(CATALOG))
    meant = {key: [each for each in commits if each.commit != but] for key, commits in found.items()}
    named = [f"{key} ({_told(commits)})" for key, commits in meant.items() if commits]
    if named:
        more = f"; of {len(due):,} packages, {_PACKAGES} were looked at" if len(due) > _PACKAGES else ""
        yield f"Committed earlier, and not applied yet: {', '.join(named)}{more}."


def _of_package(workspace: Workspace, pair: Pair, written: Mapping[str, str | None]) -> tuple[Committed, ...]:
    if pair.desired is None:
        return removal(workspace.root, workspace.settings.packages, f"{pair.live_key}.yaml")
    return changes_since(workspace.root, pair.desired.file, written.get(pair.live_key))


def _written(reader: PlatformReader, wanted: AbstractSet[str]) -> dict[str, str | None]:
    """Return the commit of the newest run that wrote each package, and of that which changed the catalog.

    A run tells of all that it wrote, so that no more of them are read than are needed.
    """
    found: dict[str, str | None] = {}
    runs = _newest_first(reader)
    while wanted - found.keys() and (run := next(runs, None)) is not None:
        for subject in wanted & {*run.after, *([CATALOG] if run.catalog else [])}:
            found.setdefault(subject, run.commit and run.commit.removesuffix("-dirty"))
    return found


def _newest_first(reader: PlatformReader) -> Iterator[Run]:
    before, size, left = None, _AT_FIRST, _RUNS_LOOKED_AT
    while left:
        some = reader.runs(limit=min(size, left), before=before)
        yield from some
        if len(some) < min(size, left):
            return
        before, size, left = some[-1].id, 2 * size, left - len(some)


def _told(commits: Iterable[Committed]) -> str:
    every = [f"{each.commit[:12]} “{each.subject}”" for each in commits]
    more = f" and {len(every) - _COMMITS:,} more" if len(every) > _COMMITS else ""
    return ", ".join(every[:_COMMITS]) + more
