"""`platform adopt`."""

from __future__ import annotations

import click

from reconciler.cli.opening import environment_and_root
from reconciler.cli.options import chosen, offering, option
from reconciler.cli.secrets import token_of
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError


@click.command("adopt")
@offering()
@option("--new-lineage", is_flag=True, help="Make it a platform of its own, for which no plan fits.")
def adopt_command(*, new_lineage: bool) -> None:
    """Give a copy that was restored elsewhere a lineage of its own.

    A dump that was restored as staging still says that it is production. Until it has a lineage of its own, a
    plan of the one is refused by the other only where their runs differ. The platform must be a database.
    """
    from reconciler.live.opening import Address, adopt_platform

    choices = chosen()
    if not new_lineage:
        raise WrongUsageError(
            "Nothing was changed: what is it to become?",
            hint="--new-lineage makes a platform of its own of a copy; never do that to the original.",
        )
    environment, root = environment_and_root(choices)
    address = Address(environment.platform, token_of(environment, root))
    lineage = adopt_platform(address, root=root)
    Terminal.of(choices).say(
        f"{environment.name} has the lineage {lineage} now; plans that were made before do not fit it.\n"
    )
