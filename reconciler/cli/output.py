"""What commands print, in every format, with the parts of a format loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler import __version__
from reconciler.cli.exit_codes import CHANGES, DONE, INVALID
from reconciler.cli.options import chosen, folder_from_here, most_told
from reconciler.cli.terminal import Terminal
from reconciler.model.english import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.cli.options import Format
    from reconciler.model.catalog import Catalog
    from reconciler.model.clients import Client
    from reconciler.model.edits import FileEdit
    from reconciler.model.findings import Finding
    from reconciler.model.plans import Plan
    from reconciler.render.checks.remarks import Remark
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.story import Story
    from reconciler.render.text.style import Paper
    from reconciler.sources.workspace import Workspace

CHECK_FORMATS: Final = ("github", "sarif", "junit", "gitlab")
"""What build servers show beside the lines of files."""
FINDINGS_FORMATS: Final = ("markdown", *CHECK_FORMATS)
PLAN_FORMATS: Final = ("markdown", "html", *CHECK_FORMATS, "gitlab-widget")


class Telling(NamedTuple):
    """What is said around a plan: what to do next; whether it is told since both sides should be equal."""

    next_step: str = ""
    is_drift: bool = False


_PLAINLY: Final = Telling()


def write_plan_as(
    form: Format, plan: Plan, workspace: Workspace | None, terminal: Terminal, telling: Telling = _PLAINLY
) -> None:
    """Write the plan to standard output; the workspace, where there is one, tells what does not change."""
    from reconciler.render.story.blockers import Audience
    from reconciler.render.story.entries import Occasion
    from reconciler.render.story.story import story
    from reconciler.render.text.plan import plan_lines

    occasion = Occasion.DRIFT if telling.is_drift else Occasion.PLAN
    if form == "json":
        from reconciler.render.json import plan_json

        terminal.write_json(plan_json(plan))
    elif form in PLAN_FORMATS:
        most = None if form in CHECK_FORMATS else most_told()
        packages = workspace.packages if workspace is not None else {}
        told_of = packages.keys() & {change.key for change in plan.changes}
        definitions = {key: packages[key].definition for key in told_of}
        told = story(plan, Audience.REVIEW, definitions, occasion, most=most)
        terminal.write_as(form, plan_as(form, told, plan))
    else:
        told = story(plan, Audience.TERMINAL, occasion=occasion, most=most_told())
        terminal.write_lines(plan_lines(told, terminal.data, next_step=telling.next_step))


def plan_message(plan: Plan, terminal: Terminal, *, next_step: str) -> str:
    """Return the plan as text for standard error, where standard output takes something else."""
    from reconciler.render.story.blockers import Audience
    from reconciler.render.story.story import story
    from reconciler.render.text.plan import plan_text

    told = story(plan, Audience.TERMINAL, most=most_told())
    return plan_text(told, terminal.messages, next_step=next_step)


def for_readers(plan: Plan, form: Format, paper: Paper, *, no_clients: bool) -> Plan:
    """Return the plan as it may be told: with `no_clients` only the text that a terminal shows names any.

    A terminal, unlike a pipe, has a width.
    """
    is_seen_here = form == "text" and paper.width is not None
    return plan.without_clients() if no_clients and not is_seen_here else plan


def plan_as(form: str, story: Story, plan: Plan) -> str:
    """Return the plan in one of `PLAN_FORMATS`."""
    if form == "markdown":
        from reconciler.render.markdown.plan import plan_markdown

        return plan_markdown(story)
    if form == "html":
        from reconciler.render.html.plan import plan_html

        return plan_html(story)
    if form == "gitlab-widget":
        from reconciler.render.checks.reports import plan_widget

        return plan_widget(plan)
    from reconciler.render.checks.remarks import of_story

    passed = [f"{each.id} {each.key}" for each in plan.guards if each.result != "blocked"]
    return _check(form, of_story(story), passed or ["planned"], "plan")


def findings_as(form: str, findings: Sequence[Finding]) -> str:
    """Return the findings in one of `FINDINGS_FORMATS`."""
    from reconciler.render.checks.remarks import of_findings
    from reconciler.render.markdown.findings import findings_markdown

    if form == "markdown":
        return findings_markdown(findings)
    return _check(form, of_findings(findings), [] if findings else ["all files are valid"], "validate")


def _check(form: str, remarks: Sequence[Remark], passed: Sequence[str], suite: str) -> str:
    from reconciler.render.checks.remarks import seen_from
    from reconciler.render.checks.reports import code_quality, github, junit, sarif

    here = seen_from(folder_from_here(), remarks)
    if form == "sarif":
        return sarif(here, __version__)
    if form == "junit":
        return junit(here, passed, suite)
    return github(here) if form == "github" else code_quality(here)


def glossary_of(catalog: Catalog | None) -> Glossary:
    """Return what a catalog, of files or of a platform, calls things."""
    from reconciler.model.catalog import Catalog
    from reconciler.render.story.glossary import Glossary

    return Glossary.of_catalog(catalog or Catalog())


def write_client(client: Client) -> None:
    """Write the client as JSON, or a sentence that says what it holds now."""
    from reconciler.render.text.runs import assigned_text

    choices = chosen()
    terminal = Terminal.of(choices)
    if choices.format == "json":
        from reconciler.render.json import client_json

        terminal.write_json(client_json(client))
    else:
        terminal.write(assigned_text(client, terminal.data))


def settle(
    root: Path, edits: Sequence[FileEdit], findings: Sequence[Finding], *, check: bool, diff: bool
) -> int:
    """Print the edits, write them unless `check` or `diff` only asks, and return the exit code.

    Findings fail; else `check` exits with 2 where something would be written.
    """
    from reconciler.render.text.findings import diff_lines, edit_lines, findings_text
    from reconciler.sources.edits import write_edits

    choices = chosen()
    terminal = Terminal.of(choices)
    is_asked_only = check or diff
    if not is_asked_only:
        write_edits(root, edits)
    if choices.format == "json":
        from reconciler.render.json import edits_json

        terminal.write_json(edits_json(edits, findings))
    else:
        terminal.write_lines((diff_lines if diff else edit_lines)(edits, terminal.rows))
        if findings:
            terminal.complain(findings_text(findings, terminal.messages))
        done = "would be written" if is_asked_only else "written"
        terminal.say(f"{counted(len(edits), 'file')} {done}.\n" if edits else "Nothing to write.\n")
    if any(finding.severity == "error" for finding in findings):
        return INVALID
    return CHANGES if check and edits else DONE
