"""Rules about what packages mean, against the catalog and one another."""

from __future__ import annotations

from typing import Final

from reconciler.validation.rules.rule import Rule

PACKAGE_RULES: Final = (
    Rule(
        "unknown-feature",
        "A feature that the catalog does not declare",
        "The catalog is the vocabulary of the platform; a feature outside it would switch on nothing.",
        bad="features: [chatt]",
        good="features: [chat]",
    ),
    Rule(
        "unknown-limit",
        "A limit that the catalog does not declare",
        "The catalog is the vocabulary of the platform; a limit outside it would cap nothing.",
        bad="limits: {live_session: 5}",
        good="limits: {live_sessions: 5}",
    ),
    Rule(
        "missing-requirement",
        "A feature without one that it needs",
        "The catalog says that the feature works only beside another one, which this package does not have.",
        bad="features: [recording]        # the catalog: recording requires audio_call",
        good="features: [audio_call, recording]",
    ),
    Rule(
        "ai-credits-without-ai",
        "AI credits without an AI feature",
        "AI credits exist only beside a feature that the catalog marks `ai: true`: nothing else spends them.",
        bad="features: [chat]\nai_credits: 100",
        good="features: [chat, ai_chat_agent]\nai_credits: 100",
    ),
    Rule(
        "limit-without-feature",
        "A limit of a feature that is off",
        "The catalog says that the limit belongs to a feature, which this package does not have.",
        bad="features: [chat]\nlimits: {live_sessions: 5}",
        good="features: [chat, live_sessions]\nlimits: {live_sessions: 5}",
    ),
    Rule(
        "rollout-without-steps",
        "Steps that are kept apart, where there are none",
        "`every` says how many days lie between two steps of a rollout. Without `per_run` all clients move "
        "in one apply.",
        bad="rollout: {existing_clients: reassign, every: 7 days}",
        good="rollout: {existing_clients: reassign, per_run: 10%, every: 7 days}",
    ),
    Rule(
        "quotes-in-text",
        "Typographic quotes around a whole text",
        "Word processors turn straight quotes into curly ones, which YAML takes for letters: clients "
        "would see them.",
        bad="title: “Professional”",
        good="title: Professional",
        severity="warning",
    ),
    Rule(
        "deprecated-feature",
        "A feature that is on its way out",
        "The catalog marks the feature as deprecated. The package stays valid.",
        bad="features: [fax]",
        good="features: [chat]",
        severity="warning",
    ),
    Rule(
        "duplicate-title",
        "Two packages with the same title",
        "Clients and colleagues know a package by its title. Capitals and space make no difference; archived "
        "packages do not count.",
    ),
    Rule(
        "duplicate-key",
        "Two files for one package",
        "A package's key is its file's name, whatever sub-folder it is in, so that only one may have it.",
        bad="packages/growth.yaml and packages/old/growth.yaml",
        good="packages/growth.yaml",
    ),
    Rule(
        "bad-email",
        "An e-mail address that cannot exist",
        "Nobody could ever match it. No message is sent and no network is asked to find out.",
        bad="allowed_emails: [ops@acme]",
        good="allowed_emails: [ops@acme.example]",
    ),
    Rule(
        "duplicate-email",
        "The same e-mail address twice",
        "Addresses are compared without regard to capitals and surrounding space.",
        bad="allowed_emails: [ops@acme.example, OPS@acme.example]",
        good="allowed_emails: [ops@acme.example]",
        severity="warning",
    ),
    Rule(
        "bad-rename",
        "A package renamed from itself",
        "`renamed_from` names the key that the package had before; a file's own key is the one it has now.",
        bad="renamed_from: growth        # in packages/growth.yaml",
        good="renamed_from: old_growth",
    ),
    Rule(
        "rename-source-exists",
        "Renamed from a package that has its own file",
        "A key cannot be another package's past and a package itself.",
    ),
    Rule(
        "duplicate-rename",
        "Two packages renamed from the same one",
        "Its history and its clients can go on under one key only.",
    ),
)
