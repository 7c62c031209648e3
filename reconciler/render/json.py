"""JSON for machines: one line per object, stable keys, times in UTC."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from reconciler.model.packages import canonical_json
from reconciler.render.notes import letter
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from reconciler.model.changesets import Run
    from reconciler.model.clients import Client, Forgotten, ImportReport
    from reconciler.model.comparison import Comparison
    from reconciler.model.edits import FileEdit
    from reconciler.model.events import Event
    from reconciler.model.findings import Finding
    from reconciler.model.history import HistoryEntry
    from reconciler.model.moving import Moving
    from reconciler.model.packages import OfferedPackage
    from reconciler.model.plans import FieldChange, Plan
    from reconciler.model.prospects import Adjusted, Assignment, Prospect
    from reconciler.model.tokens import Token
    from reconciler.model.topics import Topic
    from reconciler.planning.advice import MeterUsage, Near, PackageUsage
    from reconciler.planning.client_diff import Explanation
    from reconciler.planning.events import Verified
    from reconciler.planning.notes import Note
    from reconciler.render.notes import Letter
    from reconciler.render.story.glossary import Glossary


def line(document: Any) -> str:
    """Return the document on one line, keys in the order given, ending in a newline."""
    return json.dumps(document, ensure_ascii=False) + "\n"


def instant(at: datetime) -> str:
    """Return the instant in UTC as `2026-10-01T00:00:00Z`, with a fraction only where there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def plan_json(plan: Plan) -> str:
    """Return the plan file's text: canonical JSON and a newline."""
    return canonical_json(plan.as_document()) + "\n"


def findings_json(findings: Sequence[Finding]) -> str:
    """Return the findings in order, and their counts."""
    errors = sum(finding.severity == "error" for finding in findings)
    summary = {
        "errors": errors,
        "warnings": len(findings) - errors,
        "files": len({finding.file for finding in findings}),
    }
    return line({"findings": [finding_document(finding) for finding in sorted(findings)], "summary": summary})


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "file": finding.file,
        "line": finding.position.line,
        "column": finding.position.column,
        "rule": finding.rule,
        "message": finding.message,
        "fix": finding.fix,
        "severity": finding.severity,
    }


def edits_json(edits: Sequence[FileEdit], findings: Sequence[Finding] = ()) -> str:
    """Return which files are created or changed, and the findings."""
    files = [{"file": edit.file, "change": "create" if edit.before is None else "change"} for edit in edits]
    return line({"edits": files, "findings": [finding_document(finding) for finding in findings]})


def client_json(client: Client) -> str:
    """Return the client on one line, as the API gives it too."""
    return "".join(clients_json([client]))


def clients_json(clients: Iterable[Client]) -> Iterator[str]:
    """Yield each client's line."""
    from reconciler.wire.clients import client_line  # noqa: PLC0415 - pydantic, which `--help` does not pay

    for client in clients:
        yield f"{client_line(client)}\n"


def assignment_json(assignment: Assignment) -> str:
    """Return what giving a client a package would do on one line, as the API gives it too."""
    from reconciler.wire.clients import AssignmentReply  # noqa: PLC0415 - pydantic, which `--help` does not pay

    return line(AssignmentReply.of(assignment).model_dump(mode="json", by_alias=True))


def adjusted_json(adjusted: Adjusted) -> str:
    """Return what an adjustment would do to a client on one line, as the API gives it too."""
    from reconciler.wire.clients import AdjustedReply  # noqa: PLC0415 - pydantic, which `--help` does not pay

    return line(AdjustedReply.of(adjusted).model_dump(mode="json"))


def event_json(event: Event) -> str:
    """Return the event on one line."""
    return line({**to_builtins(event), "at": instant(event.at)})


def near_json(near: Near) -> str:
    """Return a client who has used much of one allowance."""
    return line(to_builtins(near))


def forgotten_json(forgotten: Forgotten, files: Iterable[tuple[str, str]]) -> str:
    """Return what still names a client who was forgotten."""
    return line({"files": [{"file": file, "key": key} for file, key in files], **to_builtins(forgotten)})


def package_json(package: OfferedPackage) -> str:
    """Return a package of the platform, who holds it, and what it grants where that was asked for."""
    head, granted = package.head, package.definition
    document = {"key": head.key, "title": head.title, "revision": head.revision, "archived": head.archived}
    document |= {"managed": head.managed, "clients": package.holders}
    document["held"] = {str(revision): clients for revision, clients in sorted(package.held.items())}
    return line(document if granted is None else {**document, "definition": granted.as_document()})


def history_json(entry: HistoryEntry) -> str:
    """Return what was done once to a client, on one line."""
    return line({**to_builtins(entry), "at": instant(entry.at)})


def package_history_json(entry: HistoryEntry, fields: Iterable[FieldChange]) -> str:
    """Return what was done once to a package, and what it made different, on one line."""
    differing = [each.model_dump(mode="json", by_alias=True, exclude={"line"}) for each in fields]
    return line({**to_builtins(entry), "at": instant(entry.at), "fields": differing})


