"""`platform migrate`."""

from __future__ import annotations

import click

from reconciler.cli.exit_codes import CHANGES, DONE
from reconciler.cli.opening import environment_and_root
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.secrets import token_of
from reconciler.cli.terminal import Terminal


@click.command("migrate")
@global_options
@option("--check", is_flag=True, help="Write nothing; exit with 2 where there is something to migrate.")
def migrate_command(*, check: bool) -> int:
    """Create the tables of a platform's database, or bring them to the form of this version.

    Servers of the version before go on meanwhile, and until they are replaced: migrate first, then update
    servers, then everybody else. A SQLite file is migrated whenever it is opened; a copy is kept beside it.
    """
    from reconciler.live.opening import Address, migrate_platform

    choices = chosen()
    environment, root = environment_and_root(choices)
    address = Address(environment.platform, token_of(environment, root))
    before, newest = migrate_platform(address, root=root, check=check)
    Terminal.of(choices).say(f"{environment.name}: {_said(before, newest, check=check)}\n")
    return CHANGES if check and before != newest else DONE


def _said(before: str | None, newest: str, *, check: bool) -> str:
    if before == newest:
        return f"schema {newest}, the newest that this version knows. Nothing to migrate."
    if check:
        since = "no tables yet" if before is None else f"schema {before}"
        return f"{since}; `platform migrate` makes it {newest}."
    return f"schema {newest} now, {'no tables' if before is None else f'schema {before}'} before."
