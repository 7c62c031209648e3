"""The history: runs as a table, one run in full, and what a command has just done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.english import agreed, counted, instant, number
from reconciler.model.packages import canonical_json
from reconciler.model.plans import Action, GuardChange
from reconciler.planning.events import seal_of
from reconciler.render.story.history import differences_of
from reconciler.render.story.moving import moving_sentence
from reconciler.render.story.notices import guard_sentences, notices
from reconciler.render.story.words import Span, Tone, author, joined
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.changesets import Moved, PackageState, Run
    from reconciler.model.clients import Client, ImportReport
    from reconciler.model.moving import Moving
    from reconciler.model.plans import GuardResult, Plan
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.text.style import Paper

_HEADINGS: Final = ("RUN", "WHEN", "BY", "ENVIRONMENT", "WHAT")
_COLUMN: Final = 12
_DONE: Final = {
    "create": "created",
    "update": "updated",
    "archive": "archived",
    "restore": "restored",
    "rename": "renamed",
}


def run_table(runs: Iterable[Run], paper: Paper) -> Iterator[str]:
    """Yield a line of headings and a row per run."""
    return table_lines(_HEADINGS, map(_row, runs), paper)


def run_text(run: Run, moved: Sequence[Moved], glossary: Glossary, paper: Paper) -> str:
    """Return one run in full, with what was and what is; `moved` are those whom it reassigned."""
    changes = _changes(run, moved, glossary, paper)
    return "\n".join([*_about(run, paper), "", *changes, *_guards(run, paper)]) + "\n"


def applied_text(run: Run, paper: Paper) -> str:
    """Return the sentence that follows an apply."""
    body: list[Span | str] = [Span("Applied", Tone.GOOD), f" as run {run.id}: {_what(run)}."]
    return "\n".join(paper.lines(body)) + "\n"


def already_text(run: Run, paper: Paper) -> str:
    """Return the same of a plan that was applied before."""
    once: Span | str = f" as run {run.id} ({instant(run.at)}); nothing was written."
    body = [Span("Already applied", Tone.GOOD), once]
    return "\n".join(paper.lines(body)) + "\n"


def _row(run: Run) -> tuple[str, ...]:
    return (str(run.id), instant(run.at), author(run.actor, run.on_behalf_of), run.environment, _what(run))


def _what(run: Run) -> str:
    actions = Counter(str(change.get("action", "")) for change in run.changes)
    del actions["reassign"]
    parts = [f"{number(count)} {_DONE.get(action, action)}" for action, count in actions.items()]
    moved = f"{counted(run.moved, 'client')} moved" if run.moved else ""
    adjusted = sum(_clients(change) for change in run.changes if _is_beside(change))
    beside = f"what {counted(adjusted, 'client')} {agreed(adjusted, 'has', 'have')} beside a package"
    left = f"; {counted(len(run.unfinished), 'package')} left" if run.unfinished else ""
    done = joined([*parts, moved, *([beside] if adjusted else [])])
    return (done or "no package: catalog, settings or commit only") + left


def _is_beside(change: Mapping[str, Any]) -> bool:
    """Whether a change left clients with their packages, and changed what they have beside them."""
    moves = change.get("reassignment")
    return isinstance(moves, dict) and moves.get("term") == "same"


def _clients(change: Mapping[str, Any]) -> int:
    return int(change["reassignment"].get("clients", 0))


def _about(run: Run, paper: Paper) -> Iterator[str]:
    yield from paper.lines([Span(f"Run {run.id}", Tone.STRONG), f" on {run.environment}: {_what(run)}"])
    for label, text in (
        ("when", instant(run.at)),
        ("by", author(run.actor, run.on_behalf_of)),
        ("commit", run.commit or ""),
        ("allowed", ", ".join(run.allowed) or "nothing by hand"),
        ("plan", run.plan_hash),
        ("left", ", ".join(run.unfinished)),
        ("seal", seal_of(run.id, run.seal) if run.seal else ""),
        ("why", run.reason),
    ):
        if not text:
            continue
        yield from paper.lines([text], indent=2, label=Span(label, Tone.QUIET), column=_COLUMN)


def _changes(run: Run, moved: Sequence[Moved], glossary: Glossary, paper: Paper) -> Iterator[str]:
    for change in run.changes:
        key = str(change.get("key", ""))
        moves = [each for each in moved if each.key == key] if change.get("action") == Action.REASSIGN else []
        body: list[Span | str] = [
            Span(key, Tone.STRONG),
            _moves(moves) or _back(change) or _revisions(run, key),
        ]
        yield from paper.lines(body, indent=2, label=Span(str(change.get("action", ""))), column=_COLUMN)
        for each in differences_of(change, glossary):
            label = Span(each.label, Tone.QUIET)
            yield from paper.lines(each.body, indent=2 + _COLUMN, label=label, column=_COLUMN)


def _guards(run: Run, paper: Paper) -> Iterator[str]:
    sides: dict[bool, list[GuardChange]] = {True: [], False: []}
    for each in run.guards:
        is_loosened = bool(each["loosened"])
        sides[is_loosened].append(GuardChange.model_validate_json(canonical_json(_without(each, "loosened"))))
    for sentence in guard_sentences(sides[True], sides[False]):
        yield from paper.lines(sentence, indent=2, label=Span("guards"), column=_COLUMN)


def _without(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def _moves(moved: Sequence[Moved]) -> str:
    parts = [
        f"{counted(each.clients, 'client')} from revision {each.from_revision} to {each.to_revision}"
        for each in moved
    ]
    return f" {', '.join(parts)}" if parts else ""


def _back(change: Mapping[str, Any]) -> str:
    """Say who was given back what it held before, or moved to another package."""
    moves = change.get("reassignment")
    if not isinstance(moves, dict) or not moves.get("to_package"):
        return ""
    to = f"{moves['to_package']} revision {moves.get('to_revision')}"
    way = {"former": "back to", "same": "beside"}.get(str(moves.get("term")), "to")
    return f" {counted(_clients(change), 'client')} {way} {to}"


def _revisions(run: Run, key: str) -> str:
    before = _state(run.before.get(run.renamed.get(key, key)))
    after = _state(run.after.get(key))
    was = f" (was {run.renamed[key]})" if key in run.renamed else ""
    if before == after:
        return f"{was} {after}".rstrip()
    return f"{was} {before or 'nothing'} → {after or 'nothing'}"


def _state(state: PackageState | None) -> str:
    if state is None:
        return ""
    marks = ["archived" if state.archived else "", "" if state.managed else "unmanaged"]
    return ", ".join([f"revision {state.revision}", *filter(None, marks)])


def import_text(report: ImportReport, paper: Paper) -> str:
    """Return how many clients came in."""
    total = counted(report.added + report.updated, "client")
    how = f"{number(report.added)} new, {number(report.updated)} known before"
    lines = paper.lines([Span("Imported", Tone.GOOD), f" {total}: {how}."])
    return "\n".join([*lines, *moves_lines(report.moves, paper)]) + "\n"


def moves_lines(moves: Iterable[Moving], paper: Paper) -> Iterator[str]:
    """Yield whom an import gives another package or start, those first whom it hurts most."""
    for each in moves:
        yield from paper.lines(moving_sentence(each), indent=2)


def assigned_text(client: Client, paper: Paper) -> str:
    """Return what the client holds now."""
    held = client.subscription
    expiry = "never expires" if held.expires_at is None else f"expires {instant(held.expires_at)}"
    body: list[Span | str] = [
        Span(client.id, Tone.STRONG),
        f" holds {held.package} revision {held.revision}; it {expiry}.",
    ]
    return "\n".join(paper.lines(body)) + "\n"


def idle_text(plan: Plan, paper: Paper) -> str:
    """Say of a rollback or of a move that it changes nothing, and why."""
    lines = [*paper.lines([Span("Nothing to do", Tone.GOOD), f" for {plan.environment}."])]
    lines += [line for notice in notices(plan) for line in paper.lines(notice, indent=2)]
    return "\n".join(lines) + "\n"


def held_back_text(guards: Iterable[GuardResult], paper: Paper) -> str:
    """Return which packages an apply left out, and which guards it was for."""
    named = dict.fromkeys(f"{each.key} ({each.id})" for each in guards)
    body: list[Span | str] = [Span("Held back", Tone.CAUTION), f": {', '.join(named)}."]
    return "\n".join(paper.lines(body)) + "\n"


def not_loosened_text(guards: Iterable[str], paper: Paper) -> str:
    """Return which guards a server left as they were, since the token may not loosen any."""
    body: list[Span | str] = [
        Span("Not loosened", Tone.CAUTION),
        f": {', '.join(guards)}. Apply that with a token that has the scope guards.",
    ]
    return "\n".join(paper.lines(body)) + "\n"
