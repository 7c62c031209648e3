"""`compare`: packages beside one another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import CHANGES, DONE
from reconciler.cli.opening import workspace_of
from reconciler.cli.options import chosen, completed_by, offering, option
from reconciler.cli.terminal import Terminal
from reconciler.errors import InvalidError
from reconciler.render.sanitise import disarm

if TYPE_CHECKING:
    from reconciler.cli.options import Format
    from reconciler.model.comparison import Comparison


@click.command("compare")
@offering("markdown", "html", "csv")
@option(
    "--published",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Print nothing; exit with 2 where FILE does not hold this table.",
)
@option("--differing", is_flag=True, help="Only the rows in which the packages differ.")
@option("--bare", is_flag=True, help="With --format html the table alone, to be put into another page.")
@click.argument("keys", nargs=-1, shell_complete=completed_by("packages"))
def compare_command(keys: tuple[str, ...], published: Path | None, *, differing: bool, bare: bool) -> int:
    """Print the table of packages and what they grant.

    It is meant for price pages and sales. KEYS are the packages, in their order; where none is named, all
    that any client may have and that are not archived. With --published, FILE may hold more than the table,
    as a page does.
    """
    from reconciler.engine.compare import compare

    choices = chosen()
    terminal = Terminal.of(choices)
    comparison = compare(workspace_of(choices).required(), keys)
    if differing:
        comparison = comparison.differing()
    is_table = bare or published is not None
    text = disarm(_rendered(comparison, choices.format, terminal, is_table=is_table))
    if published is None:
        terminal.write(text)
        return DONE
    if text in _published(published):
        return DONE
    terminal.say(f"{published} does not hold the table as the files have it now.\n")
    return CHANGES


def _rendered(comparison: Comparison, form: Format, terminal: Terminal, *, is_table: bool) -> str:
    from reconciler.render.comparison import comparison_csv, comparison_lines, comparison_markdown
    from reconciler.render.json import comparison_json

    match form:
        case "markdown":
            return comparison_markdown(comparison)
        case "html":
            from reconciler.render.html.comparison import comparison_page, comparison_table

            return (comparison_table if is_table else comparison_page)(comparison)
        case "csv":
            return comparison_csv(comparison)
        case "json":
            return comparison_json(comparison)
        case _:
            return "\n".join(comparison_lines(comparison, terminal.rows)) + "\n"


def _published(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(
            f"{file} cannot be read: {error}.", hint="Name the file that was published."
        ) from error
