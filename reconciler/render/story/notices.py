"""What a reader of a plan should know beside its changes, a sentence each, and which guards differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import counted, day
from reconciler.model.plans import THE_CLIENTS
from reconciler.render.story.words import code, key, listed, prose, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.plans import ClientNotice, GuardChange, Plan
    from reconciler.render.story.words import Words

_CLIENTS_SHOWN: Final = 10
_KEYS_SHOWN: Final = 5
LATER: Final = ", from the next run on"
"""When a looser guard counts."""


def notices(plan: Plan) -> Iterator[Words]:
    """Yield the sentences of the plan, those about single clients last."""
    yield from map(prose, plan.notices)
    yield from map(_about, plan.client_notices)


def waiting(plan: Plan) -> Iterator[Words]:
    """Yield of each step that waits for its day how many move then, and why not now."""
    for each in plan.waiting:
        who = "client moves" if each.clients == 1 else f"{counted(each.clients, 'client')} move"
        apart = each.every and counted(each.every, "day")
        why = f"steps are {apart} apart" if apart else "the file lets nobody move before"
        yield words(key(each.key), f": the next {who} on {day(each.day)} at the earliest, since {why}.")


def _about(notice: ClientNotice) -> Words:
    """Name the clients, or say how many they are where the plan does not name them."""
    before, _, after = notice.text.partition(THE_CLIENTS)
    names = [key(each) for each in notice.clients]
    who = (
        listed(names, shown=_CLIENTS_SHOWN, total=notice.count) if names else counted(notice.count, "client")
    )
    return words(*prose(before), " " if before else "", who, " " if after[:1] == " " else "", *prose(after))


def guard_sentences(
    loosened: Iterable[GuardChange], tightened: Iterable[GuardChange], later: str = ""
) -> Iterator[Words]:
    """Say which guards let more pass, `later` or as it is recorded, and which let less pass already."""
    for change in loosened:
        yield from _told(change, "loosens ", later)
    for change in tightened:
        yield from _told(change, "tightens ", "", later)


def first_to_apply(plan: Plan, guard: str) -> Words:
    """Say what to do where the files loosen a guard that blocks; nothing where they do not."""
    if all(change.guard != guard for change in plan.loosened):
        return ()
    return prose(
        f"The files loosen `{guard}`, which counts from the next run on: apply that first, "
        "without what it blocks now."
    )


def _told(change: GuardChange, does: str, when: str, looser: str = "") -> Iterator[Words]:
    match change.before, change.after:
        case tuple() as before, tuple() as after:
            if gone := sorted({*before} - {*after}):
                yield words("loosens ", code(change.guard), ": no longer ", _names(gone), when or looser)
            if new := sorted({*after} - {*before}):
                yield words("tightens ", code(change.guard), ": now also ", _names(new))
        case before, after:
            sides = words(code(str(before)), " to ", code(str(after)))
            yield words(does, code(change.guard), " from ", sides, when)


def _names(keys: Iterable[str]) -> Words:
    return listed([key(each) for each in keys], shown=_KEYS_SHOWN)
