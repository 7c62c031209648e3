"""Rules about files as such."""

from __future__ import annotations

from typing import Final

from reconciler.validation.rules.rule import Rule

FILE_RULES: Final = (
    Rule(
        "file-unreadable",
        "The file cannot be read",
        "The operating system refused to open or read the file: it is missing, broken or not permitted.",
    ),
    Rule(
        "not-a-file",
        "Not a regular file",
        "A folder, device, pipe or socket has a name that a package file should have. It is never opened, "
        "since reading it could wait for ever.",
    ),
    Rule(
        "symlink-refused",
        "A link that is not followed",
        "A symbolic link to a file inside the configuration's folder is followed. A link to a folder, or to "
        "anything outside, is not: a commit could otherwise read whatever the machine holds.",
    ),
    Rule(
        "bad-file-name",
        "A file name that is no package key",
        "A package's key is its file's name without `.yaml`: a lower-case letter, then lower-case letters, "
        "digits, `_` and `-`, at most 64 characters.",
        bad="packages/Pro Plan.yaml",
        good="packages/pro_plan.yaml",
    ),
    Rule(
        "wrong-extension",
        "A package file must end in `.yaml`",
        "A file ending in `.yml` or in capitals looks like a package and would not be one. One spelling "
        "keeps a package from being left out by mistake.",
        bad="packages/growth.yml",
        good="packages/growth.yaml",
    ),
    Rule(
        "missing-packages-folder",
        "The packages folder is missing",
        "Without the folder nothing is known about any package. That is never read as: archive everything.",
    ),
    Rule(
        "no-packages",
        "The packages folder is empty",
        "No package file was found. The guard `empty_desired` blocks a plan that would archive everything.",
        severity="warning",
    ),
    Rule(
        "missing-catalog",
        "The catalog is missing",
        "Packages name features and limits that the catalog declares; without it none of them "
        "can be checked.",
    ),
    Rule(
        "file-too-large",
        "The file is too large",
        "No file may have more than 1 MiB. A package has a few hundred bytes; more is an "
        "accident or an attack.",
    ),
    Rule("empty-file", "The file is empty", "The file holds nothing, or only comments."),
    Rule(
        "bad-client-line",
        "A line of an import that is not sound",
        "Each line is one JSON object with an `id`, and of `name`, `owner_email`, `status`, `package`, "
        "`assigned_at` (with its offset from UTC), `users` and `usage` what is to be set; or the file is a "
        "table (CSV) with these as columns, usage as `usage.KEY`, grants as `grant.TERM`. One bad line, and "
        "nothing is imported.",
        bad='{"id": "acme", "assigned_at": "2026-10-01"}',
        good='{"id": "acme", "assigned_at": "2026-10-01T00:00:00Z"}',
    ),
)
