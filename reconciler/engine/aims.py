"""What a plan is made from, by what it is for: the files, a run to be undone, or clients to be moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import InvalidError, WrongUsageError
from reconciler.model.packages import RevisionRef
from reconciler.model.plans import ClientsReassigned, FilesApplied, RunUndone
from reconciler.planning.pairing import by_hand, paired
from reconciler.planning.parking import Files, without_parked
from reconciler.planning.rollback import Past, rolled_back, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.live.port import PlatformReader
    from reconciler.model.catalog import Catalog
    from reconciler.model.packages import PackageHead
    from reconciler.model.plans import Aim
    from reconciler.planning.pairing import Pairing
    from reconciler.sources.workspace import Workspace


def pairing_for(
    aim: Aim,
    workspace: Workspace,
    reader: PlatformReader,
    live: Mapping[str, PackageHead],
    catalog: Catalog | None,
) -> Pairing:
    """Pair what the aim wants with what is live; raises WrongUsageError where it names what is not there."""
    match aim:
        case FilesApplied():
            pairing = replace(paired(workspace.packages, live.values()), catalog=workspace.catalog)
            return without_parked(pairing, reader.parked(), files_of(workspace), catalog)
        case ClientsReassigned(package, clients):
            return _reassigned(workspace, reader, live, package, clients)
        case RunUndone(run_id):
            run = reader.run(run_id)
            definitions = reader.definitions(wanted(run, live))
            past = Past(run, reader.moved_by(run_id), catalog, live, definitions, workspace.packages)
            return rolled_back(past)


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
    if clients == ():
        raise InvalidError(
            "The plan does not name the clients whom it moves.", hint="Make it again without --no-clients."
        )
    head = live.get(package)
    if head is None:
        raise WrongUsageError(f"The platform has no package {package!r}.")
    current = RevisionRef(head.key, head.revision)
    definition = reader.definitions([current])[current]
    return by_hand(head, definition, workspace.packages.get(head.key), clients)
