"""What was done, in words: to a client, to a package, by a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from reconciler.model.english import counted, number
from reconciler.model.packages import canonical_json
from reconciler.model.plans import FieldChange
from reconciler.render.story.phrasing import Difference, phrased
from reconciler.render.story.words import chained, key, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.history import HistoryEntry
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.words import Words

_ARROW = " → "


class Written(NamedTuple):
    """One difference: a sign and a kind, and what it was and is."""

    label: str
    body: Words


def differences_of(change: Mapping[str, Any], glossary: Glossary) -> Iterator[Written]:
    """Yield what a run's record says that a change made different, with values."""
    for each in change.get("fields") or ():
        try:
            field = FieldChange.model_validate_json(canonical_json(each))
        except ValidationError:
            continue  # what the sender told of its change is kept as it came
        said = phrased(Difference.of_field(field), glossary)
        yield Written(f"{said.sign} {said.label}", said.body)


def which(entry: HistoryEntry) -> str:
    """Name it as `rollback` takes it."""
    return f"event:{entry.event}" if entry.run is None else f"run:{entry.run}"


def done_by(entry: HistoryEntry) -> str:
    """Say who did it, and for whom they said that it was."""
    return f"{entry.author}, on behalf of {entry.on_behalf_of}" if entry.on_behalf_of else entry.author


def done_to_client(entry: HistoryEntry) -> Words:
    """Say what the client held and holds."""
    if entry.kind in {"update", "forget"}:
        return words(_about_a_person(entry))
    before, after = (_held(side) for side in (entry.before, entry.after))
    return words(before, _ARROW if before else "", after or "nothing")


def done_to_package(entry: HistoryEntry, fields: Iterable[FieldChange], glossary: Glossary) -> Words:
    """Say which revision came of it, what is different, and how many holders moved."""
    briefs = chained((phrased(Difference.of_field(each), glossary).statement for each in fields), ", ")
    moved = words(f"{counted(entry.moved, 'client')} moved") if entry.moved else ()
    return chained((_state(entry), briefs, moved), " · ")


def _about_a_person(entry: HistoryEntry) -> str:
    after = entry.after or {}
    if entry.kind == "forget":
        return "forgotten, but for what it holds"
    status = f"status {after['status']}" if "status" in after else ""
    return ", ".join(filter(None, [*(after.get("changed") or ()), status]))


def _held(side: Mapping[str, Any] | None) -> Words:
    if side is None:
        return ()
    return words(key(str(side.get("package"))), f" revision {side.get('revision')}")


def _state(entry: HistoryEntry) -> Words:
    before, after = entry.before, entry.after
    if after is None:
        return ()
    name = f"revision {number(int(after['revision']))}"
    if before is None:
        return words("created, ", name)
    archived = {(False, True): "archived", (True, False): "restored"}.get(
        (bool(before["archived"]), bool(after["archived"])), ""
    )
    return words(chained((words(archived), words(name)), ", "))
