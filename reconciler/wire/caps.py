"""A field per cap, so that no body repeats the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import create_model

from reconciler.model.terms import CAPS
from reconciler.wire.fields import Quantity

if TYPE_CHECKING:
    from pydantic import BaseModel

    from reconciler.model.terms import Cap

B = TypeVar("B", bound="BaseModel")


def with_caps(body: type[B]) -> type[B]:
    """Return the body with a field per cap: a quantity, or null where a package need not grant it."""
    fields: dict[str, Any] = {key: _field(cap) for key, cap in CAPS.items()}
    return create_model(
        body.__name__, __base__=body, __module__=body.__module__, __doc__=body.__doc__, **fields
    )


def _field(cap: Cap) -> Any:
    return (Quantity, ...) if cap.is_always_granted else (Quantity | None, None)
