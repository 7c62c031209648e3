"""One way to print a plan, for the three commands that do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.model.catalog import Catalog
from reconciler.render.json.plan import plan_json
from reconciler.render.text.glossary import Glossary

if TYPE_CHECKING:
    from reconciler.cli.options import Format
    from reconciler.cli.terminal import Terminal
    from reconciler.model.plans import Plan
    from reconciler.sources.workspace import Workspace


def write_plan_as(
    form: Format, plan: Plan, workspace: Workspace | None, terminal: Terminal, *, next_step: str = ""
) -> None:
    """Write the plan to standard output; titles and units come from the workspace, where there is one."""
    from reconciler.render.text.plan import plan_lines

    if form == "json":
        terminal.write_json(plan_json(plan))
    elif form in PLAN_FORMATS:
        packages = workspace.packages if workspace is not None else {}
        definitions = {key: package.definition for key, package in packages.items()}
        terminal.write_as(form, PLAN_FORMATS[form](plan, glossary_of(workspace), definitions))
    else:
        terminal.write_lines(plan_lines(plan, glossary_of(workspace), terminal.data, next_step=next_step))


def glossary_of(workspace: Workspace | None) -> Glossary:
    """Return what the files say about keys."""
    if workspace is None:
        return Glossary()
    titles = {key: package.definition.title for key, package in workspace.packages.items()}
    return Glossary(workspace.catalog or Catalog(), titles)
