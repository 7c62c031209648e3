"""The keys that an OpenID Connect issuer signs with: fetched when they are needed, kept, and fetched anew."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from reconciler.errors import UnreachableError
from reconciler.live.http import host_of
from reconciler.live.http.documents import document_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures of a key pair alone: with a shared secret, whoever knows the public key could sign."""

_FRESH: Final = timedelta(minutes=10)
"""Younger keys are not asked for again, unless none of them signed a token."""

_KEPT: Final = timedelta(days=1)
"""An issuer that is out of reach is believed by the keys that it had, for so long."""

_PAUSE: Final = timedelta(seconds=30)
"""Between two questions, whoever sends tokens that nobody signed, and however an issuer fails."""

_PATH: Final = "/.well-known/openid-configuration"


class IssuerKeys:
    """The keys of one issuer."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._keys: KeySet | None = None
        self._read_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking = threading.Lock()

    def decoded(self, text: str, now: datetime) -> Mapping[str, Any]:
        """Return the claims of a token that one of the keys signed.

        The issuer is asked anew where its keys are old, or none of them signed the token. Raises `JoseError`
        where none did, `UnreachableError` where there are no keys and the issuer cannot be asked.
        """
        if not self._is_fresh(now):
            self._ask(now)
        try:
            return self._claims(text, now)
        except (BadSignatureError, InvalidKeyIdError):
            if not self._ask(now):
                raise
            return self._claims(text, now)

    def _claims(self, text: str, now: datetime) -> Mapping[str, Any]:
        if self._keys is None or self._read_at is None or now - self._read_at >= _KEPT:
            raise UnreachableError(f"The issuer {self._issuer} is out of reach.", hint="Try again later.")
        return jwt.decode(text, self._keys, algorithms=_ALGORITHMS).claims

    def _ask(self, now: datetime) -> bool:
        """Fetch the keys, unless that was tried just now; return whether there are others now."""
        former = self._keys
        with self._asking:
            if self._asked_at is None or now - self._asked_at >= _PAUSE:
                self._asked_at = now
                with suppress(UnreachableError):  # the keys that are kept count, if any are
                    self._keys, self._read_at = self._fetched(), now
        return self._keys is not former

    def _is_fresh(self, now: datetime) -> bool:
        return self._read_at is not None and now - self._read_at < _FRESH

    def _fetched(self) -> KeySet:
        """Ask the issuer where its keys are, and for them; raises `UnreachableError`."""
        told = document_at(self._issuer.rstrip("/") + _PATH)
        place = told.get("jwks_uri")
        if told.get("issuer") != self._issuer or not isinstance(place, str) or not _is_safe(place):
            raise UnreachableError(f"{self._issuer} does not describe itself as it is configured.")
        try:
            return KeySet.import_key_set({"keys": [*document_at(place)["keys"]]})
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise UnreachableError(f"{place} has no keys that can be used.") from error


def _is_safe(place: str) -> bool:
    return place.startswith("https://") or (place.startswith("http://") and host_of(place).is_here)
