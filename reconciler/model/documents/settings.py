"""`reconciler.yaml`: where things are, and what guards an environment."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field

from reconciler.model.documents.fields import (
    Count,
    Document,
    PackageKey,
    Share,
    UniquePackageKeys,
    Unlimited,
)
from reconciler.model.patterns import (
    FILE_PATTERN,
    ISSUER_PATTERN,
    LINE_PATTERN,
    NETWORK_PATTERN,
    RULE_PATTERN,
    URL_PATTERN,
    VARIABLE_PATTERN,
)

_File = Annotated[str, Field(max_length=1000, pattern=FILE_PATTERN)]
_RelativePath = Annotated[str, Field(max_length=1000, pattern=LINE_PATTERN)]


RuleId: TypeAlias = Annotated[str, Field(pattern=RULE_PATTERN)]
Reason: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000, pattern=LINE_PATTERN)]


class GuardsDocument(Document):
    """Bounds that can block a plan."""

    archives: Count | Unlimited = Field(
        default=1, description="At most this many packages are archived at once.", examples=[1, "unlimited"]
    )
    clients_losing: Count | Share | Unlimited = Field(
        default="5%",
        description="At most this many clients, or this share of all clients with an active subscription, "
        "lose something with one apply and within the 23 hours before it.",
        examples=[20, "5%", "unlimited"],
    )
    acknowledge: Literal["losing", "touching", "never"] = Field(
        default="losing",
        description="Which losses need an acknowledgement in the package's file: what clients lose with this "
        "apply (`losing`), also what holders merely keep (`touching`), or none (`never`).",
    )
    protected: UniquePackageKeys = Field(
        default=(),
        description="Packages that no breaking or restricting change may touch.",
        examples=[["premium"]],
    )


class EnvironmentDocument(Document):
    """A named platform plus its guards."""

    platform: Annotated[str, Field(max_length=2000, pattern=URL_PATTERN)] = Field(
        description="Where the platform is. Paths of `sqlite:///` count from this file's folder.",
        examples=["sqlite:///.reconciler/platform.db", "https://platform.example.com"],
    )
    read_platform: Annotated[str, Field(max_length=2000, pattern=URL_PATTERN)] | None = Field(
        default=None,
        description="A copy of the platform that follows it, such as a hot standby: plans and questions are "
        "answered from there.",
        examples=["postgresql://reconciler@standby.internal/reconciler"],
    )
    token_env: Annotated[str, Field(pattern=VARIABLE_PATTERN)] | None = Field(
        default=None,
        description="Name of the environment variable that holds the token; never the token.",
        examples=["PLATFORM_TOKEN"],
    )
    token_file: _File | None = Field(
        default=None,
        description="The file that holds the token, by its whole path, where no variable does.",
        examples=["/run/secrets/platform-token"],
    )
    ca_file: _File | None = Field(
        default=None,
        description="Certificates of the authorities that are trusted, by the file's whole path, where those "
        "of the system are not enough.",
        examples=["/etc/ssl/acme.pem"],
    )
    client_cert: _File | None = Field(
        default=None,
        description="The certificate that a proxy asks clients for, by the file's whole path.",
        examples=["/run/secrets/client.pem"],
    )
    client_key: _File | None = Field(
        default=None,
        description="The key of `client_cert`, by the file's whole path, where that file does not hold it.",
        examples=["/run/secrets/client.key"],
    )
    guards: GuardsDocument = GuardsDocument()
    after: PackageKey | None = Field(
        default=None,
        description="Another environment: a commit is applied here only once it was applied there.",
        examples=["staging"],
    )
    show_clients: bool = Field(
        default=True,
        description="Whether plans name clients elsewhere than on a terminal; `false`: counts only, for plan "
        "files, comments and reports that others can read.",
    )


ClaimValues: TypeAlias = (
    Annotated[str, Field(min_length=1, max_length=1000)] | Annotated[tuple[str, ...], Field(min_length=1)]
)
ScopeName: TypeAlias = Literal[
    "read", "packages", "clients", "subscriptions", "usage", "guards", "waive", "metrics", "admin"
]


class GrantDocument(Document):
    """What the bearers of some ID tokens may do."""

    scopes: Annotated[tuple[ScopeName, ...], Field(min_length=1)] = Field(
        description="What they may do.", examples=[["read", "packages"]]
    )
    claims: Annotated[dict[str, ClaimValues], Field(min_length=1)] = Field(
        description="What their ID tokens must state: of each claim exactly this value, or one of these.",
        examples=[{"repository": "acme/packages", "environment": "package-apply", "ref": "refs/heads/main"}],
    )


class IssuerDocument(Document):
    """An OpenID Connect issuer whose ID tokens the server takes."""

    issuer: Annotated[str, Field(max_length=1000, pattern=ISSUER_PATTERN)] = Field(
        description="Its address, exactly as its ID tokens state it (`iss`).",
        examples=["https://token.actions.githubusercontent.com", "https://gitlab.com"],
    )
    audience: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="What its ID tokens must be made for (`aud`): the address of this server.",
        examples=["https://packages.example.com"],
    )
    grants: Annotated[tuple[GrantDocument, ...], Field(min_length=1)] = Field(
        description="Who may do what. The scopes of all that fit are added up."
    )


class FloorDocument(Document):
    """Guards that hold on the server, whatever is applied; what is left out is not bounded by it."""

    archives: Count | None = Field(
        default=None, description="At most this many packages are archived at once.", examples=[1]
    )
    clients_losing: Count | Share | None = Field(
        default=None,
        description="At most this many clients, or this share of all clients with an active subscription, "
        "lose something with one apply and within the 23 hours before it.",
        examples=[20, "5%"],
    )
    acknowledge: Literal["losing", "touching"] | None = Field(
        default=None, description="Which losses need an acknowledgement in the package's file."
    )
    protected: UniquePackageKeys = Field(
        default=(),
        description="Packages that no breaking or restricting change may touch.",
        examples=[["premium"]],
    )


class ServerDocument(Document):
    """What `serve` is told beside the platform that it serves."""

    issuers: tuple[IssuerDocument, ...] = Field(
        default=(), description="OpenID Connect issuers whose ID tokens are taken beside the server's own."
    )
    guards: FloorDocument = FloorDocument()
    trusted_proxies: tuple[Annotated[str, Field(pattern=NETWORK_PATTERN)], ...] = Field(
        default=(),
        description="Addresses or networks of proxies whose `X-Forwarded-For` says where a request is from.",
        examples=[["10.0.0.0/8"]],
    )


class LintDocument(Document):
    """What is said about files that are valid."""

    off: dict[RuleId, Reason] = Field(
        default={},
        description="Warnings that are not given, by the id of their rule, each with the reason.",
        examples=[{"alike-packages": "Premium and Enterprise differ by a contract."}],
    )


class SettingsDocument(Document):
    """The configuration; relative paths count from its folder."""

    model_config = ConfigDict(title="Configuration")

    packages: _RelativePath = Field(
        default="packages", description="Folder of the package files.", examples=["packages"]
    )
    catalog: _RelativePath = Field(
        default="schemas/catalog.yaml",
        description="File of the catalog.",
        examples=["schemas/catalog.yaml"],
    )
    default_environment: PackageKey = Field(
        default="local",
        description="The environment that is meant where none is named.",
        examples=["local"],
    )
    environments: dict[PackageKey, EnvironmentDocument] = Field(
        description="Environments by name.",
        min_length=1,
        examples=[{"local": {"platform": "sqlite:///.reconciler/platform.db"}}],
    )
    tiers: UniquePackageKeys = Field(
        default=(),
        description="Packages from the lowest tier to the highest: each is expected to include what those "
        "below it do. `compare` shows them in this order.",
        examples=[["starter", "professional", "premium"]],
    )
    lint: LintDocument = LintDocument()
    server: ServerDocument = ServerDocument()
