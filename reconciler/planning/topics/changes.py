"""Every code of a change: what it means for clients, and what acknowledges it where it is a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.plans import Code
from reconciler.model.topics import Topic
from reconciler.planning.acknowledgements import VERBS
from reconciler.planning.severity import severity_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEANINGS: Final[Mapping[Code, tuple[str, str]]] = {
    Code.FEATURE_REMOVED: (
        "A feature is switched off",
        (
            "Clients who hold the package keep the feature until they are reassigned. Counted: who has it, "
            "and who used it in this cycle."
        ),
    ),
    Code.FEATURE_ADDED: (
        "A feature is switched on",
        "New clients get it at once, clients who hold the package when they are reassigned.",
    ),
    Code.LIMIT_LOWERED: (
        "A limit becomes smaller",
        (
            "Counted: who has the larger limit, who uses it, and who is above the new one already. Nothing "
            "of theirs is deleted; new use is refused until they are under it."
        ),
    ),
    Code.LIMIT_RAISED: ("A limit becomes larger", "So does one that the package did not promise before."),
    Code.LIMIT_REMOVED: (
        "A limit is no longer promised",
        "Its feature is gone, or the package leaves it out. A limit that is left out grants nothing.",
    ),
    Code.USER_COUNT_LOWERED: (
        "Fewer team members",
        (
            "Counted: who may have more now, and who has more than the new cap. Nobody is thrown out; nobody "
            "can be added until the team is small enough."
        ),
    ),
    Code.USER_COUNT_RAISED: ("More team members", "The cap on a client's team members becomes larger."),
    Code.AI_CREDITS_LOWERED: (
        "Fewer AI credits per cycle",
        (
            "Counted: who has the larger pool, who draws on it, and who has drawn more than the new one in "
            "this cycle."
        ),
    ),
    Code.AI_CREDITS_RAISED: ("More AI credits per cycle", "The pool of each billing cycle becomes larger."),
    Code.EXPIRY_SHORTENED: (
        "Subscriptions end earlier",
        (
            "Expiry counts from each client's own assignment, also after a rollout. Counted: who would find"
            " the subscription over. A month may be shorter than 30 days, and longer: the worst case "
            "decides."
        ),
    ),
    Code.EXPIRY_EXTENDED: ("Subscriptions end later", "Or never, where the package no longer expires."),
    Code.EMAILS_NARROWED: (
        "Fewer may be assigned the package",
        (
            "Allowed e-mails gate assignment, not use: who holds the package and is no longer on the list "
            "keeps it, and is left out by a rollout."
        ),
    ),
    Code.EMAILS_WIDENED: ("More may be assigned the package", "The list of allowed e-mails becomes longer."),
    Code.TITLE_CHANGED: ("Another title", "A package is known by its key; its title is free to change."),
    Code.DESCRIPTION_CHANGED: ("Another description", "Nobody gets more or less."),
    Code.PACKAGE_ARCHIVED: (
        "The package is no longer sold",
        "It cannot be assigned any more. Its history and whoever holds it stay as they are.",
    ),
    Code.PACKAGE_RESTORED: ("An archived package is sold again", "It can be assigned again."),
    Code.PACKAGE_RENAMED: (
        "Another key",
        "`renamed_from` in the file says so; whoever holds the package holds it under the new key.",
    ),
}


def _topic(code: Code) -> Topic:
    title, explanation = _MEANINGS[code]
    return Topic(
        id=code.value,
        kind="change",
        title=title,
        explanation=explanation,
        weight=severity_of(code).value,
        good=_acknowledgement(code),
    )


def _acknowledgement(code: Code) -> str:
    if code not in VERBS:
        return ""
    return f"acknowledge:\n  - {VERBS[code]}: {_SUBJECTS.get(code, 'KEY')}"


_SUBJECTS: Final[Mapping[Code, str]] = {
    Code.USER_COUNT_LOWERED: "user_count",
    Code.AI_CREDITS_LOWERED: "ai_credits",
    Code.EXPIRY_SHORTENED: "expiry",
    Code.EMAILS_NARROWED: "allowed_emails",
}

CHANGE_TOPICS: Final = tuple(_topic(code) for code in Code)
