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


def difference(kind: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Words:
    """Say what was so before an event, and after it: held, granted, called."""
    now = after or {}
    match kind:
        case "update":
            status = f"status {now['status']}" if "status" in now else ""
            return words(", ".join(filter(None, [*(now.get("changed") or ()), status])))
        case "forget":
            return words("erased, but for what it holds" if now.get("replaced") else "erased")
        case "token":
            ended = "revoked" if now.get("revoked_at") else f"may {', '.join(now.get('scopes') or ())}"
            return words(f"{now.get('name')} {ended}")
        case "add":
            return _side(after)
        case _:
            return words(_side(before), _ARROW, _side(after))


def done_to_package(entry: HistoryEntry, fields: Iterable[FieldChange], glossary: Glossary) -> Words:
    """Say which revision came of it, what is different, and how many holders moved."""
    briefs = chained((phrased(Difference.of_field(each), glossary).statement for each in fields), ", ")
    moved = words(f"{counted(entry.moved, 'client')} moved") if entry.moved else ()
    return chained((_state(entry), briefs, moved), " · ")


def _side(side: Mapping[str, Any] | None) -> Words:
    if side is None:
        return words("nothing")
    if "term" in side:
        return _grant(side)
    if "extended_to" in side and "package" not in side:
        return words(f"ends {side['expires_at'] or 'never'}")
    of = key(str(side["package"])) if "package" in side else ""
    archived = ", archived" if side.get("archived") else ""
    return words(of, " " if of else "", f"revision {side.get('revision')}{archived}")


def _grant(side: Mapping[str, Any]) -> Words:
    added = "" if side["add"] is None else f" +{number(side['add'])}{' once' if side['once'] else ''}"
    most = "" if side["set_to"] is None else f" at least {side['set_to']}"
    return words(key(str(side["term"])), f"{added}{most} until {side['until']}")


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
