"""What a plan is for: the platform as the files say, as before a run, or clients moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.errors import WrongUsageError
from reconciler.model.packages import RevisionRef
from reconciler.planning.pairing import by_hand, paired
from reconciler.planning.rollback import Past, rolled_back, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.live.port import PlatformReader
    from reconciler.model.catalog import Catalog
    from reconciler.model.packages import PackageHead
    from reconciler.planning.pairing import Pairing
    from reconciler.sources.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FilesApplied:
    """The platform becomes what the files say."""


@dataclass(frozen=True, slots=True)
class RunUndone:
    """The platform becomes what it was before a run."""

    run: int


@dataclass(frozen=True, slots=True)
class ClientsReassigned:
    """Clients move to the current revision of the package that they hold.

    Attributes:
        clients: Ids; None for all who are on older revisions.
    """

    package: str
    clients: tuple[str, ...] | None = None


Aim: TypeAlias = FilesApplied | ClientsReassigned | RunUndone
FILES_APPLIED: Final = FilesApplied()


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
            return replace(paired(workspace.packages, live.values()), catalog=workspace.catalog)
        case ClientsReassigned(package, clients):
            return _reassigned(workspace, reader, live, package, clients)
        case RunUndone(run_id):
            run = reader.run(run_id)
            definitions = reader.definitions(wanted(run, live))
            past = Past(run, reader.moved_by(run_id), catalog, live, definitions, workspace.packages)
            return rolled_back(past)


def _reassigned(
    workspace: Workspace,
    reader: PlatformReader,
    live: Mapping[str, PackageHead],
    package: str,
    clients: tuple[str, ...] | None,
) -> Pairing:
    head = live.get(package)
    if head is None:
        raise WrongUsageError(f"The platform has no package {package!r}.")
    current = RevisionRef(head.key, head.revision)
    definition = reader.definitions([current])[current]
    return by_hand(head, definition, workspace.packages.get(head.key), clients)
