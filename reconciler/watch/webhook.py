"""Signed notices to a webhook. A notice that does not arrive never holds the loop up for long."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from msgspec import Struct

from reconciler.errors import WrongUsageError
from reconciler.model.hosts import Host
from reconciler.model.secrets import flaw_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_SECONDS: Final = 5
_ATTEMPTS: Final = 2


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_fields: Any) -> None:
        """Follow nowhere: the body is for the address that was configured."""


class Webhook(Struct, frozen=True):
    """Where notices go.

    Attributes:
        secret: Signs each body, so that the receiver knows who sent it and that nobody changed it.
    """

    url: str
    secret: str

    def __post_init__(self) -> None:
        if not _is_address(self.url):
            raise WrongUsageError(
                "Notices go to an https:// address without user and password only.",
                hint="Give --notify-url https://….",
            )
        if not self.secret:
            raise WrongUsageError(
                "Notices are signed, and there is no secret.",
                hint="Set the variable that --notify-secret-env names.",
            )

    def send(self, document: Mapping[str, Any], at: int) -> str:
        """Send the notice, made at `at` (seconds since 1970); return why it failed, or nothing."""
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "reconciler"}
        headers["X-Reconciler-Signature"] = f"t={at},v1={signature(self.secret, at, body)}"
        problem = ""
        for _ in range(_ATTEMPTS):
            problem = self._attempt(Request(self.url, body, headers, method="POST"))  # noqa: S310 - checked above
            if not problem:
                break
        return problem

    def _attempt(self, request: Request) -> str:
        opener = build_opener(_NoRedirects, ProxyHandler())
        try:
            with opener.open(request, timeout=_SECONDS):
                return ""
        except HTTPError as error:
            return f"it answers {error.code}"
        except URLError as error:
            return str(error.reason)
        except (OSError, HTTPException, UnicodeError) as error:  # whose texts quote addresses and answers
            return type(error).__name__


def _is_address(url: str) -> bool:
    """Whether notices can go there: encrypted, or not further than this machine."""
    try:
        parts = urlsplit(url)
        host = Host.of(parts.hostname or "", parts.port, 0)
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host.is_here)
    return is_safe and bool(host.name) and "@" not in parts.netloc and not flaw_of(url, "token")


def signature(secret: str, at: int, body: bytes) -> str:
    """Return the hex HMAC-SHA256 of `at`, a dot and the body: what a receiver computes to compare."""
    return hmac.new(secret.encode(), b"%d." % at + body, sha256).hexdigest()
