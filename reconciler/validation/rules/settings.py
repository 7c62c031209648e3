"""Rules about the configuration."""

from __future__ import annotations

from typing import Final

from reconciler.validation.rules.rule import Rule

SETTINGS_RULES: Final = (
    Rule(
        "unknown-environment",
        "An environment that is not listed",
        "`default_environment`, and `after` of an environment, name one of `environments`; none comes after "
        "itself.",
        bad="default_environment: prod\nenvironments:\n  production: {platform: ...}",
        good="default_environment: production\nenvironments:\n  production: {platform: ...}",
    ),
    Rule(
        "password-in-url",
        "A password in a file",
        "Whatever is committed is known to everybody who can read the repository. Tokens come from the "
        "variable that `token_env` names; PostgreSQL reads PGPASSWORD or a password file.",
        bad="platform: postgresql://app:secret@db.example.com/platform",
        good="platform: postgresql://app@db.example.com/platform",
    ),
    Rule(
        "grant-too-wide",
        "A grant that fits strangers",
        "Everybody's jobs get ID tokens of GitHub and of gitlab.com. A grant to them names whose: "
        "`repository` or `repository_id`, `project_path` or `project_id`, or the whole `sub`.",
        bad="claims: {ref: refs/heads/main}",
        good="claims: {repository: acme/packages, ref: refs/heads/main}",
    ),
    Rule(
        "bad-platform",
        "A platform that is no URL",
        "A platform is a URL such as `sqlite:///.reconciler/platform.db`, `postgresql://...` "
        "or `https://...`.",
        bad="platform: platform.example.com",
        good="platform: https://platform.example.com",
    ),
    Rule(
        "path-outside",
        "A path that leaves the configuration's folder",
        "`packages` and `catalog` are relative paths inside the folder of `reconciler.yaml`, so that a "
        "commit holds all that a plan depends on.",
        bad="packages: ../packages",
        good="packages: packages",
    ),
    Rule(
        "unknown-rule",
        "A rule that cannot be turned off",
        "`lint: {off: ...}` names rules whose findings are warnings. Errors cannot be turned off.",
        bad="lint: {off: {alike-package: They differ by contract.}}",
        good="lint: {off: {alike-packages: They differ by contract.}}",
    ),
    Rule(
        "protected-unknown",
        "A protected package that has no file",
        "Nothing protects it from being misspelled. It may be a package whose file is gone, which the guard "
        "still protects on the platform.",
        severity="warning",
    ),
)
