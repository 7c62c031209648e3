"""ID tokens of a real provider: who is let in by them, as whom, and for how long."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from reconciler.live.opening import open_served
from reconciler.model.settings import Grant, Issuer
from reconciler.model.tokens import Scope
from reconciler.server.dependencies import Served
from reconciler.server.identity import Identities
from tests.issuers import APPLIES, AUDIENCE, Provider, provider
from tests.server.conftest import browser
from tests.server.test_access import KEY, WRITES
from tests.servers import listening, now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.live.port import ServedPlatform

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""Of libraries of the provider, which runs in a thread of the tests."""

JOB = "repo:acme/packages:environment:package-apply"
GITLAB = "project_path:acme/packages:ref_type:branch:ref:main"
USERS: Mapping[str, Mapping[str, Any]] = {
    JOB: APPLIES,
    "repo:evil/packages:environment:package-apply": {**APPLIES, "repository": "evil/packages"},
    "repo:acme/packages:ref:refs/heads/topic": {**APPLIES, "ref": "refs/heads/topic"},
    "repo:acme/packages:pull_request": {"repository": "acme/packages", "environment": "package-plan"},
    GITLAB: {"project_path": "acme/packages", "ref": "main", "ref_protected": "true"},
    "ana": {"groups": ["staff", "packages"]},
    "line\nbreak": APPLIES,
}
GRANTS = (
    Grant((Scope.READ, Scope.PACKAGES), {name: (value,) for name, value in APPLIES.items()}),
    Grant((Scope.READ,), {"repository": ("acme/packages",), "environment": ("package-plan", "other")}),
    Grant((Scope.READ, Scope.PACKAGES), {"project_path": ("acme/packages",), "ref": ("main",)}),
    Grant((Scope.CLIENTS,), {"groups": ("packages",)}),
)


@dataclass
class Clock:
    """The server's; a test sets it forward."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return now() + self.ahead


@dataclass(frozen=True)
class Door:
    """A server that takes the provider's ID tokens."""

    client: httpx.Client
    clock: Clock
    platform: ServedPlatform

    def status(self, token: str, path: str = "/v1/catalog") -> int:
        return self.answer(token, path).status_code

    def answer(self, token: str, path: str = "/v1/catalog") -> httpx.Response:
        return self.client.get(path, headers={"Authorization": f"Bearer {token}"})


@contextmanager
def door(folder: Path, issuer: str) -> Iterator[Door]:
    clock = Clock()
    identities = Identities([Issuer(issuer, AUDIENCE, GRANTS)])
    with (
        open_served("sqlite:///platform.db", root=folder) as (platform, register),
        listening(Served(platform, register, clock, identities=identities)) as url,
        browser(url) as client,
    ):
        yield Door(client, clock, platform)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with provider(USERS) as running:
        yield running


@pytest.mark.parametrize(
    ("subject", "allowed"),
    [
        (JOB, {"read", "packages"}),
        ("repo:acme/packages:pull_request", {"read"}),
        (GITLAB, {"read", "packages"}),
        ("ana", {"clients"}),
    ],
)
def test_claims_decide_what_the_bearer_of_an_id_token_may_do(
    tmp_path: Path, issuer: Provider, subject: str, allowed: set[str]
) -> None:
    asked: Mapping[str, tuple[str, str]] = {
        "read": ("GET", "/v1/catalog"),
        "packages": ("PUT", "/v1/packages/basic"),
        "clients": ("POST", "/v1/clients"),
    }
    with door(tmp_path, issuer.issuer) as server:
        bearer = {"Authorization": f"Bearer {issuer.id_token(subject)}"}
        statuses = {
            scope: server.client.request(*call, headers=bearer).status_code for scope, call in asked.items()
        }

    assert {scope for scope, status in statuses.items() if status != 403} == allowed
    assert 401 not in statuses.values()


@pytest.mark.parametrize(
    "subject", ["repo:evil/packages:environment:package-apply", "repo:acme/packages:ref:refs/heads/topic"]
)
def test_whoever_no_grant_fits_is_told_which_of_their_claims_was_looked_at(
    tmp_path: Path, issuer: Provider, subject: str
) -> None:
    with door(tmp_path, issuer.issuer) as server:
        answer = server.answer(issuer.id_token(subject))

    assert answer.status_code == 403
    assert "environment is package-apply" in answer.json()["detail"]


def test_a_run_records_the_subject_and_whose_word_it_is(tmp_path: Path, issuer: Provider) -> None:
    with door(tmp_path, issuer.issuer) as server:
        lineage = server.platform.identity().lineage
        headers = {"Authorization": f"Bearer {issuer.id_token(JOB)}", **KEY}
        server.client.post("/v1/change-sets", json={**WRITES, "lineage": lineage}, headers=headers)
        (run,) = server.platform.runs()

    assert (run.actor, run.on_behalf_of) == (f"{JOB} (localhost:{issuer.port})", "ana")


