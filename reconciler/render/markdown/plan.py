"""The plan as a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.render.markdown.changes import detail_pieces, table_pieces
from reconciler.render.markdown.escape import escape
from reconciler.render.markdown.guards import guard_pieces
from reconciler.render.markdown.pieces import Piece, fitted
from reconciler.render.review.effects import outdated_sentence
from reconciler.render.review.verdict import Mood, title, verdict
from reconciler.render.review.words import enumerated, key, sentence, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.plans import Plan
    from reconciler.render.review.words import Words
    from reconciler.render.text.glossary import Glossary

COMMENT_LIMIT: Final = 65_000
"""Bytes; GitHub refuses comments of more than 65,536 characters, and job summaries of more than 1 MiB."""

_SIGNS: Final = {
    Mood.BLOCKED: "⛔",
    Mood.LOSING: "🔴",
    Mood.TOUCHING: "🟡",
    Mood.UNKNOWN: "🔎",
    Mood.HARMLESS: "🟢",
    Mood.EMPTY: "✅",
}
_NAMES_SHOWN: Final = 20


def plan_markdown(plan: Plan, glossary: Glossary, *, limit: int = COMMENT_LIMIT) -> str:
    """Return the plan in at most `limit` bytes of UTF-8: a verdict, what blocks, a table, details folded."""
    known = glossary.beside(plan)
    pieces = [
        Piece(_head(plan)),
        *guard_pieces(plan, glossary.catalog),
        *table_pieces(plan, known),
        *detail_pieces(plan, known),
        *_remainder(plan),
        Piece(_foot(plan)),
    ]
    return fitted(pieces, limit)


def _head(plan: Plan) -> str:
    judged = verdict(plan)
    statement, sentence = written(judged.statement, escape), written(judged.sentence, escape)
    heading = written(["### ", title(plan), " ", key(plan.environment)], escape)
    return f"{heading}\n\n{_SIGNS[judged.mood]} **{statement}** {sentence}\n"


def _remainder(plan: Plan) -> Iterator[Piece]:
    if plan.catalog.fields:
        paths = enumerated([key(each.path) for each in plan.catalog.fields], shown=_NAMES_SHOWN)
        text = f"\n**Catalog:** {len(plan.catalog.fields):,} entries change: {written(paths, escape)}\n"
        yield Piece(text, "the catalog's changes", 3)
    if plan.protected.before != plan.protected.after:
        keys = enumerated([key(each) for each in plan.protected.after], shown=_NAMES_SHOWN)
        yield Piece(f"\n**Protected from now on:** {written(keys, escape) or 'none'}\n", "protected keys", 3)
    if older := outdated_sentence(plan):
        yield Piece(f"\n{written(older, escape)}\n", "clients on older revisions", 4)
    if plan.unmanaged:
        keys = enumerated([key(each) for each in plan.unmanaged], shown=_NAMES_SHOWN)
        text = f"\n**Made by hand on the platform and left alone:** {written(keys, escape)}\n"
        yield Piece(text, "packages made by hand", 4)
    for notice in plan.notices:
        yield Piece(f"\n**Note:** {written(sentence(notice), escape)}\n", "notices", 4)


def _foot(plan: Plan) -> str:
    made = f"{plan.created_at:%Y-%m-%d %H:%M} UTC"
    commit: Words = [" from commit ", key(plan.config.commit[:12])] if plan.config.commit else []
    words = ["\n*Plan ", key(plan.hash.removeprefix("sha256:")[:12]), f", made {made}", *commit, ".*\n"]
    return written(words, escape)
