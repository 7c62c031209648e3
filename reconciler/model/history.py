"""What was done to one client or one package: each time with who did it, through what, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.model.fields import Amount, Instant, Line, PackageKey, Told


@dataclass(frozen=True, slots=True)
class HistoryEntry(Told):
    """One write to the client or the package whose history it is.

    Attributes:
        kind: `add`, `assign`, `import`, `edit`, `restore` or `run`.
        event: By whose id it can be rolled back; None of what a run did.
        run: Which did it; None of what was done by hand.
        commit: That the run was of, where git knew.
        package: Its key then.
        before: Of a client what it held, of a package its state; None where there was nothing.
        moved: How many holders of the package the run reassigned.
    """

    at: Instant
    kind: Line
    author: Line
    on_behalf_of: Line | None = None
    reason: str = ""
    event: Line | None = None
    run: Amount | None = None
    commit: Line | None = None
    package: PackageKey | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    moved: Amount = 0
