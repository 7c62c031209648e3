"""Whom an import moves and what that takes, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.english import agreed, counted, number
from reconciler.render.story.words import Tone, chained, key, listed, words

if TYPE_CHECKING:
    from reconciler.model.moving import Moving
    from reconciler.render.story.words import Words


def moving_sentence(moving: Moving) -> Words:
    """Say of one pair of packages how many clients move, what they lose, and who they are."""
    other = (
        words(" → ", key(moving.after)) if moving.after != moving.before else words(", from another start")
    )
    who = words(key(moving.before, Tone.STRONG), other, f": {counted(moving.clients, 'client')}")
    return words(chained((words(who, _losing(moving)), _ending(moving), _named(moving)), " · "), ".")


def _losing(moving: Moving) -> Words:
    losing, used = moving.clients_losing, moving.clients_losing_in_use
    if not losing:
        return words(", nobody loses anything", tone=Tone.QUIET)
    verb = agreed(losing, "loses", "lose")
    use = f", {number(used)} of them {agreed(used, 'uses', 'use')} it" if used else ""
    return words(f", {number(losing)} {verb} something{use}", tone=Tone.ALARM)


def _ending(moving: Moving) -> Words:
    ended = moving.subscriptions_ended
    said = f"{counted(ended, 'subscription')} {agreed(ended, 'ends', 'end')} at once" if ended else ""
    return words(said, tone=Tone.ALARM)


def _named(moving: Moving) -> Words:
    if not moving.sample:
        return ()
    named = listed([key(each) for each in moving.sample], shown=len(moving.sample))
    return words("namely " if len(moving.sample) == moving.clients else "such as ", named)