@pytest.mark.parametrize("audience", ["https://packages.example.com/", "https://other.example.com"])
def test_a_token_that_is_made_for_somebody_else_does_not_count(
    tmp_path: Path, issuer: Provider, audience: str
) -> None:
    with door(tmp_path, issuer.issuer) as server:
        assert server.status(issuer.id_token(JOB, audience)) == 401


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (355, 200), (365, 401), (-55, 200), (-65, 401)])
def test_clocks_may_be_a_minute_apart_and_no_more(
    tmp_path: Path, issuer: Provider, seconds: int, status: int
) -> None:
    with door(tmp_path, issuer.issuer) as server:
        token = issuer.id_token(JOB)
        server.clock.ahead = timedelta(seconds=seconds)

        assert server.status(token) == status


def test_a_subject_that_no_history_could_show_is_nobody(tmp_path: Path, issuer: Provider) -> None:
    with door(tmp_path, issuer.issuer) as server:
        assert server.status(issuer.id_token("line\nbreak")) == 401


def encoded(text: bytes) -> bytes:
    return urlsafe_b64encode(text).rstrip(b"=")


def claims_of(issuer: Provider) -> dict[str, object]:
    at = int(now().timestamp())
    return {"iss": issuer.issuer, "aud": AUDIENCE, "sub": JOB, "exp": at + 300, "iat": at, **APPLIES}


def test_a_token_that_others_signed_does_not_count(tmp_path: Path, issuer: Provider) -> None:
    known = httpx.get(f"{issuer.issuer}/jwks", trust_env=False).json()["keys"][0]
    named = {"alg": "RS256", "kid": known["kid"]}
    own = jwt.encode(named, claims_of(issuer), RSAKey.generate_key(2048))
    public = RSAKey.import_key(known).as_pem(private=False)
    head, body, _ = issuer.id_token(JOB).split(".")
    symmetric = b".".join((encoded(b'{"alg":"HS256"}'), body.encode()))
    seal = encoded(hmac.digest(public, symmetric, "sha256"))
    forged = {
        "by a key of one's own": own,
        "by the public key as a secret": f"{symmetric.decode()}.{seal.decode()}",
        "by nobody": f"{head}.{body}.",
        "as unsigned": f"eyJhbGciOiJub25lIn0.{body}.",
        "no token": "a.b.c",
    }

    with door(tmp_path, issuer.issuer) as server:
        statuses = {what: server.status(token) for what, token in forged.items()}

    assert set(statuses.values()) == {401}, statuses


def test_the_issuer_must_be_the_one_that_was_named(tmp_path: Path, issuer: Provider) -> None:
    with provider(USERS) as other, door(tmp_path, issuer.issuer) as server:
        assert server.status(other.id_token(JOB)) == 401


def test_a_new_key_is_fetched_when_a_token_names_it_and_an_old_one_ends(tmp_path: Path) -> None:
    with ExitStack() as first, ExitStack() as second:
        old = first.enter_context(provider(USERS))
        server = second.enter_context(door(tmp_path, old.issuer))
        formerly = old.id_token(JOB)
        before = server.status(formerly)
        first.close()
        new = second.enter_context(provider(USERS, old.port))
        rotated = new.id_token(JOB)

        at_once = server.status(rotated)
        server.clock.ahead = timedelta(seconds=31)
        later = (server.status(rotated), server.status(formerly))

    assert (before, at_once, later) == (200, 401, (200, 401))


def test_an_issuer_that_is_out_of_reach_is_believed_by_its_last_keys_for_a_day(tmp_path: Path) -> None:
    with ExitStack() as first:
        issuer = first.enter_context(provider(USERS, lasting=timedelta(days=9)))
        with door(tmp_path, issuer.issuer) as server:
            token = issuer.id_token(JOB)
            server.status(token)
            first.close()

            statuses = []
            for hours in (1, 23, 25):
                server.clock.ahead = timedelta(hours=hours)
                statuses.append(server.status(token))

    assert statuses == [200, 200, 503]


def test_an_issuer_that_was_never_reached_is_named_and_asked_again_later(tmp_path: Path) -> None:
    with ExitStack() as first:
        issuer = first.enter_context(provider(USERS))
        token = issuer.id_token(JOB)
        first.close()
        with door(tmp_path, issuer.issuer) as server:
            answer = server.answer(token)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["detail"].startswith(f"The issuer {issuer.issuer} is out of reach.")
    assert answer.json()["hint"].startswith("Try again later.")


def test_a_server_with_issuers_is_not_open_though_it_has_no_tokens(tmp_path: Path, issuer: Provider) -> None:
    with door(tmp_path, issuer.issuer) as server:
        assert server.client.get("/v1/catalog").status_code == 401
