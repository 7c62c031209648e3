"""From options to a workspace, an environment and an open platform."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.cli.process import now
from reconciler.cli.progress import passing
from reconciler.cli.terminal import Terminal
from reconciler.cli.verbose import tell_files, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from reconciler.cli.options import Choices
    from reconciler.live.port import Platform, PlatformReader, ServedPlatform, TokenRegister
    from reconciler.model.settings import Environment, Settings
    from reconciler.sources.workspace import Workspace


def workspace_of(choices: Choices, *, cache: bool = True) -> Workspace:
    """Read and check all files; their findings are in the workspace."""
    from reconciler.sources.workspace import read_workspace

    config = config_of(choices)
    reading = passing("files read and checked", Terminal.of(choices))
    workspace = read_workspace(config, today=now().date(), cache=cache, passing=reading)
    tell_files(workspace, config, choices)
    return workspace


@contextmanager
def opened(workspace: Workspace, environment: Environment) -> Iterator[Platform]:
    """Open the environment's platform for the block."""
    with opener_of(environment, workspace.root)() as platform:
        yield told(platform, environment)


@contextmanager
def read_from(environment: Environment, root: Path) -> Iterator[tuple[PlatformReader, tuple[str, ...]]]:
    """Open what an environment is read from, and say what a reader of the answers should know.

    That is a copy of the platform where `read_platform` names one; else the platform itself, of which there
    is nothing to say.
    """
    if environment.read_platform is None:
        with opener_of(environment, root)() as platform:
            yield told(platform, environment), ()
        return
    from reconciler.engine.copies import behind

    there = replace(environment, platform=environment.read_platform)
    with opener_of(there, root)() as copy:
        yield told(copy, there), (_behind(partial(behind, copy), environment, root),)


@contextmanager
def reader_of(choices: Choices) -> Iterator[PlatformReader]:
    """Open what the chosen environment is read from; package files and catalog are not read."""
    with read_from(*environment_and_root(choices)) as (reader, notices):
        terminal = Terminal.of(choices)
        for notice in notices:
            terminal.say(f"{notice}\n")
        yield reader


def _behind(behind: Callable[[Platform], str], environment: Environment, root: Path) -> str:
    from reconciler.engine.copies import UNKNOWN
    from reconciler.errors import UnreachableError

    try:
        with opener_of(environment, root)() as platform:
            return behind(platform)
    except UnreachableError:
        return UNKNOWN


def opener_of(environment: Environment, root: Path) -> Callable[[], AbstractContextManager[Platform]]:
    """Return what opens an environment's platform, with the secret that it has now."""
    from reconciler.cli.secrets import token_of, trust_of
    from reconciler.live.opening import open_platform

    token, trust = token_of(environment, root), trust_of(environment, root)
    return partial(open_platform, environment.platform, root=root, token=token, trust=trust)


@contextmanager
def earlier_of(workspace: Workspace, environment: Environment) -> Iterator[Platform | None]:
    """Open the platform of the environment that comes before; None where none does."""
    if environment.after is None:
        yield None
        return
    with opened(workspace, workspace.settings.environments[environment.after]) as earlier:
        yield earlier


@contextmanager
def platform_of(choices: Choices) -> Iterator[Platform]:
    """Open the chosen platform; package files and catalog are not read."""
    environment, root = environment_and_root(choices)
    with opener_of(environment, root)() as platform:
        yield told(platform, environment)


def require_package(choices: Choices, platform: PlatformReader, key: str) -> None:
    """Refuse a package that the platform does not have, saying what was meant or what to do first."""
    from reconciler.engine import known_packages

    known_packages.require_package(platform, key, config_of(choices))


@contextmanager
def served_of(choices: Choices) -> Iterator[tuple[ServedPlatform, TokenRegister]]:
    """Open the chosen platform to serve it or to manage its tokens; package files are not read."""
    from reconciler.cli.secrets import token_of
    from reconciler.live.opening import open_served

    environment, root = environment_and_root(choices)
    floor = settings_of(choices).server.floor
    token = token_of(environment, root)
    with open_served(environment.platform, root=root, token=token, floor=floor) as opened:
        yield opened


def environment_and_root(choices: Choices) -> tuple[Environment, Path]:
    """Read the settings alone: the chosen environment, and the folder that its paths count from."""
    from reconciler.engine.plan import environment_of

    environment = environment_of(settings_of(choices), choices.environment)
    return environment, config_of(choices).absolute().parent


def settings_of(choices: Choices) -> Settings:
    """Read the settings alone."""
    from reconciler.sources.settings import required_settings

    return required_settings(config_of(choices))


def environment_before(choices: Choices, environment: Environment) -> Environment | None:
    """Return the environment that comes before, by the settings here."""
    after = environment.after
    return settings_of(choices).environments[after] if after is not None else None


def config_of(choices: Choices) -> Path:
    """Return the configuration that was named, or the one here or in a folder above."""
    from reconciler.sources.config_path import find_config

    return choices.config or find_config(Path.cwd())
