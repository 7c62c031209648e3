"""`platform copy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import config_of, settings_of
from reconciler.cli.options import chosen, global_options
from reconciler.cli.progress import bars
from reconciler.cli.secrets import token_of
from reconciler.cli.terminal import Terminal
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.live.opening import Address
    from reconciler.model.settings import Settings


@click.command("copy")
@global_options
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy_command(source: str, target: str) -> None:
    """Copy the platform of one environment into the new database of another.

    FROM and TO are names of environments whose platforms are databases; TO must be empty. Packages,
    clients, runs and tokens come along, and the lineage with them: it is the same platform. Verified by
    digest; nothing is kept where anything differs.
    """
    from reconciler.live.opening import copy_platform

    choices = chosen()
    settings, root = settings_of(choices), config_of(choices).absolute().parent
    addresses = [_address(settings, name, root) for name in (source, target)]
    try:
        with bars(Terminal.of(choices)) as seen:
            counts = copy_platform(*addresses, root=root, seen=seen)
    except KeyboardInterrupt:
        raise click.Abort(_outcome(source, target, addresses, root)) from None
    rows = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(counts.items()) if count)
    Terminal.of(choices).say(f"Copied {source} to {target}, verified by digest: {rows}.\n")


def _outcome(source: str, target: str, addresses: Sequence[Address], root: Path) -> str:
    """Say what an interruption left: a copy has the lineage of what was copied from its commit on."""
    try:
        is_copied = len({_lineage(address, root) for address in addresses}) == 1
    except ReconcilerError:
        return f"Interrupted. Whether {target} has the copy is unknown: if it has, it is refused as in use."
    if is_copied:
        return f"Interrupted, and {source} was copied to {target} all the same."
    return f"Interrupted. Nothing was copied; {source} is as it was."


def _lineage(address: Address, root: Path) -> str:
    from reconciler.live.opening import open_platform

    with open_platform(address.url, root=root, token=address.token) as platform:
        return platform.identity().lineage


def _address(settings: Settings, name: str, root: Path) -> Address:
    from reconciler.engine.plan import environment_of
    from reconciler.live.opening import Address

    environment = environment_of(settings, name)
    return Address(environment.platform, token_of(environment, root))
