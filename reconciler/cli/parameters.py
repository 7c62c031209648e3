"""Values of options that click does not know."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli.options import completed_by, option
from reconciler.model.expiry import Expiry
from reconciler.model.grants import OCCASIONS
from reconciler.model.patterns import PACKAGE_KEY_PATTERN
from reconciler.model.quantities import LARGEST_QUANTITY, UNLIMITED

if TYPE_CHECKING:
    from reconciler.cli.options import Decorator
    from reconciler.model.grants import Occasion
    from reconciler.model.quantities import Quantity


_RUN: Final = re.compile(r"(?:run:)?0*([1-9][0-9]{0,9})")
_LARGEST_RUN: Final = 2**31 - 1


class OutputFile(click.Path):
    """A file to write to, or `-`, standard output; what ends as only a folder can is none."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, allow_dash=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        text = os.fspath(value)
        if os.path.basename(text) in {"", "."}:  # noqa: PTH119 - a `Path` has lost the slash
            self.fail(f"{text!r} is a folder; name a file in it: {Path(text, 'plan.json')}, say.", param, ctx)
        return super().convert(value, param, ctx)


class OutputFolder(click.Path):
    """A folder to write to; `-`, which stands for standard output, is none."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if value == "-":
            self.fail("Standard output is no folder; write ./- for one of this name.", param, ctx)
        return super().convert(value, param, ctx)


_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([dwmy])", re.ASCII)
_SPANS: Final = {"d": "day", "w": "week", "m": "month", "y": "year"}
_AMOUNT: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_WAIVER: Final = re.compile(rf"[a-z_]+:(\*|{PACKAGE_KEY_PATTERN[1:-1]})")


def number_of_run(text: str) -> int | None:
    """Read `5` or `run:5`, as histories name a run; None where it is neither."""
    found = _RUN.fullmatch(text)
    return int(found[1]) if found and int(found[1]) <= _LARGEST_RUN else None


def instant(text: str) -> datetime:
    """Read a date, or a date and time, in ISO 8601; UTC unless it states an offset."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{text!r} is not an instant; write 2026-10-01 or 2026-10-01T09:30:00Z."
        ) from error


def until(text: str) -> datetime | Occasion:
    """Read an instant, or with what a grant ends."""
    for occasion in OCCASIONS:
        if text == occasion:
            return occasion
    try:
        return instant(text)
    except click.BadParameter as error:
        known = ", ".join(OCCASIONS)
        raise click.BadParameter(f"{text!r} is no end; write 2027-01-01, or one of {known}.") from error


def span(text: str) -> Expiry:
    """Read how long: `7d`, `2w`, `1m`, `1y`, or as package files write it."""
    match = _SPAN.fullmatch(text)
    try:
        return Expiry.parse(f"{match[1]} {_SPANS[match[2]]}s" if match else text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no span; write 7d, 2w, 1m or 1y.") from error


def amount(text: str) -> Quantity:
    """Read a whole number from 1, or `unlimited`."""
    if text == UNLIMITED:
        return UNLIMITED
    if not _AMOUNT.fullmatch(text) or int(text) > LARGEST_QUANTITY:
        raise click.BadParameter(f"{text!r} is no amount; write a whole number from 1, or `unlimited`.")
    return int(text)


def limit_amount(text: str) -> tuple[str, Quantity]:
    """Read the key of a limit and how much of it."""
    key, _, most = text.partition("=")
    if not key or not most:
        raise click.BadParameter(f"{text!r} names no limit and amount; write minutes=100, say.")
    return key, amount(most)


def waiver(text: str) -> str:
    """Read one guard for one package, or for `*`."""
    if not _WAIVER.fullmatch(text):
        raise click.BadParameter(f"{text!r} names no guard and key; write adopt:premium, say.")
    return text


def allow_option() -> Decorator:
    """Declare `--allow`, as plan and apply take it."""
    return option(
        "--allow",
        type=waiver,
        multiple=True,
        metavar="GUARD:KEY",
        shell_complete=completed_by("waivers"),
        help="Waive one guard for one package; recorded in the run. May be repeated.",
    )


def no_clients_option() -> Decorator:
    """Declare `--no-clients`, as every command that shows a plan takes it."""
    return option(
        "--no-clients",
        is_flag=True,
        help="Name clients on a terminal only, as where the environment has `show_clients: false`.",
    )


def at_option() -> Decorator:
    """Declare `--at`."""
    return option("--at", type=instant, metavar="INSTANT", help="Look at this instant; by default now.")
