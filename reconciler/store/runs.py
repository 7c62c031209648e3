"""Statements on runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from msgspec import to_builtins
from sqlalchemy import Text, func, insert, literal, select, type_coerce, update

from reconciler.model.changesets import PackageState, Run
from reconciler.model.packages import canonical_json
from reconciler.store import meta, tables
from reconciler.store.bulk import insert_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from reconciler.store.packages import StoredPackage

_RUNS: Final = tables.runs.c
_NONE: Final = {"changes": "[]", "states_before": "{}", "states_after": "{}"}
"""What grows with the packages of a run, where there are none."""
_ALL: Final = tuple(
    type_coerce(column, Text).label(column.name) if column.name in _NONE else column for column in _RUNS
)
"""Every column; those as text."""
_BRIEF: Final = tuple(
    literal(_NONE[column.name]).label(column.name) if column.name in _NONE else column for column in _RUNS
)
"""The same, without what was changed."""


class _Unread:
    """What is read from its text when something of it is asked for: most readers of runs want nothing."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _read(self) -> Any:
        return json.loads(self._text)

    def __getitem__(self, at: Any) -> Any:
        return self._read[at]

    def __len__(self) -> int:
        return len(self._read)


class _States(_Unread, Mapping[str, PackageState]):
    """States per key."""

    @cached_property
    def _read(self) -> dict[str, PackageState]:
        return {key: PackageState(**document) for key, document in json.loads(self._text).items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)


class _Changes(_Unread, Sequence[Mapping[str, Any]]):
    """Changes in their order."""

    def __eq__(self, other: object) -> bool:
        return [*other] == self._read if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)


def latest(connection: Connection, limit: int, before: int | None, *, brief: bool) -> tuple[Run, ...]:
    """Return the latest runs, newest first, or the latest before one; see `PlatformReader`."""
    statement = select(*(_BRIEF if brief else _ALL)).order_by(_RUNS.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_RUNS.id < before)
    return tuple(_run(row) for row in connection.execute(statement))


def by_id(connection: Connection, run_id: int) -> Run | None:
    """Return one run; None where there is none."""
    row = connection.execute(select(*_ALL).where(_RUNS.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def of_plan(connection: Connection, plan_hash: str) -> Run | None:
    """Return the run that applied the plan with this hash; None where none did."""
    row = connection.execute(select(*_ALL).where(_RUNS.plan_hash == plan_hash)).one_or_none()
    return None if row is None else _run(row)


def first_since(connection: Connection, since: datetime) -> int | None:
    """Return the first run at or after an instant; None where there is none."""
    statement = select(func.min(_RUNS.id)).where(_RUNS.at >= since)
    first: int | None = connection.execute(statement).scalar_one()
    return first


def catalogs_changed(connection: Connection, first: int) -> Iterator[Mapping[str, Any]]:
    """Yield what this run and the later ones changed in the catalog, oldest first."""
    statement = select(_RUNS.catalog).where(_RUNS.id >= first).order_by(_RUNS.id)
    for changed in connection.execute(statement).scalars():
        yield from changed


def naming(connection: Connection, word: str) -> tuple[int, ...]:
    """Return the runs whose record of what they changed names a client."""
    said = type_coerce(_RUNS.changes, Text).contains(canonical_json(word), autoescape=True)
    return tuple(connection.execute(select(_RUNS.id).where(said).order_by(_RUNS.id)).scalars())


def next_id(connection: Connection) -> int:
    """Return the number that the next run has; certain within a writing transaction."""
    newest: int | None = connection.execute(select(func.max(_RUNS.id))).scalar_one()
    return (newest or 0) + 1


def record(connection: Connection, run: Run) -> None:
    """Insert a run without what `complete` writes: a row that changes is written anew, however long it is."""
    values = {
        "id": run.id,
        "plan_hash": run.plan_hash,
        "at": run.at,
        "actor": run.actor,
        "environment": run.environment,
        "on_behalf_of": run.on_behalf_of,
        "commit_id": run.commit,
        "allowed": list(run.allowed),
        "changes": [],
        "states_before": {},
        "states_after": {},
        "renamed": dict(run.renamed),
        "catalog": [dict(term) for term in run.catalog],
        "guards": [dict(guard) for guard in run.guards],
        "moved": run.moved,
        "reason": run.reason,
        "seal": "",
        "unfinished": list(run.unfinished),
    }
    connection.execute(insert(tables.runs).values(values))
    meta.mark_written(connection)


def complete(connection: Connection, run: Run) -> None:
    """Complete a run with what is known only once its clients are moved, and with what is long."""
    values = {
        "moved": run.moved,
        "seal": run.seal,
        "changes": list(run.changes),
        "states_before": _documents(run.before),
        "states_after": _documents(run.after),
    }
    connection.execute(update(tables.runs).where(_RUNS.id == run.id).values(values))


def leave_unfinished(connection: Connection, run_id: int, keys: Iterable[str]) -> None:
    """Note the packages that a run was to write and did not."""
    connection.execute(update(tables.runs).where(_RUNS.id == run_id).values(unfinished=sorted(keys)))


def renamed_since(connection: Connection, at: datetime) -> dict[str, str]:
    """Return the keys that packages had at an instant, each with its present one, where it is another."""
    found: dict[str, str] = {}
    statement = select(_RUNS.renamed).where(_RUNS.at >= at).order_by(_RUNS.id)
    for renamed in connection.execute(statement).scalars():
        now = {former: key for key, former in renamed.items()}
        found = {**now, **{first: now.get(last, last) for first, last in found.items()}}
    return found


def note_packages(connection: Connection, run_id: int, concerned: Iterable[StoredPackage]) -> None:
    """Keep which packages a run wrote, or whose holders it moved, so that each finds its runs."""
    insert_all(connection, tables.run_packages, [(each.id, run_id) for each in concerned])


def of_package(connection: Connection, package_id: int) -> Iterator[Run]:
    """Yield the runs that wrote a package or moved its holders, whatever its key then was; newest first."""
    which = tables.run_packages.c
    found = select(*_ALL).join(tables.run_packages, which.run_id == _RUNS.id)
    return map(
        _run, connection.execute(found.where(which.package_id == package_id).order_by(_RUNS.id.desc()))
    )


def _documents(states: Mapping[str, PackageState]) -> dict[str, Any]:
    return {key: to_builtins(state) for key, state in states.items()}


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        plan_hash=row.plan_hash,
        at=row.at,
        actor=row.actor,
        environment=row.environment,
        on_behalf_of=row.on_behalf_of,
        commit=row.commit_id,
        allowed=tuple(row.allowed),
        changes=_Changes(row.changes),
        before=_States(row.states_before),
        after=_States(row.states_after),
        renamed=row.renamed,
        catalog=tuple(row.catalog),
        guards=tuple(row.guards),
        moved=row.moved,
        reason=row.reason,
        seal=row.seal,
        unfinished=tuple(row.unfinished),
    )
