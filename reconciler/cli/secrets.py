"""Secrets, read from the variables that hold them. None is ever part of a message."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from msgspec.structs import astuple, replace

from reconciler.cli.options import Choices, named_hosts
from reconciler.cli.terminal import Terminal, interruption_says
from reconciler.cli.token_hosts import TokenHost, remember, remembered, setting
from reconciler.errors import ReconcilerError, UnreachableError
from reconciler.model.secrets import flaw_of, from_variable
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from reconciler.model.secrets import Noun
    from reconciler.model.settings import Environment, Trust

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
    return _alone(variable, os.environ.get(variable, ""), noun)


def _secret_in(path: str, noun: Noun, root: Path) -> str:
    """Return the secret that a file holds; raises `UnreachableError` as `secret_of` does."""
    try:
        text = _own_file(path, root).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UnreachableError(
            f"{path} cannot be read: {error.strerror}.", hint="Check `token_file` in reconciler.yaml."
        ) from error
    return _alone(path, text, noun)


def _alone(source: str, text: str, noun: Noun) -> str:
    secret = from_variable(text)
    flaw = flaw_of(secret, noun)
    if flaw:
        raise UnreachableError(f"{source} does not hold a {noun} alone: {flaw}.", hint=_ALONE[noun])
    return secret


def token_of(environment: Environment, root: Path) -> str | None:
    """Return the secret that opens the environment's platform; None where none is needed.

    It comes from the variable that `token_env` names, or from libpq's own for a database. Since whoever edits
    `reconciler.yaml` chooses both variable and platform, it is returned only where the operator said, outside
    the checkout, which `root` is a folder of, that it may go to the platform's hosts; this machine may always
    have it.
    """
    _guard_store(environment, root)
    is_database = environment.platform.startswith(_POSTGRES)
    variable = environment.token_env
    if variable is None and environment.token_file is None:
        if not is_database or not os.environ.get(_OF_LIBPQ):
            return None
        variable = _OF_LIBPQ
    noun: Noun = "password" if is_database else "token"
    source = variable or environment.token_file or ""
    secret = secret_of(source, noun) if variable else _secret_in(source, noun, root)
    if not secret:
        what = "is not set" if variable else "is empty"
        raise UnreachableError(
            f"The environment {environment.name!r} takes its token from {source}, which {what}.",
            hint=f"Set {source} for this command." if variable else "Write the token into the file.",
        )
    _require_named(source, environment, root)
    return secret


def trust_of(environment: Environment, root: Path) -> Trust:
    """Return the files that decide about trust; raises `UnreachableError` where a commit could change one."""
    for path in filter(None, astuple(environment.trust)):
        _own_file(path, root)
    return environment.trust


def _own_file(path: str, root: Path) -> Path:
    """Return a file that the configuration names, and that no commit decides."""
    from reconciler.sources.checkouts import decided_by_commits

    file = Path(path)
    if decided_by_commits(file, root):
        raise UnreachableError(
            f"{file} lies in the working copy, whose commits could change it.",
            hint="Keep it outside of the checkout, and name it by its whole path.",
        )
    return file


def _guard_store(environment: Environment, root: Path) -> None:
    """Keep libpq from sending its password to a database that nobody but the checkout names as a store."""
    from reconciler.live.destinations import store_of

    store = store_of(environment.platform) or ""
    if store.startswith(_POSTGRES) and os.environ.get(_OF_LIBPQ):
        _require_named(_OF_LIBPQ, replace(environment, platform=store), root)


def _require_named(source: str, environment: Environment, root: Path) -> None:
    """Refuse to send the secret of a variable or file where nobody but the checkout says that it belongs."""
    from reconciler.live.destinations import strangers

    entries = (*named_hosts(), *remembered(root))
    named = (entry.host for entry in entries if entry.variable == source)
    missing = [TokenHost(source, str(host)) for host in strangers(environment.platform, named)]
    if missing and not (Terminal.of(Choices()).can_ask and _is_agreed(environment, missing, root)):
        where = " and ".join(entry.host for entry in missing)
        raise UnreachableError(
            f"The environment {environment.name!r} sends {source} to {where}, "
            "which is not named outside reconciler.yaml.",
            hint=f"If it belongs there, set this and try again: {setting(missing)}",
        )


def _is_agreed(environment: Environment, missing: list[TokenHost], root: Path) -> bool:
    """Ask once, and remember the answer where it is yes."""
    what = sanitise(" and ".join(f"{entry.variable} to {entry.host}" for entry in missing))
    click.echo(f"The environment {environment.name} of reconciler.yaml sends {what}.", err=True)
    with interruption_says("Nothing was sent there."):
        if not click.confirm("Does it belong there, now and later?", err=True):
            return False
    try:
        told = f"Remembered in {remember(missing, root)}."
    except ReconcilerError as error:
        told = f"It counts for this command only. {error.message} {error.hint}"
    click.echo(sanitise(told), err=True)
    return True
