"""The plan as a self-contained page, for screens of any width, in light and dark, and for paper."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reconciler.model.plans import Reach
from reconciler.render.review.differences import differences
from reconciler.render.review.effects import effects, holders_sentence, moves_sentence, outdated_sentence
from reconciler.render.review.matrix import matrix
from reconciler.render.review.remedies import ACKNOWLEDGE, ADVICE, acknowledgement_lines
from reconciler.render.review.verdict import title, verdict
from reconciler.render.review.words import Foreign, key, quoted, sentence, written
from reconciler.render.sanitise import sanitise
from reconciler.render.text.change import ORIGINS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.packages import Definition
    from reconciler.model.plans import Change, GuardResult, ImpactFinding, Plan
    from reconciler.render.review.words import Words
    from reconciler.render.text.glossary import Glossary

_NOTHING_KNOWN: Final[Mapping[str, Definition]] = MappingProxyType({})
_SAMPLE_SHOWN: Final = 5


def plan_html(plan: Plan, glossary: Glossary, definitions: Mapping[str, Definition] = _NOTHING_KNOWN) -> str:
    """Return the page. `definitions` are what the files say, by key, for the comparison of packages."""
    known = glossary.beside(plan)
    style = files("reconciler.render.html").joinpath("style.css").read_text("utf-8")
    return (
        _environment()
        .get_template("plan.html.j2")
        .render(
            plan=plan,
            title=title(plan),
            verdict=verdict(plan),
            older=outdated_sentence(plan),
            remedies=_remedies(plan, known),
            matrix=matrix(plan, known, definitions),
            cards=[_card(change, known) for change in plan.changes],
            style=Markup(style),  # noqa: S704 - the program's own file
            style_digest=b64encode(sha256(style.encode()).digest()).decode(),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("reconciler.render", "html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"words": _words, "key": _key, "sentence": _sentence}
    return environment


def _words(words: Words) -> Markup:
    """Return the sentence with identifiers as code and all else escaped."""
    return Markup(written(words, _escaped))  # noqa: S704 - every foreign part is escaped


def _escaped(foreign: Foreign) -> str:
    text = escape(foreign.text)
    return f"<code>{text}</code>" if foreign.is_key else f"<bdi>{text}</bdi>"


def _key(text: str) -> Markup:
    return _words([key(text)])


def _sentence(text: str) -> Markup:
    return _words(sentence(text))


def _remedies(plan: Plan, glossary: Glossary) -> list[dict[str, Any]]:
    blocked = [each for each in plan.guards if each.result == "blocked"]
    last_of = {(each.id, each.key): each for each in blocked}
    return [
        {
            "guard": each,
            "advice": ADVICE.get(each.id, ""),
            "entry": _entry(plan, each.key, glossary) if _asks_for_entry(each, last_of) else "",
        }
        for each in blocked
    ]


def _asks_for_entry(result: GuardResult, last_of: Mapping[tuple[str, str], GuardResult]) -> bool:
    return result.id == ACKNOWLEDGE and last_of[result.id, result.key] is result


def _entry(plan: Plan, package: str, glossary: Glossary) -> str:
    return "\n".join(map(sanitise, acknowledgement_lines(plan, package, glossary.catalog)))


def _card(change: Change, glossary: Glossary) -> dict[str, Any]:
    title = glossary.packages.get(change.key, "")
    whom = "Whom it reaches is unknown." if change.reach is Reach.UNKNOWN else holders_sentence(change)
    return {
        "change": change,
        "title": [quoted(title)] if title else [],
        "whom": whom,
        "moves": moves_sentence(change),
        "origin": ORIGINS.get(change.origin, ""),
        "differences": [
            {"of": each, "bars": _bars(each.impact, change.impact.holders), "sample": _sample(each.impact)}
            for each in differences(change, glossary)
        ],
    }


def _bars(finding: ImpactFinding | None, holders: int) -> list[dict[str, Any]]:
    if finding is None:
        return []
    whole = max(holders, finding.keep + finding.lose, 1)
    return [
        {"name": each.name, "count": each.count, "phrase": each.phrase, "width": _percent(each.count, whole)}
        for each in effects(finding)
    ]


def _percent(count: int, whole: int) -> float:
    """Return the share of a bar; what is there at all stays visible."""
    return max(0.6, round(min(100 * count / whole, 100), 2))


def _sample(finding: ImpactFinding | None) -> list[str]:
    return list(finding.sample[:_SAMPLE_SHOWN]) if finding else []
