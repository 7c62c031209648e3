"""From a package as it is live to the text of its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.emails import normal_email
from reconciler.model.packages import Definition
from reconciler.sources.layout.editing import built, edited
from reconciler.sources.layout.emission import emit
from reconciler.sources.layout.parsing import parse
from reconciler.sources.layout.tree import Collection, Comment, Layout
from reconciler.sources.schemas import schema_of
from reconciler.sources.yaml.inspection import inspect
from reconciler.validation.acknowledgements import is_unused

if TYPE_CHECKING:
    from collections.abc import Collection as Places
    from collections.abc import Mapping

    from reconciler.model.catalog import Catalog


def new_text(document: Mapping[str, Any], *, modeline: str = "") -> str:
    """Return the text of a file that nobody has written yet, in the order of the document."""
    root = built(dict(document))
    head = (Comment(modeline),) if modeline else ()
    return emit(Layout(root if isinstance(root, Collection) else Collection((), is_mapping=True), head))


def package_document(definition: Definition, *, archived: bool = False) -> dict[str, Any]:
    """Return the package file's document, without what need not be said."""
    document = {name: value for name, value in definition.as_document().items() if value not in ("", [], {})}
    if document["allowed_emails"] == "any":
        del document["allowed_emails"]
    return {**document, "archived": True} if archived else document


def updated_text(
    key: str, content: bytes, live: Definition, catalog: Catalog | None, *, archived: bool
) -> str:
    """Return a package's file with what differs from the live package set to what is live.

    Acknowledgements of losses that are not proposed any more go.
    """
    layout = parse(content.decode())
    document: dict[str, Any] = inspect(content).document
    values = _differing(document, live)
    if document.get("archived", False) != archived:
        values["archived"] = True if archived else None
    after = {**document, **values}
    left = {name: value for name, value in after.items() if value is not None}
    entries = document.get("acknowledge", [])
    proposed = [entry for entry in entries if not is_unused(key, entry, left, catalog)]
    if proposed != entries:
        values["acknowledge"] = proposed or None
    return emit(edited(layout, values, list(schema_of("package")["properties"])))


def without_acknowledgements(content: bytes, gone: Places[int]) -> str:
    """Return a package's file without some of its acknowledgements, named by their places from 0."""
    entries = inspect(content).document["acknowledge"]
    left = [entry for number, entry in enumerate(entries) if number not in gone]
    layout = edited(parse(content.decode()), {"acknowledge": left or None}, ())
    return emit(layout)


def _differing(document: Mapping[str, Any], live: Definition) -> dict[str, Any]:
    now, then = Definition.normalised(document).as_document(), live.as_document()
    names = [name for name in {**then, **now} if now.get(name) != then.get(name)]
    values = {name: then.get(name) or None for name in names}
    emails = values.get("allowed_emails")
    if isinstance(emails, list) and isinstance(document.get("allowed_emails"), list):
        spelled = {normal_email(email): email for email in document["allowed_emails"]}
        values["allowed_emails"] = [spelled.get(email, email) for email in emails]
    return values
