"""What a stranger sends who knows only the description: nothing breaks, everything is as described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from reconciler.live.opening import open_served
from reconciler.server.description import document
from tests.builders import NOON, definition
from tests.servers import listening, served

if TYPE_CHECKING:
    from collections.abc import Iterator

FOUND = schemathesis.openapi.from_dict(document()).get_all_operations()
OPERATIONS = [found.ok() for found in FOUND if isinstance(found, Ok)]
CANNOT_BE_WRONG = {"GET /healthz", "GET /readyz"}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("strange")
    with open_served("sqlite:///platform.db", root=folder) as (platform, _):
        platform.edit_package("basic", definition(features=["chat"]), NOON)
        with listening(served(platform)) as url:
            yield url


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
        for operation in OPERATIONS
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if mode is GenerationMode.POSITIVE or operation.label not in CANNOT_BE_WRONG
    ],
)
def test_a_stranger_finds_nothing(operation: Any, mode: GenerationMode, stranger: str) -> None:
    @given(operation.as_strategy(generation_mode=mode))
    @BOUNDED
    def probe(case: Any) -> None:
        case.call_and_validate(base_url=stranger, checks=CHECKS)

    probe()
