"""Reading the configuration file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.errors import InvalidError
from reconciler.model.settings import (
    LOOSEST,
    Environment,
    Grant,
    Guards,
    Issuer,
    Lint,
    Server,
    Settings,
    Trust,
)
from reconciler.model.tokens import Scope
from reconciler.sources.config_path import MINIMUM
from reconciler.sources.documents import locate_problems, read_document
from reconciler.sources.files import RefusedFileError, read_linked
from reconciler.validation.configuration import settings_problems

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.findings import Finding


class SettingsReading(Struct, frozen=True):
    """The configuration, as far as it could be read.

    Attributes:
        settings: Where there are errors, only the paths, and those only where they are sound.
        document: None where there are errors.
    """

    settings: Settings
    document: Mapping[str, Any] | None
    content: bytes
    findings: tuple[Finding, ...]


def read_settings(config: Path) -> SettingsReading:
    """Read the configuration; what is wrong with it is in the findings.

    Raises:
        InvalidError: The file cannot be read at all.
    """
    try:
        content = read_linked(str(config), os.path.realpath(config.parent))
    except RefusedFileError as error:
        raise InvalidError(
            f"{config}: {error}",
            hint=error.problem.fix if config.exists() else f"create a file that holds at least: {MINIMUM}",
            findings=(error.finding(config.name),),
        ) from error
    reading = read_document(config.name, content, "reconciler")
    if reading.document is None:
        return SettingsReading(_paths_only(reading.attempt), None, content, reading.findings)
    findings = tuple(locate_problems(config.name, content, settings_problems(reading.document)))
    if findings:
        return SettingsReading(_paths_only(reading.document), None, content, findings)
    return SettingsReading(_settings(reading.document), reading.document, content, ())


def required_settings(config: Path) -> Settings:
    """Read the configuration alone.

    Raises:
        InvalidError: It has errors.
    """
    reading = read_settings(config)
    if reading.document is None:
        raise InvalidError(f"{config.name} is invalid", hint="repair it first", findings=reading.findings)
    return reading.settings


def _paths_only(attempt: Any) -> Settings:
    """Keep what the other files are found by, so that their findings can be told too."""
    stated = attempt if isinstance(attempt, dict) else {}
    default = Settings()
    return Settings(
        packages=_inside(stated.get("packages"), default.packages),
        catalog=_inside(stated.get("catalog"), default.catalog),
    )


def _inside(path: Any, default: str) -> str:
    is_sound = isinstance(path, str) and path and not path.startswith("/") and ".." not in path.split("/")
    return path if is_sound else default


def _settings(document: Mapping[str, Any]) -> Settings:
    environments = document["environments"]
    paths = {key: document[key] for key in ("packages", "catalog", "default_environment") if key in document}
    return Settings(
        **paths,
        environments={name: _environment(name, environments[name]) for name in sorted(environments)},
        tiers=tuple(document.get("tiers", ())),
        lint=Lint(dict(sorted(document.get("lint", {}).get("off", {}).items()))),
        server=_server(document.get("server", {})),
    )


def _server(document: Mapping[str, Any]) -> Server:
    stated = document.get("guards")
    floor = Guards.of({**LOOSEST.as_document(), **stated}) if stated else None
    issuers = tuple(map(_issuer, document.get("issuers", ())))
    return Server(issuers, floor, tuple(document.get("trusted_proxies", ())))


def _issuer(document: Mapping[str, Any]) -> Issuer:
    return Issuer(document["issuer"], document["audience"], tuple(map(_grant, document["grants"])))


def _grant(document: Mapping[str, Any]) -> Grant:
    claims = {
        name: (values,) if isinstance(values, str) else tuple(values)
        for name, values in document["claims"].items()
    }
    return Grant(tuple(map(Scope, document["scopes"])), claims)


def _environment(name: str, document: Mapping[str, Any]) -> Environment:
    guards = Guards.of(document.get("guards", {}))
    shows = document.get("show_clients", True)
    return Environment(
        name,
        document["platform"],
        document.get("token_env"),
        guards,
        show_clients=shows,
        after=document.get("after"),
        token_file=document.get("token_file"),
        read_platform=document.get("read_platform"),
        trust=Trust(*(document.get(name) for name in ("ca_file", "client_cert", "client_key"))),
    )
