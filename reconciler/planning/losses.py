"""What a definition takes from those who hold other revisions, and how each loss is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.quantities import allowance
from reconciler.model.questions import AssignedIn, ClientQuestion, Condition, OwnerNotIn, more_than
from reconciler.model.terms import Code
from reconciler.planning.fields import differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from reconciler.model.packages import Definition


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that holders of some revisions have and `after` does not grant, or grants less of.

    Attributes:
        subject: As in `ImpactFinding`.
        revisions: Held revisions that grant more, sorted.
        after: The definition that takes it away.
    """

    code: Code
    subject: str
    revisions: tuple[int, ...]
    after: Definition

    def touched(self, live_key: str, *also: Condition) -> ClientQuestion:
        """Ask which clients have what is lost."""
        base: tuple[Condition, ...] = ()
        if self.code is Code.EMAILS_NARROWED:
            base = (OwnerNotIn(self.after.allowed_emails or ()),)
        return ClientQuestion(live_key, self.revisions, (*base, *also))

    def using(self, live_key: str, *also: Condition) -> ClientQuestion | None:
        """Ask which of them used it in this cycle; None where nothing is metered."""
        used = more_than(self.subject, 0)
        return self.touched(live_key, *also, used) if "use" in self.code.row.counted else None

    def over(self, live_key: str, *also: Condition) -> ClientQuestion | None:
        """Ask which of them are above the new cap; None where no cap is lowered."""
        if "over" not in self.code.row.counted:
            return None
        left = allowance(self.after.amounts.get(self.subject)) or 0
        return self.touched(live_key, *also, more_than(self.subject, left))

    def expired(self, live_key: str, at: datetime, *also: Condition) -> ClientQuestion | None:
        """Ask whose subscription would be over under the new expiry; None where it is not shortened."""
        if self.code is not Code.EXPIRY_SHORTENED or self.after.expiry is None:
            return None
        return self.touched(live_key, *also, AssignedIn(self.after.expiry.elapsed_starts(at)))


def losses(held: Mapping[int, Definition], after: Definition) -> tuple[Loss, ...]:
    """Return what `after` takes from holders of these revisions, worst first, then by subject."""
    revisions: dict[tuple[Code, str], list[int]] = {}
    for number, definition in sorted(held.items()):
        for field in differences(definition, after):
            if field.severity.is_loss:
                revisions.setdefault((field.code, field.term.key), []).append(number)
    found = (Loss(code, subject, tuple(numbers), after) for (code, subject), numbers in revisions.items())
    order = list(Code)
    return tuple(sorted(found, key=lambda loss: (order.index(loss.code), loss.subject)))


def archival(held: Mapping[int, Definition], after: Definition) -> Loss:
    """Return the loss of the package as a whole."""
    return Loss(Code.PACKAGE_ARCHIVED, "package", tuple(sorted(held)), after)


def distinct(losses: Iterable[Loss], live_key: str, *also: Condition) -> tuple[ClientQuestion, ...]:
    """Return questions that no two clients share, which together find everybody who has any of the losses."""
    losses = tuple(losses)
    narrowed = [loss for loss in losses if loss.code is Code.EMAILS_NARROWED]
    whole = sorted({number for loss in losses if loss not in narrowed for number in loss.revisions})
    questions = [ClientQuestion(live_key, tuple(whole), also)]
    for loss in narrowed:
        rest = tuple(number for number in loss.revisions if number not in whole)
        questions.append(ClientQuestion(live_key, rest, loss.touched(live_key, *also).conditions))
    return tuple(question for question in questions if question.revisions)
