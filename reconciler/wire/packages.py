"""Bodies of packages, their definitions and the catalog."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, StrictBool, Tag

from reconciler.model import forms
from reconciler.model.catalog import Catalog
from reconciler.model.fields import Description, Email, Instant, Items, Key, Number, PackageKey, Title
from reconciler.model.packages import Definition, PackageHead, RevisionRef
from reconciler.wire.caps import with_caps
from reconciler.wire.fields import (
    Body,
    ExpiryText,
    KeysAtMost,
    Quantity,
    Reply,
)

_MOST = 10_000
_Emails = Annotated[
    Annotated[Literal["any"], Tag("text")] | Annotated[tuple[Email, ...], Items(_MOST), Tag("list")],
    Discriminator(lambda value: "text" if isinstance(value, str) else "list"),
]
"""Told apart beforehand, so that a wrong one is one fault."""
_Keys = Annotated[tuple[Key, ...], Items(_MOST)]


@with_caps
class DefinitionBody(Body):
    """What one revision of a package grants, in the words of the package file."""

    title: Title
    description: Description = ""
    features: _Keys = ()
    limits: Annotated[dict[Key, Quantity], KeysAtMost(_MOST), Field(default_factory=dict)]
    expiry: ExpiryText | None = None
    allowed_emails: _Emails = "any"

    @classmethod
    def of(cls, definition: Definition) -> Self:
        """Make the body of a definition."""
        return cls.model_validate(definition.as_document())

    def value(self) -> Definition:
        """Return the definition, normalised."""
        return Definition.normalised(self.model_dump(exclude_none=True))


class FeatureBody(Body):
    """Something that a package switches on."""

    title: Title
    description: Description = ""
    ai: StrictBool = False
    requires: _Keys = ()
    deprecated: StrictBool = False
    replaced_by: Key | None = None


class LimitBody(Body):
    """Something that a package caps."""

    title: Title
    description: Description = ""
    unit: Annotated[str, forms.UNIT] = ""
    per: Literal["cycle"] | None = None
    feature: Key | None = None


class CatalogBody(Body):
    """The vocabulary that a platform offers."""

    features: Annotated[dict[Key, FeatureBody], KeysAtMost(_MOST), Field(default_factory=dict)]
    limits: Annotated[dict[Key, LimitBody], KeysAtMost(_MOST), Field(default_factory=dict)]

    @classmethod
    def of(cls, catalog: Catalog) -> Self:
        """Make the body of a catalog."""
        return cls.model_validate(catalog.as_document())

    def value(self) -> Catalog:
        """Return the catalog, normalised."""
        return Catalog.normalised(self.model_dump(exclude_none=True))


class CatalogReply(Reply):
    """The live catalog; null where none was ever applied."""

    catalog: CatalogBody | None

    @classmethod
    def of(cls, catalog: Catalog | None) -> Self:
        """Make the reply for a catalog."""
        return cls(catalog=None if catalog is None else CatalogBody.of(catalog))

    def value(self) -> Catalog | None:
        """Return the catalog."""
        return None if self.catalog is None else self.catalog.value()


class HeadReply(Reply):
    """A live package without its definition."""

    key: str
    revision: int
    version: int
    digest: str
    title: str
    archived: bool
    managed: bool
    applied_digest: str | None = None
    applied_archived: bool = False
    stepped_at: Instant | None = None

    def value(self) -> PackageHead:
        """Return the head."""
        return PackageHead(**dict(self))


class PackageReply(Reply):
    """A live package with its current definition."""

    head: HeadReply
    definition: DefinitionBody


class PackagesReply(Reply):
    """One page of the packages, by key.

    Attributes:
        total: How many packages there are over all pages.
        next: Cursor of the next page; null on the last.
    """

    items: tuple[HeadReply, ...]
    total: int
    next: str | None


class PackageBody(Body):
    """A package as it is written by hand."""

    definition: DefinitionBody
    archived: StrictBool = False


class RefBody(Body):
    """One revision of a package."""

    key: PackageKey
    revision: Number

    def value(self) -> RevisionRef:
        """Return the reference."""
        return RevisionRef(self.key, self.revision)


class RefsBody(Body):
    """The revisions whose definitions are asked for."""

    wanted: Annotated[tuple[RefBody, ...], Items(_MOST)]


class DefinedReply(Reply):
    """One revision with its definition."""

    key: str
    revision: int
    definition: DefinitionBody


class DefinitionsReply(Reply):
    """The revisions that exist among those asked for."""

    items: tuple[DefinedReply, ...]
