"""`reconciler.yaml`: where things are, and what guards an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias

from msgspec import Struct, field
from msgspec.structs import asdict

from reconciler.model.packages import Share, bound_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.tokens import Scope

Bound: TypeAlias = int | Share | Literal["unlimited"]


_FIVE_PERCENT = Share(5)


class Guards(Struct, frozen=True):
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


LOOSEST: Final = Guards("unlimited", "unlimited", "never")
"""Guards that let everything pass."""


class Trust(Struct, frozen=True):
    """Files that decide whom a client over HTTP trusts, and what it shows of itself; whole paths.

    Attributes:
        ca_file: Certificates of the authorities that are trusted; None: those of the system.
        client_cert: The client's own certificate, with its key where `client_key` names none.
    """

    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None


TRUST_OF_SYSTEM: Final = Trust()
"""Whom the machine trusts anyway, and nothing to show."""


class Environment(Struct, frozen=True):
    """A named platform plus its guards.

    Attributes:
        platform: URL, `sqlite:///` paths counted from the configuration's folder.
        token_env: Name of the environment variable that holds the token; never the token.
        token_file: The file that holds it, where no variable does.
        show_clients: Whether plans name clients elsewhere than on a terminal.
        read_platform: URL of a copy that is kept up to date, which commands that only read ask instead.
        after: The environment that must have recorded a commit before it is applied here.
    """

    name: str
    platform: str
    token_env: str | None = None
    guards: Guards = Guards()
    show_clients: bool = True
    after: str | None = None
    token_file: str | None = None
    trust: Trust = Trust()
    read_platform: str | None = None


class Grant(Struct, frozen=True):
    """What the bearers of some ID tokens may do: of those that have one of the values of every claim."""

    scopes: tuple[Scope, ...]
    claims: Mapping[str, tuple[str, ...]]


class Issuer(Struct, frozen=True):
    """An OpenID Connect issuer whose ID tokens a server takes.

    Attributes:
        issuer: Its address, exactly as its tokens state it (`iss`).
        audience: What its tokens must be made for (`aud`): this server, and nobody else.
    """

    issuer: str
    audience: str
    grants: tuple[Grant, ...]


class Server(Struct, frozen=True):
    """What `serve` is told beside the platform that it serves.

    Attributes:
        floor: Guards that hold beside those of applies, whatever clients send; None: no others do.
        trusted_proxies: Addresses and networks of proxies that say where a request is from.
    """

    issuers: tuple[Issuer, ...] = ()
    floor: Guards | None = None
    trusted_proxies: tuple[str, ...] = ()


class Lint(Struct, frozen=True):
    """Which advice is given.

    Attributes:
        off: Why, per id of a rule whose findings are left out.
    """

    off: Mapping[str, str] = field(default_factory=dict)


class Settings(Struct, frozen=True):
    """The configuration file; paths as written, relative to its folder.

    Attributes:
        tiers: Package keys from the lowest tier to the highest; each includes what those below it do.
        lint: What is said about files that are valid.
        server: What counts where this configuration is that of a server.
    """

    packages: str = "packages"
    catalog: str = "schemas/catalog.yaml"
    default_environment: str = "local"
    environments: Mapping[str, Environment] = field(default_factory=dict)
    tiers: tuple[str, ...] = ()
    lint: Lint = field(default_factory=Lint)
    server: Server = Server()
