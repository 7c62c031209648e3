"""Rules about acknowledgements: a committed statement must speak of a loss that can happen now."""

from __future__ import annotations

from typing import Final

from reconciler.model.terms import LOSS_VERBS
from reconciler.validation.rules.rule import Rule

ACKNOWLEDGEMENT_RULES: Final = (
    Rule(
        "acknowledgement-unclear",
        "An acknowledgement that does not name exactly one loss",
        f"Each entry has exactly one of {', '.join(f'`{verb}`' for verb in LOSS_VERBS)}.",
        bad="acknowledge:\n  - {clients: 5, reason: Told them., until: 2026-12-31}",
        good="acknowledge:\n  - {removes: fax, clients: 5, reason: Told them., until: 2026-12-31}",
    ),
    Rule(
        "acknowledgement-ambiguous",
        "An acknowledgement that may mean a feature or a limit",
        "A feature and a limit of the catalog have the same key. An entry that does not say which of them "
        "goes would approve the loss of the other as well, when somebody proposes it later.",
        bad="acknowledge:\n  - {removes: fax, clients: 5, reason: Told them., until: 2026-12-31}",
        good="acknowledge:\n  - {removes: limits/fax, clients: 5, reason: Told them., until: 2026-12-31}",
    ),
    Rule(
        "acknowledgement-unused",
        "An acknowledgement of a loss that cannot be",
        "The entry names something that the package still has, or could not lose this way. Left in, it would "
        "approve the loss before anybody proposed it.",
        bad=(
            "features: [fax]\nacknowledge:\n  - {removes: fax, clients: 5, reason: Later., until: 2026-12-31}"
        ),
        good="features: [fax]",
    ),
    Rule(
        "acknowledgement-unknown",
        "An acknowledgement of something the catalog does not know",
        "The entry removes a feature or limit that the catalog does not declare. That is right where the "
        "catalog drops it in the same change, and a misspelling otherwise; a misspelled entry "
        "lets nothing pass.",
        bad="acknowledge:\n  - {removes: fxa, clients: 5, reason: Told them., until: 2026-12-31}",
        good="acknowledge:\n  - {removes: fax, clients: 5, reason: Told them., until: 2026-12-31}",
        severity="warning",
    ),
    Rule(
        "acknowledgement-repeated",
        "Two acknowledgements of the same loss",
        "It would be unclear which of the two bounds on clients holds.",
    ),
    Rule(
        "acknowledgement-expired",
        "An acknowledgement whose last day is over",
        "It no longer lets anything pass. It is a warning, since a commit must not turn invalid by itself.",
        severity="warning",
    ),
)
