"""The smallest sensible values of the domain; a test states only what it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from reconciler.model.packages import Acknowledgement, Definition, DesiredPackage, PackageHead, Stated
from reconciler.model.terms import Term

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def definition(**fields: Any) -> Definition:
    return Definition.normalised({"title": "Basic", "user_count": 3, **fields})


def desired(key: str = "basic", /, **fields: Any) -> DesiredPackage:
    beside = ("archived", "renamed_from", "rollout", "acknowledgements")
    own = {name: fields.pop(name) for name in beside if name in fields}
    states_emails = "allowed_emails" in fields
    return DesiredPackage(
        key, Stated(definition(**fields)), f"packages/{key}.yaml", states_emails=states_emails, **own
    )


def head(key: str = "basic", /, *, revision: int = 1, version: int = 1, **fields: Any) -> PackageHead:
    beside = {name: fields.pop(name) for name in ("archived", "managed") if name in fields}
    content = definition(**fields)
    return PackageHead(key, revision, version, content.digest, content.title, **beside)


def acknowledgement(
    verb: Any, subject: str, *, clients: int = 10, until: date = date(2026, 12, 31)
) -> Acknowledgement:
    return Acknowledgement(verb, Term.named(subject), clients, "Clients were told.", until)
