"""Secrets, read from the variables that hold them. None is ever part of a message."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.options import Choices, named_hosts
from reconciler.cli.terminal import Terminal
from reconciler.cli.token_hosts import TokenHost, remember, remembered, setting
from reconciler.errors import ReconcilerError, UnreachableError
from reconciler.model.secrets import flaw_of, from_variable
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.secrets import Noun
    from reconciler.model.settings import Environment

_POSTGRES: Final = "postgresql://"
_OF_LIBPQ: Final = "PGPASSWORD"
_ALONE: Final[dict[Noun, str]] = {
    "token": "Set it to the token alone. With 2>&1, TOKEN=$(reconciler tokens create …) takes in the message "
    "as well.",
    "password": "Set it to the password alone, on one line.",
    "secret": "Set it to the secret alone, on one line.",
}


def secret_of(variable: str, noun: Noun) -> str:
    """Return the secret that a variable holds, or nothing where it is not set or empty.

    Raises `UnreachableError`, which does not quote it, where it has a character that none has.
    """
    secret = from_variable(os.environ.get(variable, ""))
    flaw = flaw_of(secret, noun)
    if flaw:
        raise UnreachableError(f"{variable} does not hold a {noun} alone: {flaw}.", hint=_ALONE[noun])
    return secret


def token_of(environment: Environment, root: Path) -> str | None:
    """Return the secret that opens the environment's platform; None where none is needed.

    It comes from the variable that `token_env` names, or from libpq's own for a database. Since whoever edits
    `reconciler.yaml` chooses both variable and platform, it is returned only where the operator said, outside
    the checkout, which `root` is a folder of, that it may go to the platform's hosts; this machine may always
    have it.
    """
    is_database = environment.platform.startswith(_POSTGRES)
    variable = environment.token_env
    if variable is None:
        if not is_database or not os.environ.get(_OF_LIBPQ):
            return None
        variable = _OF_LIBPQ
    secret = secret_of(variable, "password" if is_database else "token")
    if not secret:
        raise UnreachableError(
            f"The environment {environment.name!r} takes its token from {variable}, which is not set.",
            hint=f"Set {variable} for this command.",
        )
    _require_named(variable, environment, root)
    return secret


def _require_named(variable: str, environment: Environment, root: Path) -> None:
    """Refuse to send a variable's secret where nobody but the checkout says that it belongs."""
    from reconciler.live.destinations import strangers

    entries = (*named_hosts(), *remembered(root))
    named = (entry.host for entry in entries if entry.variable == variable)
    missing = [TokenHost(variable, str(host)) for host in strangers(environment.platform, named)]
    if missing and not (Terminal.of(Choices()).can_ask and _is_agreed(environment, missing, root)):
        where = " and ".join(entry.host for entry in missing)
        raise UnreachableError(
            f"The environment {environment.name!r} sends {variable} to {where}, "
            "which is not named outside reconciler.yaml.",
            hint=f"If it belongs there, set this and try again: {setting(missing)}",
        )


def _is_agreed(environment: Environment, missing: list[TokenHost], root: Path) -> bool:
    """Ask once, and remember the answer where it is yes."""
    what = sanitise(" and ".join(f"{entry.variable} to {entry.host}" for entry in missing))
    click.echo(f"The environment {environment.name} of reconciler.yaml sends {what}.", err=True)
    if not click.confirm("Does it belong there, now and later?", err=True):
        return False
    try:
        told = f"Remembered in {remember(missing, root)}."
    except ReconcilerError as error:
        told = f"It counts for this command only. {error.message} {error.hint}"
    click.echo(sanitise(told), err=True)
    return True
