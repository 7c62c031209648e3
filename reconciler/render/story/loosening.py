"""What a plan says of the guards of the configuration that differ from those of the last apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.render.story.words import code, key, listed, prose, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.plans import GuardChange, Plan
    from reconciler.render.story.words import Words

_NAMES_SHOWN: Final = 5
_LATER: Final = ", from the next run on"


def guard_sentences(plan: Plan) -> Iterator[Words]:
    """Say which guards let more pass from the next run on, and which let less pass already."""
    for change in plan.loosened:
        yield from _told(change, "loosens ", _LATER)
    for change in plan.tightened:
        yield from _told(change, "tightens ", "")


def first_to_apply(plan: Plan, guard: str) -> Words:
    """Say what to do where the files loosen a guard that blocks; nothing where they do not."""
    if all(change.guard != guard for change in plan.loosened):
        return ()
    return prose(
        f"The files loosen `{guard}`, which counts from the next run on: apply that first, "
        "without what it blocks now."
    )


def _told(change: GuardChange, does: str, when: str) -> Iterator[Words]:
    match change.before, change.after:
        case tuple() as before, tuple() as after:
            if gone := sorted({*before} - {*after}):
                yield words("loosens ", code(change.guard), ": no longer ", _names(gone), _LATER)
            if new := sorted({*after} - {*before}):
                yield words("tightens ", code(change.guard), ": now also ", _names(new))
        case before, after:
            sides = words(code(str(before)), " to ", code(str(after)))
            yield words(does, code(change.guard), " from ", sides, when)


def _names(keys: Iterable[str]) -> Words:
    return listed([key(each) for each in keys], shown=_NAMES_SHOWN)
