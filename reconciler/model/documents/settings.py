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
from reconciler.model.patterns import LINE_PATTERN, RULE_PATTERN, URL_PATTERN, VARIABLE_PATTERN

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
    token_env: Annotated[str, Field(pattern=VARIABLE_PATTERN)] | None = Field(
        default=None,
        description="Name of the environment variable that holds the token; never the token.",
        examples=["PLATFORM_TOKEN"],
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
