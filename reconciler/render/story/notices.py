"""What a reader of a plan should know that neither changes nor blocks anything, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import counted, day
from reconciler.model.plans import THE_CLIENTS
from reconciler.render.story.words import key, listed, prose, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.plans import ClientNotice, Plan
    from reconciler.render.story.words import Words

_NAMES_SHOWN: Final = 10


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
    who = listed(names, shown=_NAMES_SHOWN, total=notice.count) if names else counted(notice.count, "client")
    return words(*prose(before), " " if before else "", who, " " if after[:1] == " " else "", *prose(after))
