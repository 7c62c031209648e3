"""Show what a command does to one client, and ask, before it does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.opening import environment_and_root
from reconciler.cli.options import chosen
from reconciler.cli.terminal import Terminal, require_yes
from reconciler.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.render.text.style import Paper


def foretell(text: Callable[[Paper], str], document: Callable[[], str], *, yes: bool) -> None:
    """Print what would be done: to standard error where JSON is wanted and something else is the result."""
    terminal = Terminal.of(chosen())
    if chosen().format != "json":
        terminal.write(text(terminal.data))
    elif yes or terminal.can_ask:
        terminal.say(text(terminal.messages))
    else:
        terminal.write_json(document())


def agree(deed: str, undone: str, *, warning: str = "") -> None:
    """Ask whether to do it; raises Abort where the answer is no, WrongUsageError where nobody can answer."""
    if not Terminal.of(chosen()).can_ask:
        raise WrongUsageError(f"{undone}: there is no terminal to ask on.", hint="Add --yes to do it.")
    environment, _ = environment_and_root(chosen())
    require_yes(f"{deed} on {environment.name}?{warning}", f"{undone}.")
