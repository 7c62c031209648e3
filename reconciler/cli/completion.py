"""What a shell completes beside commands and options: names that the files and the platform have.

Whatever goes wrong, nothing is offered and nothing is said: a person is in the middle of a line.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import wraps
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeAlias

from click import get_current_context
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from reconciler.cli.opening import config_of, platform_of, served_of, settings_of
from reconciler.cli.options import Choices
from reconciler.cli.process import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click

Completer: TypeAlias = "Callable[[click.Context, click.Parameter, str], list[CompletionItem]]"
_MOST: Final = 50
_CLIENTS_LOOKED_AT: Final = 2000
_EVENTS_LOOKED_AT: Final = 2000
_SECONDS: Final = 10


def _offering(names: Callable[[Choices], Iterable[str]]) -> Completer:
    """Return a completer of the names that begin with what was typed."""

    @wraps(names)
    def complete(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        found: list[str] = []
        asking = Thread(target=_gather, args=(context, names, typed, found), daemon=True)
        asking.start()
        asking.join(_seconds())  # a platform that does not answer must not hold the person's shell
        return [CompletionItem(name) for name in found]

    return complete


def _gather(
    context: click.Context, names: Callable[[Choices], Iterable[str]], typed: str, into: list[str]
) -> None:
    """Find the first names that begin so; a context is known to its own thread only."""
    with suppress(Exception), context.scope(cleanup=False):  # a traceback would stand in the line typed
        wanted = (name for name in names(Choices(**context.ensure_object(dict))) if name.startswith(typed))
        into.extend(islice(wanted, _MOST))


def _seconds() -> int:
    stated = os.environ.get("RECONCILER_COMPLETION_SECONDS", "")
    return int(stated) if stated.isdecimal() else _SECONDS


@_offering
def environments(choices: Choices) -> Iterable[str]:
    """Complete what the configuration names."""
    return settings_of(choices).environments


def _packages(choices: Choices) -> Iterable[str]:
    from reconciler.sources.files import list_packages

    root = config_of(choices).absolute().parent
    return sorted(Path(file).stem for file in list_packages(str(root), settings_of(choices).packages).files)


packages: Final = _offering(_packages)


@_offering
def terms(choices: Choices) -> Iterable[str]:
    """Complete what a package can grant: features and limits of the catalog, and caps."""
    from reconciler.model.terms import CAPS
    from reconciler.sources.catalog_file import read_catalog

    root = config_of(choices).absolute().parent
    catalog = read_catalog(root, settings_of(choices).catalog).catalog
    known = {*catalog.features, *catalog.limits} if catalog else set()
    return sorted(known | CAPS.keys())


@_offering
def waivers(choices: Choices) -> Iterable[str]:
    """Complete a guard and a package."""
    from reconciler.planning.guards import GUARDS

    keys = tuple(_packages(choices))
    return (f"{guard.id}:{key}" for guard in GUARDS for key in keys)


def _clients(choices: Choices) -> Iterable[str]:
    """Return the first so many of the platform's clients."""
    with platform_of(choices) as platform:
        return [each.id for each in islice(platform.clients(now()), _CLIENTS_LOOKED_AT)]


clients: Final = _offering(_clients)


@_offering
def grants(choices: Choices) -> Iterable[str]:
    """Complete the grants of the client that was typed before."""
    client_id = str(get_current_context().params.get("client_id"))
    with platform_of(choices) as platform:
        return [each.id for each in platform.client(client_id, now()).grants]


def _runs(choices: Choices) -> list[str]:
    with platform_of(choices) as platform:
        return [str(run.id) for run in platform.runs(limit=_MOST, brief=True)]


runs: Final = _offering(_runs)


@_offering
def undoables(choices: Choices) -> Iterable[str]:
    """Complete what can be rolled back: the latest runs, then what hands did, both newest first.

    What an import did to each client is left out: it would hide all else.
    """
    from reconciler.planning.transfers import UNDOABLE

    yield from _runs(choices)
    with platform_of(choices) as platform:
        latest = tuple(platform.events(limit=_EVENTS_LOOKED_AT))
    undone = (each for each in reversed(latest) if each.kind in UNDOABLE and each.part_of is None)
    yield from (f"event:{each.id}" for each in undone)


@_offering
def tokens(choices: Choices) -> Iterable[str]:
    """Complete the ids of tokens that were not revoked."""
    with served_of(choices) as (_, register):
        return [token.id for token in register.tokens() if token.revoked_at is None]


@_offering
def subjects(choices: Choices) -> Iterable[str]:
    """Complete what can be explained: rules, guards and codes, then clients."""
    from reconciler.engine.explain.topics import topics

    yield from sorted(topics())
    yield from _clients(choices)


def commands(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete the commands that `help` takes."""
    group = context.find_root().command
    names = getattr(group, "listed", ())
    return [CompletionItem(name) for name in names if name.startswith(typed)]


class _Bash(BashComplete):
    """Bash takes a colon for the end of a word, and replaces only what follows it."""

    _kept = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before, and the one that is being typed, whole."""
        words, typed = super().get_completion_args()
        if typed == ":" and words:
            typed = self._kept = f"{words.pop()}:"
        elif words[-1:] == [":"] and len(words) > 1:
            self._kept = f"{words[-2]}:"
            words, typed = words[:-2], self._kept + typed
        return words, typed

    def format_completion(self, item: CompletionItem) -> str:
        """Return the line for the shell's function."""
        return f"{item.type},{str(item.value).removeprefix(self._kept)}"


def register() -> None:
    """Have click complete in bash by this module's class, and nothing ask the person at the shell."""
    add_completion_class(_Bash)
    sys.stdin = None
