"""One line of an import of clients."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from reconciler.model.clients import ClientStatus
from reconciler.model.documents.fields import ClientId, Count, Key, PackageKey
from reconciler.model.patterns import LINE_PATTERN

EMAIL_PATTERN: Final = r"^[ ]*[^@\s]{1,64}@[^@\s]{1,255}[ ]*$"
"""Cheap, since a million lines may be read: whether the address can exist is not asked."""


class ClientDocument(BaseModel):
    """What is stated about a client; what is left out is kept.

    No `Document`: its check before validation would cost a line its fast path from JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: ClientId
    name: Annotated[str, Field(max_length=200, pattern=LINE_PATTERN)] | None = None
    owner_email: Annotated[str, Field(max_length=320, pattern=EMAIL_PATTERN)] | None = None
    status: ClientStatus | None = None
    package: PackageKey | None = None
    assigned_at: AwareDatetime | None = None
    users: Count | None = None
    usage: dict[Key, Count] | None = None
