"""Bodies of guards."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, StrictStr, Tag

from reconciler.model.fields import Amount, Items, PackageKey
from reconciler.model.settings import Guards
from reconciler.wire.fields import BOUND_PATTERN, Body, Quantity, Reply

_MOST = 100_000
_Bound: TypeAlias = Annotated[
    Annotated[Amount, Tag("number")] | Annotated[StrictStr, Field(pattern=BOUND_PATTERN), Tag("text")],
    Discriminator(lambda value: "text" if isinstance(value, str) else "number"),
]


class GuardsBody(Body):
    """Bounds that can block a plan, as they are written in a file; all of them are stated."""

    archives: Quantity
    clients_losing: _Bound
    acknowledge: Literal["losing", "touching", "never"]
    protected: Annotated[tuple[PackageKey, ...], Items(_MOST)]

    @classmethod
    def of(cls, guards: Guards) -> Self:
        """Make the body of guards."""
        return cls.model_validate(guards.as_document())

    def value(self) -> Guards:
        """Return the guards."""
        return Guards.of(dict(self))


class GuardsReply(Reply):
    """The guards that the last apply recorded; null where none did."""

    guards: GuardsBody | None

    @classmethod
    def of(cls, guards: Guards | None) -> Self:
        """Make the reply for guards."""
        return cls(guards=None if guards is None else GuardsBody.of(guards))

    def value(self) -> Guards | None:
        """Return the guards."""
        return None if self.guards is None else self.guards.value()
