"""What a reader of a plan should know that neither changes nor blocks anything."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from reconciler.model.english import agreed, counted
from reconciler.model.packages import Rollout
from reconciler.model.plans import THE_CLIENTS, Action, ClientNotice
from reconciler.model.questions import ClientQuestion, OneOf
from reconciler.planning.acknowledgements import entries_of
from reconciler.planning.fields import likeness
from reconciler.planning.guards import owed_by
from reconciler.planning.rollouts import has_rollout
from reconciler.sources.git import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from reconciler.live.port import PlatformReader
    from reconciler.model.clients import Client
    from reconciler.model.plans import Change, GuardChange, GuardResult, Plan
    from reconciler.planning.assembly import Weighed
    from reconciler.planning.facts import Facts
    from reconciler.planning.guards import Assessed, Case
    from reconciler.planning.pairing import Pairing
    from reconciler.sources.workspace import Workspace

_ALIKE: Final = 0.6
"""The share of what two packages grant that is the same in both, from which on one may be the other."""
_NAMED: Final = 10
"""So many clients are named singly."""


def idle_waivers(allow: Iterable[str], guards: Iterable[GuardResult]) -> Iterator[str]:
    """Name waivers that let nothing pass: a misspelled one would else be taken for one that works."""
    used = {f"{each.id}:{each.key}" for each in guards if each.result == "allowed"}
    for waiver in sorted(set(allow) - used):
        yield f"The waiver `{waiver}` lets nothing pass in this plan."


def unknown_commit(folder: Path) -> Iterator[str]:
    """Say why the plan names no commit where the files are in a repository."""
    if why := refusal(folder):
        yield f"The commit of these files is unknown, and is not recorded: {why}"


def idle_exclusions(reader: PlatformReader, pairing: Pairing, facts: Facts) -> Iterator[ClientNotice]:
    """Name excluded clients who hold nothing of the package: ids are told apart by case."""
    for pair in () if pairing.reaches_everybody else (*pairing.differing, *pairing.equal):
        if not has_rollout(pair) or pair.desired is None or pair.head is None:
            continue
        excluded = pair.desired.rollout.exclude
        revisions = tuple(sorted({*facts.holdings.get(pair.live_key, {}), pair.head.revision}))
        question = ClientQuestion(pair.live_key, revisions, (OneOf(excluded),))
        found = set(reader.matching(question, facts.at)) if excluded else set()
        missing = tuple(each for each in excluded if each not in found)
        if missing:
            text = f"{pair.key}: `exclude` names who has no active subscription to it: {THE_CLIENTS}."
            yield ClientNotice(text=text, clients=missing[:_NAMED], count=len(missing))


def idle_rollouts(pairing: Pairing) -> Iterator[str]:
    """Name packages whose file says how their holders move, on a platform where they need not be moved."""
    for pair in (*pairing.differing, *pairing.equal) if pairing.reaches_everybody else ():
        if pair.desired is not None and pair.desired.rollout != Rollout():
            yield f"{pair.key}: `rollout` has no effect here, as the platform keeps no snapshots."


def stays(
    reader: PlatformReader, package: str, clients: Iterable[str], weighed: Weighed, at: datetime
) -> Iterator[ClientNotice]:
    """Say of clients who were named for a move of the package's holders why they stay where they are."""
    steps = weighed.steps.values()
    moving = {id_ for step in steps for id_ in reader.matching(step.candidate.eligible, at)}
    for id_ in sorted(set(clients) - moving)[:_NAMED]:
        why = _why_it_stays(reader.client(id_, at), package)
        yield ClientNotice(text=f"{THE_CLIENTS} stays: {why}.", clients=(id_,), count=1)


def _why_it_stays(client: Client, package: str) -> str:
    held = client.subscription
    if held.package != package:
        return f"it holds {held.package}, not {package}"
    if held.status != "active":
        return f"its subscription is {held.status}, and only active ones are moved"
    if held.revision == held.current_revision:
        return f"it holds the current revision {held.revision} already"
    return "the package's list of allowed e-mails does not have its owner"


