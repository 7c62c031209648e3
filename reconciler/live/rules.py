"""Rules that a platform enforces on its clients, as pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.live import naming
from reconciler.model.catalog import Catalog
from reconciler.model.emails import normal_email
from reconciler.model.forms import first_fault
from reconciler.model.quantities import UNLIMITED
from reconciler.model.terms import AI_CREDITS, CAPS
from reconciler.planning.catalog import unmet
from reconciler.validation.catalog import catalog_problems

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.model.clients import ClientLine, Entitlements
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.quantities import Quantity


class Refusal(Struct, frozen=True):
    """Why something may not be; `rule` is the id of the finding that says so."""

    rule: str
    message: str
    fix: str


def refused_assignment(head: PackageHead, definition: Definition, owner_email: str) -> Refusal | None:
    """Say why a client with this owner may not be assigned the package (rules 5 and 8); None: it may."""
    if head.archived:
        return Refusal(
            "client-package-archived",
            f"package `{head.key}` is archived and cannot be assigned",
            "Restore the package, or assign another one.",
        )
    allowed = definition.allowed_emails
    if allowed is not None and normal_email(owner_email) not in allowed:
        return Refusal(
            "client-email-not-allowed",
            f"package `{head.key}` is reserved to named e-mails, and {owner_email} is none of them",
            "Add the address to the package's `allowed_emails`, or assign another package.",
        )
    return None


def refused_line(line: ClientLine) -> Refusal | None:
    """Say which text of what is stated about a client has a fault; None: none has."""
    fault = first_fault(naming.of_line(line))
    return Refusal("bad-client-line", fault, "") if fault else None


def refused_start(start: datetime, now: datetime) -> Refusal | None:
    """Say why a subscription may not start at an instant (rule 2); None: it may."""
    if start <= now:
        return None
    return Refusal(
        "client-start-in-future",
        f"the start {start.isoformat()} is later than now, {now.isoformat(timespec='seconds')} (rule 2)",
        "Leave `assigned_at` out to start now, or assign the package on that day.",
    )


def refused_definition(key: str, definition: Definition, catalog: Catalog | None) -> Refusal | None:
    """Say why a package may not be defined like this (rules 6 and 12); None: it may."""
    if definition.allowed_emails == ():
        return Refusal(
            "empty-emails",
            f"package `{key}` has an empty list of allowed e-mails, which nobody could be on",
            "Name at least one address, or write `any`.",
        )
    if catalog is None or AI_CREDITS.key not in definition.caps:
        return None
    features = (catalog.features.get(feature) for feature in definition.features)
    if any(feature is not None and feature.ai for feature in features):
        return None
    return Refusal(
        "ai-credits-without-ai",
        f"package `{key}` has AI credits but no AI feature",
        "Switch an AI feature on, or leave `ai_credits` out.",
    )


def refused_catalog(live: Catalog | None, merged: Catalog) -> Refusal | None:
    """Say why the catalog may not become this; what is wrong with it already is not held against it."""
    known = {*catalog_problems((live or Catalog()).as_document())}
    new = next((each for each in catalog_problems(merged.as_document()) if each not in known), None)
    return None if new is None else Refusal(new.rule, f"the catalog: {new.message}", f"{new.fix}.")


def refused_loss(key: str, definition: Definition, live: Catalog | None, merged: Catalog) -> Refusal | None:
    """Say why the catalog may not become this while a package is defined so; None: it may."""
    known = {*unmet(definition, live or Catalog())}
    missing = [each for each in unmet(definition, merged) if each not in known]
    if not missing:
        return None
    return Refusal(
        "unknown-feature",
        f"package `{key}` needs {' and '.join(missing)}, which the catalog would not have",
        "Change the package in the same plan, or leave the catalog as it is.",
    )


def granted(meter: str, entitlements: Entitlements, catalog: Catalog | None) -> Quantity | None:
    """Return how much of a meter may be used; None where the client is not entitled to it.

    A feature without a limit of its name is unlimited, unless the catalog has such a limit: what a package
    leaves out grants nothing (rule 12).
    """
    if meter in entitlements.amounts:
        return entitlements.amounts[meter]
    if meter in CAPS or (catalog is not None and meter in catalog.limits):
        return None
    return UNLIMITED if meter in entitlements.features else None


def carried_over(used: Mapping[str, int], held: Definition, catalog: Catalog | None) -> dict[str, int]:
    """Return the usage that a new cycle does not set back to 0 (rule 10)."""
    return {meter: amount for meter, amount in used.items() if not _begins_again(meter, held, catalog)}


def _begins_again(meter: str, held: Definition, catalog: Catalog | None) -> bool:
    """Whether a meter counts per cycle: caps and limits that say so, and features.

    A key that is both is counted as the limit. A feature that the catalog lost is known by who holds it.
    What nobody knows is kept.
    """
    if meter in CAPS:
        return CAPS[meter].per == "cycle"
    if catalog is not None and meter in catalog.limits:
        return catalog.limits[meter].per == "cycle"
    if catalog is not None and meter in catalog.features:
        return True
    return meter in held.features and meter not in held.limits
