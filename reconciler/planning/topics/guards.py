"""Every guard: what it minds, its default, and the way past it."""

from __future__ import annotations

from typing import Final

from reconciler.model.topics import Topic


def _guard(id_: str, title: str, explanation: str, good: str) -> Topic:
    return Topic(id=id_, kind="guard", title=title, explanation=explanation, good=good)


GUARD_TOPICS: Final = (
    _guard(
        "empty_desired",
        "No package file is left",
        "Without a package file, every managed package of the platform would be archived. That is nearly "
        "always a wrong path or an empty checkout, so that the whole plan is blocked, however few packages "
        "there are.",
        "--allow 'empty_desired:*'",
    ),
    _guard(
        "vanished",
        "The file of a package with holders is gone",
        "Packages are archived, never deleted. A file that is removed says so only while nobody holds the "
        "package; where clients hold it, write `archived: true` into the file, so that the intent is "
        "committed and can be acknowledged.",
        "archived: true        # in the package file, brought back\n--allow vanished:KEY",
    ),
    _guard(
        "archives",
        "Many packages archived at once",
        "One apply archives at most this many packages; the default is 1. A waiver takes its package out of"
        " the count. `unlimited` turns the guard off.",
        "guards: {archives: 3}        # reconciler.yaml, per environment\n--allow archives:KEY",
    ),
    _guard(
        "adopt",
        "A package made by hand would change",
        "A file whose key is that of a package made by hand on the platform adopts it. That is blocked "
        "unless nothing would change: look at what differs, or bring the file in line with the platform "
        "first.",
        "--allow adopt:KEY",
    ),
    _guard(
        "protected",
        "A protected package would get worse",
        "No breaking or restricting change of a protected package passes. The platform keeps what the last "
        "apply protected, so that taking a key off the list must be applied before the change, in a run of "
        "its own.",
        "guards: {protected: [premium]}        # reconciler.yaml, per environment\n--allow protected:KEY",
    ),
    _guard(
        "acknowledge",
        "A loss that nobody has stated is intended",
        "With `losing`, the default, everything that clients lose with this apply needs an entry in the "
        "package file that names it exactly, with a bound on the clients touched, a reason and a last day. "
        "With `touching`, so does what holders merely keep; with `never`, nothing does. The bound is "
        "checked again when the plan is applied.",
        "acknowledge:\n"
        "  - removes: audio_call\n"
        "    clients: 12\n"
        "    reason: Clients were told on 1 November.\n"
        "    until: 2026-12-31\n"
        "--allow acknowledge:KEY",
    ),
    _guard(
        "clients_losing",
        "Many clients lose something at once",
        "At most this many clients (or this share of all clients with an active subscription) lose "
        "something with one apply; the default is 5%. Move them in steps with `per_run`, or raise the "
        "bound. A waiver takes its package's clients out of the count.",
        "guards: {clients_losing: 10%}        # reconciler.yaml; or a number, or unlimited\n"
        "--allow clients_losing:KEY",
    ),
)
