"""One line of an import of clients."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.model import forms
from reconciler.model.clients import ClientStatus
from reconciler.model.documents.fields import ClientId, Count, Document, Key, PackageKey
from reconciler.model.fields import Instant
from reconciler.model.grants import MOST_GRANTS, Granting


class ClientDocument(Document):
    """What is stated about a client; what is left out is kept."""

    id: ClientId
    name: Annotated[str, forms.CLIENT_NAME] | None = None
    owner_email: Annotated[str, forms.EMAIL] | None = None
    status: ClientStatus | None = None
    package: PackageKey | None = None
    assigned_at: Instant | None = None
    users: Count | None = None
    usage: dict[Key, Count] | None = None
    grants: Annotated[tuple[Granting, ...], Field(max_length=MOST_GRANTS)] | None = None
