"""`platform check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.exit_codes import DONE, INVALID
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.progress import working
from reconciler.cli.secrets import token_of
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.model.english import counted
from reconciler.model.settings import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.conformance.checking import Checked

_NAME: Final = "{}"


@click.command("check")
@click.argument("url")
@global_options
@option("--token-env", metavar="NAME", help="The variable that holds the token or the password.")
@option("--only", default="", metavar="TEXT", help="Run only the checks whose name has this text.")
def check_command(*, url: str, token_env: str | None, only: str) -> int:
    """Check that a platform keeps what it claims, by a hundred empty ones of it.

    URL has {} where each check puts a name of its own, so that it meets an empty platform, such as
    'sqlite:///scratch/{}.db' or 'unleash+http://localhost:4242?prefix={}&store=sqlite:///scratch-{}.db'. What
    the checks write stays there; a platform that has anything already is refused, and left as it is. What the
    platform does not claim is named, and not checked. Needs pytest. Ends with 3 where a promise is broken.
    """
    choices = chosen()
    if _NAME not in url:
        raise WrongUsageError(
            f"Each check needs an empty platform, and {url!r} names only one.",
            hint="Write {} where a name of its own goes, such as 'sqlite:///scratch/{}.db'.",
        )
    try:
        from reconciler.conformance.checking import check
    except ModuleNotFoundError as error:
        raise WrongUsageError(
            "The checks need pytest.", hint="Install pytest into the environment that reconciler runs in."
        ) from error
    root = Path.cwd()
    token = token_of(Environment("check", url, token_env), root)
    with working("Checking", Terminal.of(choices)):
        checked = check(url, root=root, token=token, only=only)
    terminal = Terminal.of(choices)
    if choices.format == "json":
        terminal.write_json(_json(checked))
    else:
        terminal.write("".join(f"{line}\n" for line in _lines(checked)))
    return DONE if checked.is_kept else INVALID


def _lines(checked: Checked) -> Iterator[str]:
    """Yield what is kept, what was not claimed, and what is broken, by why."""
    for what, checks in sorted(checked.kept.items()):
        yield f"kept         {counted(checks, 'check')}{f' of {what}' if what else ''}"
    for what, checks in sorted(checked.unclaimed.items()):
        yield f"not claimed  {counted(checks, 'check')} of {what}"
    by_reason: dict[str, list[str]] = {}
    for name, why in sorted(checked.broken.items()):
        by_reason.setdefault(why.partition("\n")[0], []).append(name)
    for why, names in by_reason.items():
        more = f"{counted(len(names), 'check')}, such as " if len(names) > 1 else ""
        yield f"broken       {more}{names[0]}: {why}"
    if not checked.kept and not checked.broken:
        yield "Nothing was checked."


def _json(checked: Checked) -> str:
    from reconciler.render.json import line

    return line(
        {
            "claims": list(checked.claims),
            "kept": dict(checked.kept),
            "not_claimed": dict(checked.unclaimed),
            "broken": checked.broken,
        }
    )
