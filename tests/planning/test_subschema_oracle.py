"""An outside oracle: a package as the JSON Schema of what it lets a client do, compared by jsonsubschema."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from reconciler.planning.fields import differences
from tests.strategies import EMAILS, FEATURES, LIMITS, definitions

if TYPE_CHECKING:
    from reconciler.model.packages import Definition

NOT_GRANTED = -1
is_subschema: Any = import_module("jsonsubschema").isSubschema  # it has no type stubs


def permits(package: Definition) -> dict[str, Any]:
    """What a client of the package may do; -1 stands for an amount that is not granted at all."""
    caps = {f"limit {key}": package.limits.get(key) for key in LIMITS}
    caps |= {"users": package.caps["user_count"], "credits": package.caps.get("ai_credits")}
    properties: dict[str, Any] = {name: amounts(cap) for name, cap in caps.items()}
    for key in FEATURES:
        properties[f"feature {key}"] = {"enum": [False, True] if key in package.features else [False]}
    allowed = EMAILS if package.allowed_emails is None else package.allowed_emails
    everybody = ["anybody@else.example"] if package.allowed_emails is None else []
    properties["owner"] = {"enum": [*allowed, *everybody]}
    properties["day"] = amounts(package.expiry.amount if package.expiry else "unlimited")
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def amounts(cap: int | str | None) -> dict[str, Any]:
    bound = {} if cap == "unlimited" else {"maximum": NOT_GRANTED if cap is None else cap}
    return {"type": "integer", "minimum": NOT_GRANTED, **bound}


def counts_days(package: Definition) -> bool:
    return package.expiry is None or package.expiry.unit == "days"


@settings(max_examples=60, deadline=None)
@given(definitions().filter(counts_days), definitions().filter(counts_days))
def test_the_oracle_agrees_on_whether_something_was_lost(before: Definition, after: Definition) -> None:
    has_loss = any(field.severity.is_loss for field in differences(before, after))

    assert has_loss == (not is_subschema(permits(before), permits(after)))


@given(definitions().filter(counts_days), definitions().filter(counts_days))
def test_the_way_back_gives_what_the_way_there_took(before: Definition, after: Definition) -> None:
    taken = {(field.path, field.code) for field in differences(before, after) if field.code.row.mirror}
    given_back = {(field.path, field.code) for field in differences(after, before)}

    assert {(path, code.row.mirror) for path, code in taken} <= given_back
