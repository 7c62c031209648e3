"""Every route times every scope, and what stands in front of both."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.settings import Guards
from reconciler.model.tokens import Scope
from reconciler.server.app import routes
from tests.builders import definition
from tests.server.conftest import browser
from tests.servers import listening, now, served

if TYPE_CHECKING:
    import httpx

    from tests.server.conftest import Api

AT = "2026-11-01T12:00:00Z"
QUESTION = {"package": "basic", "revisions": [1]}
CHANGE_SET = {"plan_hash": "sha256:1", "lineage": "x", "actor": "ana", "environment": "local"}
MOVES = {**CHANGE_SET, "moves": [{"who": QUESTION, "at_most": 0}]}
WRITES = {**CHANGE_SET, "guards": Guards().as_document()}
NEW_CLIENT = {"id": "new", "name": "New", "owner_email": "n@x.example", "package": "basic"}
GRANT = {"adjustment": {"kind": "grant", "term": "user_count", "add": 1, "until": "cycle"}}
KEY = {"Idempotency-Key": "key"}
OTHER_KEY = {"Idempotency-Key": "other"}
ANY = {**KEY, "If-Match": "*"}

R, P, C, S, U, M = "read", "packages", "clients", "subscriptions", "usage", "metrics"


@dataclass(frozen=True)
class Case:
    method: str
    path: str
    scopes: set[str]
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content: str | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


EVERYBODY = {scope.value for scope in Scope}
CASES = [
    Case("GET", "/v1/platform", EVERYBODY),
    Case("GET", "/v1/state", {R}),
    Case("POST", "/v1/together", {R}, {"state": "", "asked": []}),
    Case("GET", "/v1/catalog", {R}),
    Case("GET", "/v1/guards", {R}),
    Case("GET", "/v1/parked", {R}),
    Case("GET", "/v1/packages", {R}),
    Case("GET", "/v1/packages/basic", {R}),
    Case("GET", "/v1/packages/basic/revisions/1", {R}),
    Case("GET", "/v1/packages/basic/history", {R}),
    Case("PUT", "/v1/packages/basic", {P}, {"definition": definition().as_document()}, ANY),
    Case("POST", "/v1/definitions", {R}, {"wanted": [{"key": "basic", "revision": 1}]}),
    Case("POST", "/v1/holdings", {R}, {"keys": ["basic"], "at": AT}),
    Case("POST", "/v1/suspended", {R}, {"keys": ["basic"], "at": AT}),
    Case("POST", "/v1/granted", {R}, {"keys": ["basic"], "at": AT}),
    Case("GET", "/v1/packages/basic/consumption/chat", {R}),
    Case("GET", "/v1/holders", {R}),
    Case("GET", "/v1/outdated", {R}),
    Case("GET", "/v1/acknowledgements", {R}),
    Case("GET", "/v1/losses?since=2026-11-01T00:00:00Z", {R}),
    Case("POST", "/v1/answers", {R}, {"questions": [QUESTION], "at": AT, "sample": 3}),
    Case("POST", "/v1/matching", {R}, {"question": QUESTION, "at": AT}),
    Case("POST", "/v1/matching/nth", {R}, {"question": QUESTION, "at": AT, "n": 1}),
    Case("POST", "/v1/transfers", {R}, {"of": {"kind": "rollback-event", "event": "1"}, "at": AT}),
    Case("GET", "/v1/clients", {R}),
    Case("POST", "/v1/clients", {C}, NEW_CLIENT, KEY),
    Case("GET", "/v1/clients/acme", {R}),
    Case("GET", "/v1/clients/acme/history", {R}),
    Case("PATCH", "/v1/clients/acme", {C}, {"name": "Acme & Co."}, ANY),
    Case("DELETE", "/v1/clients/nobody", {C}, headers=ANY),
    Case("GET", "/v1/clients/acme/snapshot", {R}),
    Case("GET", "/v1/clients/acme/entitlements", {R, U}),
    Case("PUT", "/v1/clients/acme/subscription", {S}, {"package": "pro"}, ANY),
    Case("POST", "/v1/clients/acme/adjustments", {S}, GRANT, ANY),
    Case("GET", "/v1/expiring?until=2027-01-01T00:00:00Z", {R}),
    Case("PUT", "/v1/clients/acme/users", {U}, {"users": 2}, ANY),
    Case("POST", "/v1/clients/acme/usage", {U}, {"meter": "chat", "amount": 1}, KEY),
    Case("POST", "/v1/clients/acme/cycle", {U}, None, ANY),
    Case("POST", "/v1/imports", {C}, headers={**KEY, "Content-Type": "application/x-ndjson"}, content=""),
    Case("POST", "/v1/change-sets", {P, S}, MOVES, KEY),
    Case("GET", "/v1/runs", {R}),
    Case("GET", "/v1/runs/1", {R}),
    Case("GET", "/v1/runs/1/moved", {R}),
    Case("GET", "/v1/events", {R}),
    Case("GET", "/metrics", {M}),
]


def pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))


def ask(api: Api, case: Case, scope: str | None) -> httpx.Response:
    more: dict[str, Any] = {} if case.body is None else {"json": case.body}
    if case.content is not None:
        more["content"] = case.content
    return api.ask(case.method, case.path, scope, headers=case.headers, **more)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_route_lets_in_its_scopes_and_no_others(api: Api, case: Case) -> None:
    statuses = {scope.value: ask(api, case, scope.value).status_code for scope in Scope}

    refused = {scope for scope, status in statuses.items() if status == 403}
    assert refused == EVERYBODY - case.scopes - {"admin"}
    assert not {401, 500} & set(statuses.values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_route_lets_in_nobody_without_a_token(api: Api, case: Case) -> None:
    answer = ask(api, case, None)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_route_is_among_these_cases() -> None:
    open_to_all = {("GET", "/healthz"), ("GET", "/readyz")}
    described = routes().openapi()["paths"]

    uncovered = {
        (method.upper(), path)
        for path, methods in described.items()
        for method in methods
        if not any(
            case.method == method.upper() and pattern(path).fullmatch(case.path.partition("?")[0])
            for case in CASES
        )
    }

    assert uncovered == open_to_all


def test_a_change_set_that_writes_packages_needs_the_scope_for_that(api: Api) -> None:
    by_scope = {
        scope: api.ask("POST", "/v1/change-sets", scope, json=WRITES, headers=OTHER_KEY).status_code
        for scope in (S, P)
    }

    assert by_scope == {S: 403, P: 409}


def test_a_revoked_token_ends_at_once(api: Api) -> None:
    token, text = create_token(api.register, "ci", [Scope.READ], now())
    api.tokens["ci"] = text
    before = api.ask("GET", "/v1/catalog", "ci").status_code

    api.register.revoke(token.id, now())

    assert (before, api.ask("GET", "/v1/catalog", "ci").status_code) == (200, 401)


def test_an_expired_token_does_not_count(api: Api) -> None:
    _, text = create_token(api.register, "ci", [Scope.READ], now(), expires_at=now() - timedelta(seconds=1))
    api.tokens["ci"] = text

    assert api.ask("GET", "/v1/catalog", "ci").status_code == 401


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text[:-1], lambda text: text[:17] + "A" * 43, lambda _: "x"]
)
def test_a_token_that_is_nearly_right_does_not_count(api: Api, change: Any) -> None:
    api.tokens["forged"] = change(api.tokens["admin"])

    assert api.ask("GET", "/v1/catalog", "forged").status_code == 401


def test_no_token_text_is_kept_in_the_store(api: Api) -> None:
    stored = (api.folder / "platform.db").read_bytes()

    secrets = [api.tokens[scope][17:].encode() for scope in EVERYBODY]
    assert not [secret for secret in secrets if secret in stored]


def test_a_server_without_tokens_is_open_until_the_first_is_made(tmp_path: Any) -> None:
    with (
        open_served("sqlite:///platform.db", root=tmp_path) as (platform, register),
        listening(served(platform, register)) as url,
        browser(url) as client,
    ):
        before = client.get("/v1/catalog").status_code
        create_token(register, "first", [Scope.READ], now())
        after = client.get("/v1/catalog").status_code

    assert (before, after) == (200, 401)


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:80", "localhost.evil.example", "e_l.example", "[", "1.2.3.4.5", ""]
)
def test_a_server_without_tokens_answers_no_web_page_that_has_its_name_lead_here(
    tmp_path: Any, name: str
) -> None:
    with (
        open_served("sqlite:///platform.db", root=tmp_path) as (platform, register),
        listening(served(platform, register)) as url,
        browser(url) as client,
    ):
        refused = client.get("/v1/catalog", headers={"Host": name})
        alive = client.get("/healthz", headers={"Host": name})
        create_token(register, "first", [Scope.READ], now())
        shown = client.get("/v1/catalog", headers={"Host": name})

    assert (refused.status_code, alive.status_code, shown.status_code) == (403, 200, 401)
    assert "tokens create" in refused.json()["hint"]


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST:8765", "127.0.0.1:1", "[::1]:8765", "192.0.2.7"])
def test_a_server_without_tokens_answers_at_localhost_and_at_addresses(tmp_path: Any, name: str) -> None:
    with (
        open_served("sqlite:///platform.db", root=tmp_path) as (platform, register),
        listening(served(platform, register)) as url,
        browser(url) as client,
    ):
        assert client.get("/v1/catalog", headers={"Host": name}).status_code == 200


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("where", ["api", "api_on_postgres"])
def test_a_token_that_counted_just_now_lets_nobody_do_anything_once_it_ended(
    request: pytest.FixtureRequest, case: Case, where: str
) -> None:
    api: Api = request.getfixturevalue(where)
    token, text = create_token(api.register, "ci", [Scope.ADMIN], now())
    api.tokens["ci"] = text
    before = api.ask("GET", "/v1/catalog", "ci").status_code
    api.register.revoke(token.id, now())
    written = [*api.platform.events()]

    refused = ask(api, case, "ci")

    assert (before, refused.status_code) == (200, 401)
    assert [*api.platform.events()] == written


def test_a_kept_answer_is_not_told_to_whoever_shows_a_token_that_ended(api: Api) -> None:
    token, text = create_token(api.register, "ci", [Scope.USAGE], now())
    api.tokens["ci"] = text
    record = {"json": {"meter": "chat", "amount": 1}, "headers": {"Idempotency-Key": "told-once"}}
    before = api.ask("POST", "/v1/clients/acme/usage", "ci", **record)

    api.register.revoke(token.id, now())

    assert before.status_code == 200
    assert api.ask("POST", "/v1/clients/acme/usage", "ci", **record).status_code == 401


def test_a_token_is_heard_of_within_a_write_alone(api: Api) -> None:
    with pytest.raises(LookupError, match="nothing that follows would be asked with this"):
        api.register.hear_of(("0" * 12, "0" * 64), lambda _: None)