def left_behind(pairing: Pairing, weighed: Weighed) -> Iterator[str]:
    """Name whom a rollback cannot bring back."""
    moved: Counter[str] = Counter()
    back: Counter[str] = Counter()
    for each in pairing.returns:
        moved[each.pair.key] += each.moved.clients
    for step in weighed.steps.values():
        if step.candidate.returning_from is not None:
            back[step.candidate.pair.key] += step.size
    for key, missing in (moved - back).items():
        yield (
            f"{key}: {missing:,} of {moved[key]:,} clients whom the run moved stay where they are: "
            "they were assigned or moved since, or are suspended. Rolling back again brings back whoever is "
            "active again by then."
        )


def left_for_later(weighed: Weighed, terms: Iterable[str], loosened: Iterable[GuardChange]) -> Iterator[str]:
    """Say what is due beside what is planned."""
    due = [draft.key for draft in weighed.left]
    due += [f"the holders of {key}" for key in weighed.unmoved]
    due += [f"the catalog's {path.lstrip('/')}" for path in terms]
    due += [f"the guard `{each.guard}`" for each in loosened]
    if due:
        more = f" and {len(due) - _NAMED:,} more" if len(due) > _NAMED else ""
        yield f"Left for a plan of its own: {', '.join(due[:_NAMED])}{more}."


def since_reviewed(reviewed: Plan, now: Plan) -> Iterator[str]:
    """Say how many clients more or fewer there are than when a plan was made."""
    before = {_which(change): change.impact for change in reviewed.changes}
    for change in now.changes:
        was = before.get(_which(change))
        for count, does in (("holders", ("holds it", "hold it")), ("clients_losing", ("loses", "lose"))):
            today, then = getattr(change.impact, count), getattr(was, count, None)
            if today is not None and then is not None and today != then:
                more = "more" if today > then else "fewer"
                word = agreed(abs(today - then), *does)
                something = " something" if count == "clients_losing" else ""
                yield (
                    f"{change.key}: {counted(abs(today - then), f'{more} client')} {word}{something} than in "
                    f"the reviewed plan, {today:,} in all."
                )


def _which(change: Change) -> tuple[str, bool]:
    return change.key, change.reassignment is not None


def not_yet_loosened(loosened: Iterable[GuardChange]) -> Iterator[str]:
    """Say which guards of the files do not count, where something else than the files is applied."""
    for each in loosened:
        yield f"`{each.guard}` is looser in the files, which counts once they are applied."


def likely_renames(weighed: Weighed) -> Iterator[str]:
    """Ask whether a new file is a package whose file is gone, where both grant nearly the same."""
    drafts = weighed.drafts.values()
    new = [each for each in drafts if each.action is Action.CREATE]
    for gone in (each for each in drafts if each.pair.is_vanished):
        alike = {each.key: likeness(gone.before, each.after) for each in new if gone.before is not None}
        best = max(alike, key=alike.__getitem__, default=None)
        if best is not None and alike[best] >= _ALIKE:
            file = next(each.pair.desired.file for each in new if each.key == best and each.pair.desired)
            yield (
                f"The file of {gone.key} is gone, and {file} is new and much alike. If it is the same "
                f"package, write `renamed_from: {gone.key}` there, and its holders keep it under the new key."
            )


def of_files(
    workspace: Workspace, weighed: Weighed, case: Case, assessed: tuple[Assessed, ...], facts: Facts
) -> Iterator[str]:
    """Say what the files state without an effect, or leave as it is."""
    waiting = {step.key for step in weighed.waiting}
    of_key: dict[str, list[Assessed]] = {}
    for item in assessed:
        of_key.setdefault(item.change.key, []).append(item)
    for key, package in workspace.packages.items():
        if package.acknowledgements:
            entries = entries_of(key, package, case.catalog, case.today)
            owed, is_waiting = owed_by(of_key.get(key, [])), key in waiting
            yield from entries.unused(owed, facts.in_force, is_waiting=is_waiting)
        draft = weighed.drafts.get(key)
        if draft and draft.after.allowed_emails != package.definition.allowed_emails:
            yield (
                f"{key}: the file leaves `allowed_emails` out, so that the live restriction stays; "
                "write `allowed_emails: any` to open the package."
            )
