"""The texts that a platform is handed, each with what it must look like. Pure.

What crosses the wire as it is says so by its annotations; the rest is read here.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from reconciler.model import forms
from reconciler.model.changesets import PackageWrite
from reconciler.model.fields import Readable
from reconciler.model.forms import Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.catalog import Catalog, Feature, Limit
    from reconciler.model.changesets import ArchiveWrite, ChangeSet
    from reconciler.model.clients import ClientLine, ClientUpdate
    from reconciler.model.events import Author
    from reconciler.model.packages import Definition


def of_keys(keys: Iterable[str]) -> Iterator[tuple[Form, str]]:
    """Yield keys of packages."""
    return ((forms.PACKAGE_KEY, key) for key in keys)


def of_readable(value: Readable) -> Iterator[tuple[Form, str]]:
    """Yield the texts of a value that crosses the wire as it is, such as a question."""
    kind: Any = type(value)
    for name, hint in _hints(kind).items():
        yield from _texts(getattr(value, name), hint)


def of_line(line: ClientLine) -> Iterator[tuple[Form, str]]:
    """Return the texts of what is stated about a client."""
    return chain(line.texts, chain.from_iterable(map(of_readable, line.grants)))


def of_update(stated: ClientUpdate) -> Iterator[tuple[Form, str]]:
    """Yield the texts of what is stated anew about a client."""
    yield forms.CLIENT_ID, stated.id
    if stated.name is not None:
        yield forms.CLIENT_NAME, stated.name
    if stated.owner_email is not None:
        yield forms.EMAIL, stated.owner_email


def of_ids(*ids: str | None) -> Iterator[tuple[Form, str]]:
    """Yield the ids of clients that are stated."""
    return ((forms.CLIENT_ID, each) for each in ids if each is not None)


def of_author(author: Author) -> Iterator[tuple[Form, str]]:
    """Yield the texts of who writes, and why."""
    yield from ((forms.ACTOR, name) for name in (author.name, author.on_behalf_of) if name is not None)
    if author.reason:
        yield forms.REASON, author.reason


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
    """Yield the texts of all that a change set writes and asks, and of who sends it."""
    yield forms.ACTOR, change_set.actor
    yield forms.HASH, change_set.plan_hash
    yield forms.TEXT, change_set.reason
    for line in (change_set.environment, change_set.lineage, change_set.commit, *change_set.allowed):
        if line is not None:
            yield forms.LINE, line
    for catalog in (change_set.catalog, change_set.expected_catalog):
        yield from _of_terms(catalog)
    for guards in filter(None, (change_set.guards, change_set.expected_guards)):
        yield from of_keys(guards.protected)
    yield from chain.from_iterable(map(_of_write, change_set.writes))
    yield from _of_consequences(change_set)


def _of_write(write: PackageWrite | ArchiveWrite) -> Iterator[tuple[Form, str]]:
    yield forms.PACKAGE_KEY, write.key
    if isinstance(write, PackageWrite):
        yield from of_package(write.key, write.definition)
        yield from of_keys(() if write.renamed_from is None else (write.renamed_from,))


def _of_consequences(change_set: ChangeSet) -> Iterator[tuple[Form, str]]:
    for move in change_set.moves:
        yield from of_readable(move.who)
    for expectation in change_set.expectations:
        yield forms.TEXT, expectation.what
        yield from chain.from_iterable(map(of_readable, expectation.questions))
    beside = (*(change_set.acknowledgements or ()), *change_set.parks, *change_set.releases)
    yield from chain.from_iterable(map(of_readable, beside))
    yield from of_readable(change_set.bounds)
    if change_set.transfer is not None:
        yield from of_readable(change_set.transfer)


def _of_terms(catalog: Catalog) -> Iterator[tuple[Form, str]]:
    terms: Iterable[tuple[str, Feature | Limit]] = (*catalog.features.items(), *catalog.limits.items())
    for key, term in terms:
        yield forms.KEY, key
        yield forms.TITLE, term.title
        yield forms.DESCRIPTION, term.description
    for feature in catalog.features.values():
        named = (*feature.requires, *(() if feature.replaced_by is None else (feature.replaced_by,)))
        yield from ((forms.KEY, key) for key in named)
    for limit in catalog.limits.values():
        yield forms.UNIT, limit.unit
        if limit.feature is not None:
            yield forms.KEY, limit.feature


@cache
def _hints(of: type) -> Mapping[str, Any]:
    return get_type_hints(of, include_extras=True)


def _texts(value: Any, hint: Any) -> Iterator[tuple[Form, str]]:
    if isinstance(value, Readable):
        yield from of_readable(value)
    elif isinstance(value, str):
        yield from ((form, value) for form in getattr(hint, "__metadata__", ()) if isinstance(form, Form))
    elif isinstance(value, tuple):
        item = get_args(getattr(hint, "__origin__", hint) if hasattr(hint, "__metadata__") else hint)[0]
        yield from chain.from_iterable(_texts(each, item) for each in value)
