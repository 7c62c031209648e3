"""`reconciler.yaml`: where things are, and what guards an environment."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from reconciler.model.packages import Share, bound_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Bound: TypeAlias = int | Share | Literal["unlimited"]


_FIVE_PERCENT = Share(5)


@dataclass(frozen=True, slots=True)
class Guards:
    """Bounds that can block a plan. The defaults hold for every environment that does not set its own.

    Attributes:
        archives: At most this many packages are archived at once.
        clients_losing: At most this many clients (or this share of all clients with an active subscription)
            lose something with one apply and within the 23 hours before it.
        acknowledge: Which losses need a committed acknowledgement: what clients lose with this apply, also
            what holders merely keep, or none.
        protected: Keys of packages that no breaking or restricting change may touch.
    """

    archives: int | Literal["unlimited"] = 1
    clients_losing: Bound = _FIVE_PERCENT
    acknowledge: Literal["losing", "touching", "never"] = "losing"
    protected: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the guards of a document; what it leaves out has its default."""
        guards = {name: bound_of(value) for name, value in document.items()}
        return cls(**{**guards, "protected": tuple(sorted(guards.get("protected", ())))})

    def as_document(self) -> dict[str, Any]:
        """Return them as they are written in a file, every one of them."""
        losing = self.clients_losing
        return {**asdict(self), "clients_losing": str(losing) if isinstance(losing, Share) else losing}


@dataclass(frozen=True, slots=True)
class Environment:
    """A named platform plus its guards.

    Attributes:
        platform: URL, `sqlite:///` paths counted from the configuration's folder.
        token_env: Name of the environment variable that holds the token; never the token.
        show_clients: Whether plans name clients elsewhere than on a terminal.
        after: The environment that must have recorded a commit before it is applied here.
    """

    name: str
    platform: str
    token_env: str | None = None
    guards: Guards = Guards()
    show_clients: bool = True
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Lint:
    """Which advice is given.

    Attributes:
        off: Why, per id of a rule whose findings are left out.
    """

    off: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration file; paths as written, relative to its folder.

    Attributes:
        tiers: Package keys from the lowest tier to the highest; each includes what those below it do.
        lint: What is said about files that are valid.
    """

    packages: str = "packages"
    catalog: str = "schemas/catalog.yaml"
    default_environment: str = "local"
    environments: Mapping[str, Environment] = field(default_factory=dict)
    tiers: tuple[str, ...] = ()
    lint: Lint = field(default_factory=Lint)
