"""One line of an import of clients."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from reconciler.model.clients import ClientStatus
from reconciler.model.documents.fields import ClientId, Count, Document, Key, PackageKey
from reconciler.model.patterns import LINE_PATTERN

EMAIL_PATTERN: Final = r"^[ ]*[^@\s]{1,64}@[^@\s]{1,255}[ ]*$"
"""Cheap, since a million lines may be read: whether the address can exist is not asked."""


class ClientDocument(Document):
    """What is stated about a client; what is left out is kept."""

    id: ClientId
    name: Annotated[str, Field(max_length=200, pattern=LINE_PATTERN)] | None = None
    owner_email: Annotated[str, Field(max_length=320, pattern=EMAIL_PATTERN)] | None = None
    status: ClientStatus | None = None
    package: PackageKey | None = None
    assigned_at: AwareDatetime | None = None
    users: Count | None = None
    usage: dict[Key, Count] | None = None
