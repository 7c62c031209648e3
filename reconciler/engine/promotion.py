"""`after`: what an environment that comes before has recorded, and has that this one has not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.planning.guards import Promotion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.live.port import PlatformReader
    from reconciler.model.packages import PackageHead

_AT_ONCE: Final = 50
_MOST: Final = 1_000
"""So many runs are looked at, newest first."""
_NAMED: Final = 10


def promotion(environment: str, earlier: PlatformReader | None, commit: str | None) -> Promotion:
    """Return whether the environment that comes before has recorded the commit."""
    if earlier is None:
        return Promotion(environment, commit)
    is_recorded = _has(environment, earlier, commit)
    return Promotion(environment, commit, is_recorded=is_recorded, is_read=True)


def is_yet_to_record(environment: str, reader: PlatformReader, commit: str | None) -> bool:
    """Whether an apply with nothing to do would record the commit, for the environments that come after."""
    is_whole = commit is not None and not commit.endswith("-dirty")
    return is_whole and not _has(environment, reader, commit)


def waits(first: Promotion) -> Iterator[str]:
    """Say what an apply would wait for: a pull request is planned before its commit is anywhere."""
    if not first.is_recorded:
        yield f"An apply waits until {first.environment} has recorded the same commit."


def _has(environment: str, reader: PlatformReader, commit: str | None) -> bool:
    return any(commit == each for each in _commits(environment, reader))


def _commits(environment: str, reader: PlatformReader) -> Iterator[str]:
    before = None
    for _ in range(0, _MOST, _AT_ONCE):
        runs = reader.runs(limit=_AT_ONCE, before=before, brief=True)
        commits = (run.settled_commit for run in runs if run.environment == environment)
        yield from (commit for commit in commits if commit and not commit.endswith("-dirty"))
        if len(runs) < _AT_ONCE:
            return
        before = runs[-1].id


def ahead(
    environment: str, earlier: PlatformReader | None, name: str, heads: Iterable[PackageHead]
) -> Iterator[str]:
    """Say which packages the environment that comes before has, and this one has not, or otherwise."""
    here = {head.key: (head.digest, head.archived) for head in heads}
    there = earlier.packages() if earlier is not None else ()
    keys = [each.key for each in there if each.managed and here.get(each.key) != (each.digest, each.archived)]
    if keys:
        more = f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else ""
        yield f"{environment} has what {name} has not: {', '.join(keys[:_NAMED])}{more}."
