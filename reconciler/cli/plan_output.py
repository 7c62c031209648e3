"""One way to print a plan, for every command that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.render.json import plan_json

if TYPE_CHECKING:
    from reconciler.cli.options import Format
    from reconciler.cli.terminal import Terminal
    from reconciler.model.plans import Plan
    from reconciler.render.story.glossary import Glossary
    from reconciler.sources.workspace import Workspace


def write_plan_as(
    form: Format, plan: Plan, workspace: Workspace | None, terminal: Terminal, *, next_step: str = ""
) -> None:
    """Write the plan to standard output; the workspace, where there is one, tells what does not change."""
    from reconciler.render.story.blockers import Audience
    from reconciler.render.story.story import story
    from reconciler.render.text.plan import plan_lines

    packages = workspace.packages if workspace is not None else {}
    definitions = {key: package.definition for key, package in packages.items()}
    if form == "json":
        terminal.write_json(plan_json(plan))
    elif form in PLAN_FORMATS:
        terminal.write_as(form, PLAN_FORMATS[form](story(plan, Audience.REVIEW, definitions), plan))
    else:
        told = story(plan, Audience.TERMINAL)
        terminal.write_lines(plan_lines(told, terminal.data, next_step=next_step))


def glossary_of(workspace: Workspace) -> Glossary:
    """Return what the catalog of the files calls things."""
    from reconciler.model.catalog import Catalog
    from reconciler.render.story.glossary import Glossary

    return Glossary.of_catalog(workspace.catalog or Catalog())
