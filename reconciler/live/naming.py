"""The texts that writes bring in, each with what it must look like. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import forms
from reconciler.model.changesets import PackageWrite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.catalog import Catalog, Feature, Limit
    from reconciler.model.changesets import ChangeSet
    from reconciler.model.clients import ClientLine
    from reconciler.model.forms import Form
    from reconciler.model.packages import Definition


def of_line(line: ClientLine) -> Iterator[tuple[Form, str]]:
    """Yield the texts of what is stated about a client."""
    yield forms.CLIENT_ID, line.id
    if line.name is not None:
        yield forms.CLIENT_NAME, line.name
    if line.owner_email is not None:
        yield forms.EMAIL, line.owner_email
    if line.package is not None:
        yield forms.PACKAGE_KEY, line.package
    for meter in line.usage or ():
        yield forms.KEY, meter


def of_package(key: str, definition: Definition) -> Iterator[tuple[Form, str]]:
    """Yield the texts of a package."""
    yield forms.PACKAGE_KEY, key
    yield forms.TITLE, definition.title
    yield forms.DESCRIPTION, definition.description
    for term in (*definition.features, *definition.limits):
        yield forms.KEY, term
    for email in definition.allowed_emails or ():
        yield forms.EMAIL, email


def of_change_set(change_set: ChangeSet) -> Iterator[tuple[Form, str]]:
    """Yield the texts of all that a change set writes, and of who sends it."""
    yield forms.ACTOR, change_set.actor
    yield forms.LINE, change_set.environment
    for write in change_set.writes:
        yield forms.PACKAGE_KEY, write.key
        if isinstance(write, PackageWrite):
            yield from of_package(write.key, write.definition)
    for key in change_set.guards.protected if change_set.guards else ():
        yield forms.PACKAGE_KEY, key
    if change_set.catalog is not None:
        yield from _of_catalog(change_set.catalog)


def _of_catalog(catalog: Catalog) -> Iterator[tuple[Form, str]]:
    terms: Iterable[tuple[str, Feature | Limit]] = (*catalog.features.items(), *catalog.limits.items())
    for key, term in terms:
        yield forms.KEY, key
        yield forms.TITLE, term.title
        yield forms.DESCRIPTION, term.description
