"""What a stranger sends who knows only the description: nothing breaks, everything is as described."""

from __future__ import annotations

import tomllib
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies
from hypothesis.strategies._internal import regex as patterns
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.tokens import Scope
from reconciler.server.dependencies import Bounds
from reconciler.server.description import document
from tests.builders import NOON, definition
from tests.servers import listening, now, postgres_database, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAY_BE_REFUSED = {
    "400": "a cursor is opaque: which are this server's, no pattern says",
    "412": "whether a condition holds, no pattern says",
    "428": "a package is written on one of two conditions, and no description asks for one of two headers",
}
"""What a request may be answered with that is as described."""
RIGHT = {
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", *MAY_BE_REFUSED]
    },
    "negative_data_rejection": {
        "expected-statuses": ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428"]
    },
    "missing_required_header": {"expected-statuses": ["400", "428"]},
}
CONFIG = schemathesis.Config.from_dict({"checks": RIGHT})
FOUND = schemathesis.openapi.from_dict(document(), config=CONFIG).get_all_operations()
OPERATIONS = [found.ok() for found in FOUND if isinstance(found, Ok)]
IN_LINES = "POST /v1/imports"
"""Its body is described as text: OpenAPI 3.1 has no words for what each line is."""
CANNOT_BE_WRONG = {"GET /healthz", "GET /readyz"}
BOUNDED = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def once(build: Callable[..., Any]) -> Callable[..., Any]:
    """Have the strategy of a pattern be built once; where a class has many characters, that takes seconds."""
    known: dict[Any, Any] = {}

    def built(regex: Any, fullmatch: bool, *, alphabet: Any, **more: Any) -> Any:  # noqa: FBT001 - as it is called
        key = (regex, fullmatch, repr(alphabet), *more.items())
        if key not in known:
            known[key] = build(regex, fullmatch, alphabet=alphabet, **more)
        return known[key]

    return built


patterns.regex_strategy = once(patterns.regex_strategy)

INSTANTS = strategies.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=strategies.just(UTC))  # noqa: DTZ001
schemathesis.openapi.format("date-time", INSTANTS.map(datetime.isoformat))
ADDRESSES = strategies.from_regex(r"[a-z0-9_%+-]{1,20}@[a-z0-9]{1,20}\.(com|de|example)", fullmatch=True)
schemathesis.openapi.format("email", ADDRESSES)
"""Without the first and the last year: of those, no database keeps every instant in every offset."""


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Stranger:
    """Somebody with a token who knows where the server is."""

    url: str
    token: str

    def send(self, case: Any) -> None:
        """Send a case with the token, under its own key, and have all that schemathesis knows checked."""
        if case.headers and "Idempotency-Key" in case.headers and case.meta.generation.mode.is_positive:
            case.headers["Idempotency-Key"] = uuid.uuid4().hex
        if case.headers and "Authorization" in case.headers:
            case.headers["Authorization"] = f"Bearer {self.token}"
        skipped = [positive_data_acceptance] if case.operation.label == IN_LINES else []
        case.call_and_validate(self.url, excluded_checks=skipped)


@pytest.fixture(scope="module")
def strangers(
    postgres: str, prepared: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stranger, ...]]:
    """One at a server on SQLite, and one at a server on PostgreSQL."""
    with ExitStack() as stack:
        addresses = "sqlite:///platform.db", stack.enter_context(postgres_database(postgres, prepared))
        yield tuple(_stranger(stack, each, tmp_path_factory.mktemp("strange")) for each in addresses)


def _stranger(stack: ExitStack, address: str, root: Path) -> Stranger:
    platform, register = stack.enter_context(open_served(address, root=root))
    platform.edit_package("basic", definition(features=["chat"]), NOON)
    _, token = create_token(register, "stranger", [Scope.ADMIN], now())
    patient = Bounds(failures=1_000_000)  # how many wrong tokens are looked at is tested elsewhere
    return Stranger(stack.enter_context(listening(served(platform, register, patient))), token)


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
        for operation in OPERATIONS
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if mode is GenerationMode.POSITIVE or operation.label not in CANNOT_BE_WRONG
    ],
)
def test_a_stranger_finds_nothing(
    operation: Any, mode: GenerationMode, strangers: tuple[Stranger, ...]
) -> None:
    @given(operation.as_strategy(generation_mode=mode))
    @BOUNDED
    def probe(case: Any) -> None:
        for stranger in strangers:
            stranger.send(case)

    probe()


def test_the_documented_settings_are_these_and_that_a_key_may_be_reused() -> None:
    page = (Path(__file__).parents[2] / "docs" / "platform.md").read_text(encoding="utf-8")
    documented = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])["checks"]

    documented["positive_data_acceptance"]["expected-statuses"].remove("422")
    assert documented == RIGHT
