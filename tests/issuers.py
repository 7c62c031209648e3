"""A real OpenID Connect provider on this machine, started by the tests, and ID tokens that it made."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AUDIENCE = "https://packages.example.com"
APPLIES = {"repository": "acme/packages", "environment": "package-apply", "ref": "refs/heads/main"}
"""Claims as GitHub states them for the job that applies."""


@dataclass(frozen=True)
class Provider:
    """A provider that listens; its address is the issuer."""

    issuer: str

    @property
    def port(self) -> int:
        return int(self.issuer.rpartition(":")[2])

    def id_token(self, subject: str, audience: str = AUDIENCE) -> str:
        """Sign somebody in, as a browser would, and return the ID token that a client is given."""
        with httpx.Client(base_url=self.issuer, trust_env=False) as client:
            asked = {
                "client_id": audience,
                "redirect_uri": "https://client.example/back",
                "response_type": "code",
                "scope": "openid",
            }
            answered = client.post("/oauth2/authorize", params=asked, data={"sub": subject})
            (code,) = parse_qs(urlsplit(answered.headers["location"]).query)["code"]
            given = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked["redirect_uri"]}
            made = client.post("/oauth2/token", data={**given, "client_id": audience, "client_secret": "any"})
            return str(made.json()["id_token"])


@contextmanager
def provider(
    claims: Mapping[str, Mapping[str, Any]], port: int = 0, lasting: timedelta = timedelta(minutes=5)
) -> Iterator[Provider]:
    """Run a provider that states these claims of its users.

    Its key is its own; on the port of an earlier one it is the same issuer with a new key.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it complains of is its own
        from oidc_provider_mock import User, run_server_in_thread  # noqa: PLC0415 - only where it is needed

        users = [User(sub=subject, claims=dict(stated)) for subject, stated in claims.items()]
        with run_server_in_thread(port, access_token_max_age=lasting, user_claims=users) as server:
            yield Provider(f"http://localhost:{server.server_port}")
