"""A change while the plan is being made: what is to be written, before anyone asked whom it touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from reconciler.model.plans import Action, FieldChange
from reconciler.model.terms import Code, Severity, pointer, worst
from reconciler.planning.fields import differences, grants, masked
from reconciler.planning.pairing import Pair, action_of, effective

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.packages import Definition, RevisionRef


class Draft(Struct, frozen=True):
    """One package change.

    Attributes:
        before: What is live; None for a create.
        after: What will be live.
        archived: Whether the package is archived afterwards.
    """

    pair: Pair
    action: Action
    before: Definition | None
    after: Definition
    archived: bool
    fields: tuple[FieldChange, ...]

    @property
    def key(self) -> str:
        """The package's key once the plan is applied."""
        return self.pair.key

    @property
    def adopts(self) -> bool:
        """Whether a package made by hand comes under the files' control (rule 9)."""
        head = self.pair.head
        return head is not None and not head.managed and not self.pair.stays_unmanaged

    @property
    def origin(self) -> Literal["files", "platform", "both"]:
        """Where the difference came from since the last apply."""
        head = self.pair.head
        if head is None or head.applied_digest is None:
            return "files"
        files_moved = self.after.digest != head.applied_digest or self.archived != head.applied_archived
        live_moved = head.digest != head.applied_digest or head.archived != head.applied_archived
        if files_moved and live_moved:
            return "both"
        return "platform" if live_moved else "files"

    @property
    def mints_revision(self) -> bool:
        """Whether the apply gives the package a new revision."""
        return self.before != self.after

    @property
    def severity(self) -> Severity:
        """The worst of what happens to the package; a new package only adds."""
        if self.action is Action.CREATE:
            return Severity.EXPANDING
        return worst(field.severity for field in self.fields)


def drafted(
    pairs: Iterable[Pair], live: Mapping[RevisionRef, Definition], *, show_emails: bool
) -> tuple[Draft, ...]:
    """Turn differing pairs into changes; pairs that only seemed to differ are left out.

    Args:
        pairs: What `paired` found to differ.
        live: The current definition of every pair that is live.
        show_emails: Write whole addresses into the fields, not masked ones.
    """
    drafts = (_draft(pair, live, show_emails=show_emails) for pair in pairs)
    return tuple(draft for draft in drafts if draft is not None)


def _draft(pair: Pair, live: Mapping[RevisionRef, Definition], *, show_emails: bool) -> Draft | None:
    before = live[pair.current] if pair.current else None
    after = effective(pair.desired, before) if pair.desired else before
    if after is None:
        raise AssertionError(pair)
    archived = pair.desired.archived if pair.desired else True
    email = str if show_emails else masked
    changed = differences(before, after, email=email) if before else grants(after, email=email)
    draft = Draft(pair, action_of(pair), before, after, archived, (*_own_fields(pair), *changed))
    is_change = draft.fields or draft.adopts or draft.action is Action.CREATE
    return draft if is_change else None


def _own_fields(pair: Pair) -> Iterator[FieldChange]:
    action = action_of(pair)
    if action is Action.ARCHIVE:
        yield _field("archived", before=False, after=True, code=Code.PACKAGE_ARCHIVED)
    if action is Action.RESTORE:
        yield _field("archived", before=True, after=False, code=Code.PACKAGE_RESTORED)
    if pair.is_renamed:
        yield _field("key", before=pair.live_key, after=pair.key, code=Code.PACKAGE_RENAMED)


def _field(name: str, *, before: bool | str, after: bool | str, code: Code) -> FieldChange:
    return FieldChange(path=pointer(name), before=before, after=after, code=code, severity=code.row.severity)