def verified_json(verified: Verified) -> str:
    """Return how many events there are, and the seal to keep elsewhere."""
    return line(to_builtins(verified))


def run_json(run: Run) -> str:
    """Return the run on one line, as the API gives it too."""
    from reconciler.wire.changesets import RunReply  # noqa: PLC0415 - pydantic, which `--help` does not pay

    return line(RunReply.of(run).model_dump(mode="json"))


def import_json(report: ImportReport) -> str:
    """Return what an import did."""
    return line(to_builtins(report))


def moves_json(moves: Sequence[Moving]) -> str:
    """Return whom an import would move."""
    return line({"moves": [to_builtins(each) for each in moves]})


def comparison_json(comparison: Comparison) -> str:
    """Return columns and sections; a cell is true, false, a number, `unlimited`, a text or null."""
    return line(to_builtins(comparison))


def _client(client: Client) -> dict[str, Any]:
    from reconciler.wire.clients import ClientReply  # noqa: PLC0415 - pydantic, which `--help` does not pay

    return ClientReply.of(client).model_dump(mode="json")


def explanation_json(explanation: Explanation) -> str:
    """Return the explanation on one line."""
    return line(
        {
            "client": _client(explanation.client),
            "minted_by": None if explanation.minted_by is None else _minting_run(explanation.minted_by),
            "plan": {
                "moves": explanation.stays is None,
                "stays": explanation.stays,
                "waits_until": explanation.waits_until and explanation.waits_until.isoformat(),
                "changes": [change.model_dump(mode="json", by_alias=True) for change in explanation.changes],
                "blocked": [guard.model_dump(mode="json") for guard in explanation.guards],
            },
            "on_reassignment": _prospect(explanation.prospect),
        }
    )


def _minting_run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "at": instant(run.at),
        "actor": run.actor,
        "on_behalf_of": run.on_behalf_of,
        "commit": run.commit,
    }


def _prospect(prospect: Prospect) -> dict[str, Any]:
    return {
        "fields": [field.model_dump(mode="json", by_alias=True) for field in prospect.fields],
        "used": prospect.used,
        "over": list(prospect.over),
        "expires_at": None if prospect.expires_at is None else instant(prospect.expires_at),
        "is_expired": prospect.is_expired,
    }


def note_json(note: Note, glossary: Glossary) -> str:
    """Return the note on one line: whom to write to, a subject, a plain text, and the facts behind it."""
    words = letter(note, glossary, sanitise)
    return line(
        {
            "client": note.client.id,
            "name": note.client.name,
            "email": note.client.owner_email,
            "package": note.client.subscription.package,
            "on": note.on.isoformat(),
            "moves": note.moves,
            "subject": words.subject,
            "text": _letter_text(words),
            "losses": [_difference(field) for field in note.prospect.losses],
            "gains": [_difference(field) for field in note.prospect.gains],
            "grants_ending": [each.id for each in note.ending],
        }
    )


def _letter_text(words: Letter) -> str:
    sections = [words.opening]
    sections += ["\n".join([heading, *(f"- {part}." for part in parts)]) for heading, parts in words.sections]
    return "\n\n".join(sections) + "\n"


def _difference(field: FieldChange) -> dict[str, Any]:
    return {"code": field.code.value, "path": field.path, "from": field.before, "to": field.after}


def usage_json(usage: PackageUsage) -> str:
    """Return the package on one line."""
    return line(
        {
            "package": usage.key,
            "title": usage.title,
            "revision": usage.revision,
            "holders": usage.holders,
            "seasoned": usage.seasoned,
            "allowances": [_allowance(meter) for meter in usage.meters],
        }
    )


def _allowance(meter: MeterUsage) -> dict[str, Any]:
    used = meter.consumption
    return {
        "meter": meter.meter,
        "allowance": meter.allowance,
        "clients": used.clients,
        "using": used.using,
        "spread": None if used.spread is None else to_builtins(used.spread),
        "near": used.near,
        "near_sample": list(meter.near_sample),
        "full": used.full,
        "full_sample": list(meter.full_sample),
        "advice": {
            "verdict": meter.advice.verdict,
            "suggestion": meter.advice.suggestion,
            "reasons": list(meter.advice.reasons),
        },
    }


def token_json(token: Token) -> str:
    """Return one token as a line."""
    return line(
        {
            "id": token.id,
            "name": token.name,
            "scopes": list(token.scopes),
            "created_at": instant(token.created_at),
            "expires_at": token.expires_at and instant(token.expires_at),
            "revoked_at": token.revoked_at and instant(token.revoked_at),
            "used_at": token.used_at and instant(token.used_at),
        }
    )


def topic_json(topic: Topic) -> str:
    """Return the topic on one line."""
    return line(to_builtins(topic))
