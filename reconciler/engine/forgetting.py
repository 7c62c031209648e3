"""`clients forget`: which files still name a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.emails import normal_email

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.clients import Client
    from reconciler.model.packages import DesiredPackage
    from reconciler.sources.workspace import Workspace


def files_naming(workspace: Workspace, client: Client) -> tuple[tuple[str, str], ...]:
    """Return the package files that name a client's id or its owner's address, each with its key."""
    packages = workspace.packages.values()
    return tuple((each.file, key) for each in packages for key in _keys(each, client))


def _keys(package: DesiredPackage, client: Client) -> Iterator[str]:
    if normal_email(client.owner_email) in (package.definition.allowed_emails or ()):
        yield "allowed_emails"
    if client.id in package.rollout.exclude:
        yield "rollout.exclude"
