"""Rules about keys and values, one by one."""

from __future__ import annotations

from typing import Final

from reconciler.validation.rules.rule import Rule

SCHEMA_RULES: Final = (
    Rule(
        "unknown-key",
        "A key that does not exist here",
        "Misspelled keys are refused, since what they were meant to say would otherwise be left out.",
        bad="feature: [chat]",
        good="features: [chat]",
    ),
    Rule(
        "missing-key",
        "A required key is missing",
        "Some keys have no safe default: leaving something out never widens access.",
        bad="title: Pro",
        good="title: Pro\nuser_count: 10",
    ),
    Rule(
        "wrong-type",
        "A value of the wrong type",
        "Nothing is converted: text is not a number, and `no` is text. In YAML 1.2 only `true` and `false` "
        "are truth values, and only unquoted digits are numbers.",
        bad='user_count: "10"\narchived: no',
        good="user_count: 10\narchived: false",
    ),
    Rule(
        "bad-value",
        "A value that is not one of the choices",
        "The key takes one of a few words, or text of a certain form.",
        bad="rollout: {existing_clients: move}",
        good="rollout: {existing_clients: reassign}",
    ),
    Rule(
        "bad-key",
        "A key that cannot name anything",
        "Keys of features and limits are a lower-case letter, then lower-case letters, digits and `_`, at "
        "most 64 characters; names of packages and environments may also hold `-`.",
        bad="limits: {Live-Sessions: 5}",
        good="limits: {live_sessions: 5}",
    ),
    Rule(
        "out-of-range",
        "A number or length out of range",
        "Numbers reach from 0 (or 1) to 9007199254740991, which every JSON reader keeps exact. No cap is "
        "spelled `unlimited`, never -1 or a huge number.",
        bad="user_count: -1",
        good="user_count: unlimited",
    ),
    Rule(
        "bad-text",
        "A text that is blank or breaks the line",
        "Titles and reasons are one line that is not only space.",
        bad='title: " "',
        good="title: Pro",
    ),
    Rule(
        "empty-list",
        "An empty list where one is meant to say something",
        "An empty list of e-mails could mean nobody or everybody. Everybody is spelled `any`.",
        bad="allowed_emails: []",
        good="allowed_emails: any",
    ),
    Rule(
        "duplicate-item",
        "An item is listed twice",
        "A list here is a set; the second mention is a mistake, perhaps for another item.",
        bad="features: [chat, chat]",
        good="features: [chat]",
    ),
    Rule(
        "bad-expiry",
        "An expiry that cannot be read",
        "An expiry is a whole number from 1 to 99999 and one of day, week, month and year, or their plurals. "
        "Left out, a subscription never expires.",
        bad="expiry: 2w",
        good="expiry: 2 weeks",
    ),
    Rule(
        "bad-date",
        "A date that does not exist",
        "Dates are written YYYY-MM-DD.",
        bad="until: 2026-02-30",
        good="until: 2026-02-28",
    ),
    Rule(
        "bad-share",
        "A share that cannot be read",
        "A share is a whole percentage from 1% to 100%.",
        bad="clients_losing: 0.5%",
        good="clients_losing: 1%",
    ),
)
