"""Rules about what is valid and probably not meant. Each can be turned off in the configuration."""

from __future__ import annotations

from typing import Final

from reconciler.validation.rules.rule import Rule

LINT_RULES: Final = (
    Rule(
        "tier-not-including",
        "A tier that has less than the one below it",
        "`tiers` in reconciler.yaml lists packages from the lowest to the highest. Whoever moves up expects "
        "to lose nothing: every feature, and at least as much of every limit, of users and of AI credits.",
        bad="tiers: [starter, pro]   # starter has chat, pro has not",
        good="tiers: [starter, pro]   # both have chat",
        severity="warning",
    ),
    Rule(
        "unknown-tier",
        "A tier that has no file",
        "`tiers` names packages; one that has no file is probably misspelled.",
        severity="warning",
    ),
    Rule(
        "alike-packages",
        "Two packages that grant the same",
        "They differ in title or description only: a client could not tell what the other one is for.",
        severity="warning",
    ),
    Rule(
        "unused-feature",
        "A feature that no package has",
        "The catalog declares it, and nobody can be sold it. Features on their way out are marked as "
        "deprecated.",
        severity="warning",
    ),
    Rule(
        "unused-limit",
        "A limit that no package has",
        "The catalog declares it, and no package caps it: what it is about is granted to nobody.",
        severity="warning",
    ),
    Rule(
        "ai-feature-without-credits",
        "An AI feature that cannot be used",
        "AI features draw on the package's AI credits; without any, the feature is on and refuses all use.",
        bad="features: [ai_chat_agent]",
        good="features: [ai_chat_agent]\nai_credits: 2000",
        severity="warning",
    ),
    Rule(
        "description-differs",
        "A description that states other numbers",
        "A number right before the name of a limit, its unit, users, AI credits or a time is compared with "
        "what the package grants.",
        bad="description: Up to 500 sessions.\nlimits: {live_sessions: 200}",
        good="description: Up to 200 sessions.\nlimits: {live_sessions: 200}",
        severity="warning",
    ),
)
