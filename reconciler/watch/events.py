"""What happens in a cycle."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.model.changesets import Run
    from reconciler.model.findings import Finding
    from reconciler.model.plans import Plan


class Outcome(StrEnum):
    """How a cycle, or one commit within it, came out; or what happened to the loop."""

    IDLE = "idle"
    """Neither the branch nor the platform moved; nothing was compared."""
    IN_STEP = "in-step"
    """The platform is as the commit says."""
    APPLIED = "applied"
    DRIFTED = "drifted"
    """The platform was changed by somebody else, and is only reported."""
    BLOCKED = "blocked"
    INVALID = "invalid"
    RACED = "raced"
    """Somebody else wrote in between; the next cycle looks again."""
    FAILED = "failed"
    """The repository or the platform could not be reached."""
    RECOVERED = "recovered"
    """Both are reached again."""
    REWOUND = "rewound"
    """The branch no longer has a commit that it had before."""
    SUSPENDED = "suspended"
    RESUMED = "resumed"


class Event(Struct, frozen=True):
    """One thing that happened.

    Attributes:
        commit: Which commit it is about.
        plan: What was found to differ, where something was compared.
        run: What was applied, or which run recorded the commit that there was nothing to do for.
        findings: What is wrong with the commit's files.
        is_news: False where an earlier cycle said the same.
    """

    outcome: Outcome
    at: datetime
    commit: str | None = None
    message: str = ""
    plan: Plan | None = None
    run: Run | None = None
    findings: tuple[Finding, ...] = ()
    is_news: bool = True

    @property
    def subject(self) -> tuple[Outcome, str | None, str]:
        """What makes two events the same news."""
        return (self.outcome, self.commit, self.message)
