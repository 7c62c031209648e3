"""`watch`: keep a platform true to a branch."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.exit_codes import DONE
from reconciler.cli.opening import config_of, environment_and_root, environment_before, opener_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.process import actor, now
from reconciler.cli.secrets import secret_of
from reconciler.cli.terminal import Terminal
from reconciler.errors import UnreachableError, WrongUsageError

if TYPE_CHECKING:
    from reconciler.cli.options import Choices
    from reconciler.sources.mirror import Mirror
    from reconciler.watch.follower import Follower
    from reconciler.watch.loop import Loop
    from reconciler.watch.webhook import Webhook


@click.command("watch")
@global_options
@option(
    "--repository",
    metavar="URL",
    help="The repository to follow; by default the one around the configuration.",
)
@option("--branch", default="main", help="The branch to follow; by default main.")
@option(
    "--path", metavar="PATH", help="The configuration's path in the repository; by default as it lies here."
)
@option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the copy of the repository; by default one of your own in your cache folder.",
)
@option(
    "--git-env",
    metavar="NAMES",
    default="",
    help="Variables that a credential helper of git needs, separated by commas; it sees no others of yours.",
)
@option(
    "--on-drift",
    type=click.Choice(["report", "correct"]),
    default="report",
    help="What to do about changes by hand.",
)
@option("--skip-blocked", is_flag=True, help="Apply the rest where guards block some packages.")
@option(
    "--interval",
    type=click.FloatRange(0.1, 86_400),
    default=60.0,
    help="Seconds between cycles; by default 60.",
)
@option(
    "--jitter",
    type=click.FloatRange(0, 0.9),
    default=0.1,
    help="Share by which rests differ; by default 0.1.",
)
@option(
    "--full-every",
    type=click.FloatRange(1),
    default=900.0,
    help="Seconds after which all is compared; by default 900.",
)
@option("--suspend-file", type=click.Path(path_type=Path), help="Do nothing while this file exists.")
@option("--listen", metavar="HOST:PORT", help="Answer /healthz, /readyz and /metrics there.")
@option("--notify-url", metavar="URL", help="Send a signed notice of what happens to this address.")
@option(
    "--notify-secret-env",
    default="RECONCILER_NOTIFY_SECRET",
    help="The variable that holds the notices' secret.",
)
@option("--once", is_flag=True, help="One cycle, then end; 7 where something was out of reach.")
def watch_command(**stated: Any) -> int:
    """Keep the platform true to a branch.

    Each new commit is validated, planned, and applied as far as guards allow; a commit that is invalid or
    blocked is told, and the last good one stays true. The platform is that of the configuration here,
    whatever a commit says. What happens is logged on standard output, a line of JSON each.
    """
    choices = chosen()
    with ExitStack() as stack:
        loop = _loop(choices, stated, stack)
        if stated["listen"]:
            _answer(loop, stated["listen"], stack)
        from reconciler.watch.loop import stopped_by_signals

        stack.enter_context(stopped_by_signals(loop.stop))
        has_reached_all = loop.turn(once=stated["once"])
    return DONE if has_reached_all or not stated["once"] else UnreachableError.exit_code


def _loop(choices: Choices, stated: dict[str, Any], stack: ExitStack) -> Loop:
    from reconciler.watch.loop import Backoff, Loop

    follower, environment = _follower(choices, stated, stack)
    return Loop(
        follower=follower,
        backoff=Backoff(stated["interval"], stated["jitter"]),
        environment=environment,
        say=Terminal.of(choices).write,
        clock=now,
        webhook=_webhook(stated),
        suspended_by=stated["suspend_file"],
    )


def _follower(choices: Choices, stated: dict[str, Any], stack: ExitStack) -> tuple[Follower, str]:
    from reconciler.watch.follower import Follower
    from reconciler.watch.lock import alone_in
    from reconciler.watch.policy import Policy

    environment, root = environment_and_root(choices)
    before = environment_before(choices, environment)
    mirror, path = _mirror(config_of(choices), environment.name, stated)
    stack.enter_context(alone_in(mirror.folder))
    policy = Policy(
        config=path,
        environment=environment.name,
        actor=f"watch:{actor()}",
        corrects=stated["on_drift"] == "correct",
        skips_blocked=stated["skip_blocked"],
        after=environment.after,
        full_every=timedelta(seconds=stated["full_every"]),
    )
    # Asked once: nobody answers a loop, and a file that changes meanwhile must not send it elsewhere.
    openers = [opener_of(each, root) for each in (environment, before) if each is not None]
    return Follower(mirror, policy, *openers), environment.name


def _mirror(config: Path, environment: str, stated: dict[str, Any]) -> tuple[Mirror, str]:
    """Return the copy of the repository to follow, and where the configuration lies in it."""
    from reconciler.sources.commits import place_of
    from reconciler.sources.git import working_copy
    from reconciler.sources.mirror import Mirror, default_folder

    repository, branch = stated["repository"], stated["branch"]
    path = stated["path"] or (config.name if repository else place_of(config).config)
    url = _absolute(repository) if repository else str(working_copy(config.parent).folder)
    folder = stated["state"] or default_folder(str(config.absolute()), environment, url, branch)
    passed = tuple(filter(None, stated["git_env"].replace(" ", "").split(",")))
    return Mirror(folder.absolute(), url, branch, passed), path


def _absolute(url: str) -> str:
    """Return a path from the root, since git runs in a folder of its own; an address as it is."""
    is_path = ":" not in url.partition("/")[0]
    return str(Path(url).absolute()) if is_path else url


def _webhook(stated: dict[str, Any]) -> Webhook | None:
    if not stated["notify_url"]:
        return None
    from reconciler.watch.webhook import Webhook

    return Webhook(stated["notify_url"], secret_of(stated["notify_secret_env"], "secret"))


def _answer(loop: Loop, where: str, stack: ExitStack) -> None:
    try:
        from reconciler.watch.metrics import Metrics
    except ImportError as error:
        raise WrongUsageError(
            "--listen needs prometheus-client.",
            hint="Install it with the extra `watch`, from where reconciler came.",
        ) from error
    from reconciler.watch.health import Probes, answered

    metrics = loop.metrics = Metrics()
    stack.enter_context(answered(where, Probes(loop.is_alive, loop.is_ready, metrics.text)))
