"""Rules about the catalog. Keys that point nowhere are `unknown-feature`, as in packages."""

from __future__ import annotations

from typing import Final

from reconciler.validation.rules.rule import Rule

CATALOG_RULES: Final = (
    Rule(
        "requirement-cycle",
        "Features that require one another",
        "A feature cannot need itself, not even by way of others.",
        bad="features:\n  a: {title: A, requires: [b]}\n  b: {title: B, requires: [a]}",
        good="features:\n  a: {title: A, requires: [b]}\n  b: {title: B}",
    ),
    Rule(
        "duplicate-catalog-title",
        "Two features, or two limits, with the same title",
        "People read titles, not keys, and could not tell the two apart.",
        severity="warning",
    ),
    Rule(
        "reserved-key",
        "A key that means something else",
        "`user_count` and `ai_credits` are keys of every package; a feature or limit of that name could not "
        "be told from them in plans, usage and acknowledgements.",
        bad="limits:\n  ai_credits: {title: AI credits}",
        good="limits:\n  ai_messages: {title: AI messages}",
    ),
)
