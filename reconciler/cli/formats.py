"""The formats that reviewers and build servers read, each loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler import __version__
from reconciler.cli.options import folder_from_here

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plans import Plan
    from reconciler.render.checks.remarks import Remark
    from reconciler.render.story.story import Story

    PlanFormat = Callable[[Story, Plan], str]
    FindingsFormat = Callable[[Sequence[Finding]], str]


def _plan_markdown(story: Story, _: Plan) -> str:
    from reconciler.render.markdown.plan import plan_markdown

    return plan_markdown(story)


def _plan_html(story: Story, _: Plan) -> str:
    from reconciler.render.html.plan import plan_html

    return plan_html(story)


def _plan_github(story: Story, _: Plan) -> str:
    from reconciler.render.checks.github import github

    return github(_remarks(story))


def _plan_sarif(story: Story, _: Plan) -> str:
    from reconciler.render.checks.sarif import sarif

    return sarif(_remarks(story), __version__)


def _plan_junit(story: Story, plan: Plan) -> str:
    from reconciler.render.checks.junit import junit

    passed = [f"{each.id} {each.key}" for each in plan.guards if each.result != "blocked"]
    return junit(_remarks(story), passed or ["planned"], "plan")


def _plan_gitlab(story: Story, _: Plan) -> str:
    from reconciler.render.checks.gitlab import code_quality

    return code_quality(_remarks(story))


def _plan_widget(_: Story, plan: Plan) -> str:
    from reconciler.render.checks.gitlab import plan_widget

    return plan_widget(plan)


def _remarks(story: Story) -> Sequence[Remark]:
    from reconciler.render.checks.remarks import of_story, seen_from

    return seen_from(folder_from_here(), of_story(story))


PLAN_FORMATS: Final[Mapping[str, PlanFormat]] = {
    "markdown": _plan_markdown,
    "html": _plan_html,
    "github": _plan_github,
    "sarif": _plan_sarif,
    "junit": _plan_junit,
    "gitlab": _plan_gitlab,
    "gitlab-widget": _plan_widget,
}


def _findings_markdown(findings: Sequence[Finding]) -> str:
    from reconciler.render.markdown.findings import findings_markdown

    return findings_markdown(findings)


def _remarks_of(findings: Sequence[Finding]) -> Sequence[Remark]:
    from reconciler.render.checks.remarks import of_findings, seen_from

    return seen_from(folder_from_here(), of_findings(findings))


def _findings_github(findings: Sequence[Finding]) -> str:
    from reconciler.render.checks.github import github

    return github(_remarks_of(findings))


def _findings_sarif(findings: Sequence[Finding]) -> str:
    from reconciler.render.checks.sarif import sarif

    return sarif(_remarks_of(findings), __version__)


def _findings_junit(findings: Sequence[Finding]) -> str:
    from reconciler.render.checks.junit import junit

    return junit(_remarks_of(findings), [] if findings else ["all files are valid"], "validate")


def _findings_gitlab(findings: Sequence[Finding]) -> str:
    from reconciler.render.checks.gitlab import code_quality

    return code_quality(_remarks_of(findings))


FINDINGS_FORMATS: Final[Mapping[str, FindingsFormat]] = {
    "markdown": _findings_markdown,
    "github": _findings_github,
    "sarif": _findings_sarif,
    "junit": _findings_junit,
    "gitlab": _findings_gitlab,
}
