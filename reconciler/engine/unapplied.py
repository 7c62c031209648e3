"""What was committed before and was never applied: the commits are named, so that nobody forgets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.sources.commits import changes_since, removal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.live.port import PlatformReader
    from reconciler.planning.assembly import Weighed
    from reconciler.planning.pairing import Pair
    from reconciler.sources.commits import Committed
    from reconciler.sources.workspace import Workspace

_PACKAGES: Final = 10
_COMMITS: Final = 3
_RUNS_LOOKED_AT: Final = 200
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
    written = _written(reader) if due or has_terms else {}
    found = {key: _of_package(workspace, pair, written) for key, pair in [*due.items()][:_PACKAGES]}
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


def _written(reader: PlatformReader) -> dict[str, str | None]:
    """Return the commit of the newest run that wrote each package, and of that which changed the catalog."""
    found: dict[str, str | None] = {}
    for run in reader.runs(limit=_RUNS_LOOKED_AT):
        subjects = [*run.after, *([CATALOG] if run.catalog else [])]
        for subject in subjects:
            found.setdefault(subject, run.commit and run.commit.removesuffix("-dirty"))
    return found


def _told(commits: Iterable[Committed]) -> str:
    every = [f"{each.commit[:12]} “{each.subject}”" for each in commits]
    more = f" and {len(every) - _COMMITS:,} more" if len(every) > _COMMITS else ""
    return ", ".join(every[:_COMMITS]) + more
