"""Every exit code."""

from __future__ import annotations

from typing import Final

from reconciler.model.topics import Topic


def _exit(code: int, title: str, explanation: str, good: str = "") -> Topic:
    return Topic(id=f"exit-{code}", kind="exit code", title=title, explanation=explanation, good=good)


EXIT_TOPICS: Final = (
    _exit(0, "Done", "What was asked for was done, or there was nothing to do."),
    _exit(
        1, "Unexpected error", "A bug, or an output that could not be written. Please report the traceback."
    ),
    _exit(
        2,
        "There are changes",
        "`plan --detailed-exitcode` found something to apply, `drift` found a difference, or a command with "
        "`--check` found something to write. Nothing is wrong.",
    ),
    _exit(
        3,
        "Files or configuration are invalid",
        "Every finding names its file, line, column and rule.",
        "reconciler validate\nreconciler explain RULE",
    ),
    _exit(
        4,
        "Blocked by a guard, or by a rule of the domain",
        "Nothing that is blocked was written. The message names each guard and the way past it; with "
        "`apply --skip-blocked` the other packages were applied.",
        "reconciler explain GUARD\nreconciler apply --allow GUARD:KEY",
    ),
    _exit(
        5,
        "Stale",
        "The platform, a file or the number of clients touched moved since the plan was made. Nothing was "
        "written.",
        "reconciler plan",
    ),
    _exit(6, "Partly applied", "Only on platforms without change sets: some of the changes were written."),
    _exit(7, "The platform is out of reach", "It did not answer, is in use, or refused the credentials."),
    _exit(64, "Wrong usage", "An unknown command, option, client, package or environment."),
    _exit(130, "Interrupted", "By Ctrl-C. An apply is all or nothing: it was written wholly or not at all."),
    _exit(141, "The reader went away", "What the output was piped into ended first, as `head` does."),
)
