"""What `--verbose` tells on standard error: what is read, asked and decided, as it happens."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from reconciler.cli.options import chosen
from reconciler.cli.terminal import Terminal
from reconciler.model.english import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.cli.options import Choices
    from reconciler.live.port import Platform, PlatformReader
    from reconciler.model.plans import Plan
    from reconciler.model.settings import Environment
    from reconciler.sources.workspace import Workspace


def tell_files(workspace: Workspace, config: Path, choices: Choices) -> None:
    """Say which configuration was found, and what was read beside it."""
    terminal = Terminal.of(choices)
    how = "named by --config or RECONCILER_CONFIG" if choices.config else "found here or above"
    terminal.detail(f"read {config.absolute()} ({how})")
    settings, packages = workspace.settings, counted(len(workspace.packages), "package")
    files = counted(len(workspace.package_files), "file")
    terminal.detail(f"read {packages} in {files} of {settings.packages}, and {settings.catalog}")
    terminal.detail(
        f"found {counted(len(workspace.findings), 'mistake or warning', 'mistakes and warnings')}"
    )


def tell_plan(plan: Plan) -> Plan:
    """Say what was decided, and by which guards; return the plan."""
    terminal = Terminal.of(chosen())
    of_files = f"the files as of commit {plan.config.commit}" if plan.config.commit else "files of no commit"
    terminal.detail(f"compared {of_files} with run {plan.platform.run} of {plan.platform.lineage}")
    for change in plan.changes:
        terminal.detail(f"decided to {change.action} {change.key}: {change.severity}, {change.reach}")
    for guard in plan.guards:
        terminal.detail(f"guard {guard.id} of {guard.key}: {guard.result}. {guard.message}")
    return plan


def told(platform: Platform, environment: Environment) -> Platform:
    """Return the platform itself, or with `--verbose` one that tells what it is asked."""
    terminal, choices = Terminal.of(chosen()), chosen()
    if not terminal.is_verbose:
        return platform
    how = "-e or RECONCILER_ENVIRONMENT" if choices.environment else "`default_environment`"
    terminal.detail(f"opened {environment.platform} for the environment {environment.name}, by {how}")
    return cast("Platform", _Told(platform, environment.name, terminal))


class _Told:
    """Any platform; each call is told with how many things it answered, and how long that took."""

    def __init__(self, platform: Platform, name: str, terminal: Terminal) -> None:
        self._platform, self._name, self._terminal = platform, name, terminal

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._platform, name)
        if name == "at_one_instant":
            return partial(self._call, name, lambda read: found(lambda still: read(self._of(still))))
        return partial(self._call, name, found) if callable(found) else found

    def _of(self, still: PlatformReader) -> PlatformReader:
        return cast("PlatformReader", _Told(cast("Platform", still), self._name, self._terminal))

    def _call(self, name: str, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        begun = perf_counter()
        answer = method(*args, **named)
        took = f"{(perf_counter() - begun) * 1000:,.0f} ms"
        size = f"{counted(len(answer), 'item')}, " if isinstance(answer, (tuple, list, dict)) else ""
        self._terminal.detail(f"asked {self._name} for {name.replace('_', ' ')}: {size}{took}")
        return answer
