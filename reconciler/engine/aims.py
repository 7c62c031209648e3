"""What a plan is made from, by its aim: the files, a run or an event to be undone, clients to be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.errors import InvalidError, WrongUsageError
from reconciler.model.packages import RevisionRef
from reconciler.model.plans import ClientsMoved, ClientsReassigned, EventUndone, FilesApplied, RunUndone
from reconciler.planning.pairing import Pairing, by_hand, paired
from reconciler.planning.parking import Files, without_parked
from reconciler.planning.rollback import Past, as_a_run, named, of_hands, of_move, rolled_back, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.catalog import Catalog
    from reconciler.model.packages import PackageHead
    from reconciler.model.plans import Aim
    from reconciler.sources.workspace import Workspace


def pairing_for(  # noqa: PLR0913, PLR0917 - what each aim is looked up in
    aim: Aim,
    workspace: Workspace,
    reader: PlatformReader,
    live: Mapping[str, PackageHead],
    catalog: Catalog | None,
    at: datetime,
) -> Pairing:
    """Pair what the aim wants with what is live; raises WrongUsageError where it names what is not there."""
    match aim:
        case FilesApplied():
            pairing = replace(paired(workspace.packages, live.values()), catalog=workspace.catalog)
            return without_parked(pairing, reader.parked(), files_of(workspace), catalog)
        case ClientsReassigned(package, clients):
            return _reassigned(workspace, reader, live, package, clients)
        case ClientsMoved(clients=clients):
            _require_named(clients)
            transfers = reader.foresee_transfers(aim, at)
            return Pairing(differing=(), transfers=transfers, notices=tuple(of_move(aim, transfers)))
        case RunUndone(run_id):
            run = reader.run(run_id)
            past = Past(run, reader.moved_by(run_id), catalog, live, workspace.packages, f"run {run_id}")
            back = replace(past, definitions=reader.definitions(wanted(run, live)))
            return replace(rolled_back(back), transfers=reader.foresee_transfers(aim, at))
        case EventUndone():
            transfers = reader.foresee_transfers(aim, at)
            if transfers.package is None:
                return Pairing(differing=(), transfers=transfers, notices=tuple(of_hands(transfers)))
            run = as_a_run(transfers)
            past = Past(run, (), catalog, live, workspace.packages, named(transfers.event))
            return rolled_back(replace(past, definitions=reader.definitions(wanted(run, live))))


def files_of(workspace: Workspace) -> Files:
    """Return what rollbacks know files by."""
    return Files(workspace.digests, workspace.catalog)


def _reassigned(
    workspace: Workspace,
    reader: PlatformReader,
    live: Mapping[str, PackageHead],
    package: str,
    clients: tuple[str, ...] | None,
) -> Pairing:
    _require_named(clients)
    head = live.get(package)
    if head is None:
        raise WrongUsageError(f"The platform has no package {package!r}.")
    current = RevisionRef(head.key, head.revision)
    definition = reader.definitions([current])[current]
    return by_hand(head, definition, workspace.packages.get(head.key), clients)


def _require_named(clients: tuple[str, ...] | None) -> None:
    if clients == ():
        raise InvalidError(
            "The plan does not name the clients whom it moves.", hint="Make it again without --no-clients."
        )
