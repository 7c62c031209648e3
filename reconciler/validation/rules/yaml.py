"""Rules about YAML: the 1.2 core schema, without what is misread by people or abused by machines."""

from __future__ import annotations

from typing import Final

from reconciler.validation.rules.rule import Rule

YAML_RULES: Final = (
    Rule(
        "yaml-syntax",
        "Not YAML",
        "The file cannot be parsed. Only the first such place of a file can be told.",
        bad="title: Pro: monthly",
        good='title: "Pro: monthly"',
    ),
    Rule(
        "merge-conflict-marker",
        "Left over from a merge",
        "git wrote both sides of a conflict into the file, and nobody chose.",
        bad="<<<<<<< HEAD\nuser_count: 5\n=======\nuser_count: 10\n>>>>>>> main",
        good="user_count: 10",
    ),
    Rule("yaml-encoding", "Not UTF-8", "Files are UTF-8, with or without a byte order mark at the start."),
    Rule(
        "forbidden-character",
        "A character that cannot be seen",
        "Control, bidirectional and invisible characters are refused everywhere, comments included: what a "
        "reviewer sees must be what is there. Line breaks and tabs are fine.",
    ),
    Rule(
        "yaml-anchor",
        "Anchors and aliases",
        "A value is written where it is used, so that a reviewer sees it there, and so that a small file "
        "cannot grow without bound.",
        bad="features: &all [chat]\n",
        good="features: [chat]\n",
    ),
    Rule(
        "yaml-merge-key",
        "Merge keys",
        "`<<` belongs to YAML 1.1, and hides what a mapping holds.",
        bad="limits:\n  <<: {seats: 5}",
        good="limits: {seats: 5}",
    ),
    Rule(
        "yaml-tag",
        "Tags",
        "A tag changes what a value is, in ways that differ between programs.",
        bad="title: !!str 2024",
        good='title: "2024"',
    ),
    Rule(
        "yaml-text-cut",
        "A text that ends at a comment",
        "YAML takes ` #` for the start of a comment: the title of `title: Pro #1` is Pro. A comment behind a "
        "value has a space behind its `#`, so that nobody takes it for a part of the value.",
        bad="title: Pro #1",
        good='title: "Pro #1"',
    ),
    Rule(
        "yaml-directive",
        "Directives",
        "`%YAML` and `%TAG` lines change how a file is read; files here are always read the same way.",
        bad="%YAML 1.1\n---\ntitle: Pro",
        good="title: Pro",
    ),
    Rule(
        "yaml-several-documents",
        "Several documents in one file",
        "One file holds one package, so that its key is the file's name.",
        bad="title: Pro\n---\ntitle: Basic",
        good="title: Pro",
    ),
    Rule(
        "yaml-duplicate-key",
        "A key is set twice",
        "YAML libraries silently keep one of the two, and not all of them the same one.",
        bad="user_count: 5\nuser_count: 10",
        good="user_count: 10",
    ),
    Rule(
        "yaml-key-not-text",
        "A key that is not text",
        "Unquoted numbers, `true`, `false` and `null` are not text, and neither is a list or a mapping.",
        bad="limits: {2024: 5}",
        good="limits: {sessions_2024: 5}",
    ),
    Rule(
        "yaml-too-deep",
        "Nested too deeply",
        "At most 32 levels inside one another; the formats need five.",
    ),
    Rule("yaml-too-many-values", "Too many values", "At most 200,000 keys and values in one file."),
    Rule("yaml-too-long", "A text that is too long", "No key or value may have more than 16,384 characters."),
    Rule(
        "too-many-faults",
        "Too many faults",
        "After 100 faults the rest of a file is not checked.",
    ),
    Rule(
        "ambiguous-number",
        "A number that programs read differently",
        "`010` is 8 in YAML 1.1 and 10 in 1.2; `1_000`, `0x1f`, `+5` and `1e3` are numbers to some and text "
        "to others; nothing here has a fraction. Only plain decimal whole numbers are read.",
        bad="user_count: 010",
        good="user_count: 10",
    ),
    Rule(
        "null-value",
        "No value",
        "A key without a value could mean nothing, everything or a mistake. Nothing is spelled by leaving "
        "the key out; everything by the word `unlimited` or `any`.",
        bad="ai_credits:",
        good="ai_credits: 2000",
    ),
)
