"""ID tokens: who an OpenID Connect issuer that the operator named says that the sender is."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError

from reconciler.model.forms import ACTOR
from reconciler.model.tokens import Token
from reconciler.server.keys import IssuerKeys
from reconciler.server.problems import Refusal, brief

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.settings import Grant, Issuer

OF_ISSUERS: Final = "oidc-"
"""Begins the ids that stand for subjects of issuers; those of tokens are hexadecimal."""

_LEEWAY_SECONDS: Final = 60
_LONGEST: Final = 16_384
_PARTS: Final = 3
_HINT: Final = "Ask the issuer for an ID token that is made for this server."


def is_id_token(text: str) -> bool:
    """Whether a bearer's text can be an ID token, and no token of our own."""
    return text.count(".") == _PARTS - 1 and len(text) <= _LONGEST


class Identities:
    """The issuers whose ID tokens are taken."""

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        self._known = {each.issuer: (each, IssuerKeys(each.issuer)) for each in issuers}

    def bearer(self, text: str, now: datetime) -> Token:
        """Return what an ID token stands for, as a token of our own would.

        Raises `Refusal` where it is not valid, `UnreachableError` where its issuer cannot be asked for keys.
        """
        known = self._known.get(_stated_issuer(text))
        if known is None:
            raise _refused("is of no issuer that this server knows")
        issuer, keys = known
        try:
            claims = keys.decoded(text, now)
            _registry(issuer, now).validate({**claims})
        except (JoseError, ValueError) as error:
            raise _refused(brief(f"does not count: {error}")) from error
        return _token(issuer, claims)


def _registry(issuer: Issuer, now: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=_LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer.issuer},
        aud={"essential": True, "value": issuer.audience},
        sub={"essential": True},
        exp={"essential": True},
    )


def _token(issuer: Issuer, claims: Mapping[str, Any]) -> Token:
    """Return the token; its name, which runs record, says whose word it is."""
    subject, host = claims["sub"], urlsplit(issuer.issuer).netloc
    name = f"{subject} ({host})"
    if fault := ACTOR.fault(name):
        raise _refused(f"names nobody who could be recorded: {fault}")
    granted = {scope for grant in issuer.grants if _fits(grant, claims) for scope in grant.scopes}
    if not granted:
        raise Refusal(
            "forbidden",
            f"{host} vouches for the sender, to whom nothing is granted: {_shown(issuer, claims)}.",
            hint="Compare this with the `grants` in the server's configuration.",
        )
    digest = sha256(f"{issuer.issuer}\n{subject}".encode()).hexdigest()[:16]
    until = datetime.fromtimestamp(claims["exp"] + _LEEWAY_SECONDS, UTC)
    return Token(f"{OF_ISSUERS}{digest}", name, tuple(sorted(granted)), datetime.fromtimestamp(0, UTC), until)


def _fits(grant: Grant, claims: Mapping[str, Any]) -> bool:
    """Whether of each claim one of the values is stated; a claim may be a list, as of groups."""
    return all(_values(claims.get(name)) & set(wanted) for name, wanted in grant.claims.items())


def _values(stated: object) -> set[str]:
    return {each for each in (stated if isinstance(stated, list) else [stated]) if isinstance(each, str)}


def _shown(issuer: Issuer, claims: Mapping[str, Any]) -> str:
    """Say what the claims are that grants ask for."""
    names = sorted({name for grant in issuer.grants for name in grant.claims})
    stated = {name: " and ".join(sorted(_values(claims.get(name)))) or "nothing" for name in names}
    return brief(", ".join(f"{name} is {values}" for name, values in stated.items()))


def _stated_issuer(text: str) -> str:
    """Return whose the token says that it is, which decides nothing but by whose keys it is checked."""
    try:
        said = json.loads(urlsafe_b64decode(text.split(".")[1] + "=="))
    except (ValueError, RecursionError):
        raise _refused("cannot be read") from None
    return str(said.get("iss")) if isinstance(said, dict) else ""


def _refused(why: str) -> Refusal:
    return Refusal("unauthorised", f"The ID token {why}.", hint=_HINT)
