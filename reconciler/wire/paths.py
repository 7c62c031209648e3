"""Paths, headers and media types. Every path but those for probes stands below the API's version."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

API: Final = "/v1"

PLATFORM: Final = f"{API}/platform"
STATE: Final = f"{API}/state"
CATALOG: Final = f"{API}/catalog"
GUARDS: Final = f"{API}/guards"
PARKED: Final = f"{API}/parked"
PACKAGES: Final = f"{API}/packages"
PACKAGE: Final = f"{PACKAGES}/{{key}}"
PACKAGE_HISTORY: Final = f"{PACKAGE}/history"
CONSUMPTION: Final = f"{PACKAGE}/consumption/{{meter}}"
REVISION: Final = f"{PACKAGE}/revisions/{{number}}"
DEFINITIONS: Final = f"{API}/definitions"
HOLDINGS: Final = f"{API}/holdings"
SUSPENDED: Final = f"{API}/suspended"
GRANTED: Final = f"{API}/granted"
OUTDATED: Final = f"{API}/outdated"
ACKNOWLEDGEMENTS: Final = f"{API}/acknowledgements"
LOSSES: Final = f"{API}/losses"
HOLDERS: Final = f"{API}/holders"
ANSWERS: Final = f"{API}/answers"
MATCHING: Final = f"{API}/matching"
NTH_MATCHING: Final = f"{API}/matching/nth"
TOGETHER: Final = f"{API}/together"
CLIENTS: Final = f"{API}/clients"
EXPIRING: Final = f"{API}/expiring"
IMPORTS: Final = f"{API}/imports"
CLIENT: Final = f"{CLIENTS}/{{client_id}}"
SNAPSHOT: Final = f"{CLIENT}/snapshot"
CLIENT_HISTORY: Final = f"{CLIENT}/history"
ENTITLEMENTS: Final = f"{CLIENT}/entitlements"
SUBSCRIPTION: Final = f"{CLIENT}/subscription"
ADJUSTMENTS: Final = f"{CLIENT}/adjustments"
USERS: Final = f"{CLIENT}/users"
USAGE: Final = f"{CLIENT}/usage"
CYCLE: Final = f"{CLIENT}/cycle"
CHANGE_SETS: Final = f"{API}/change-sets"
RUNS: Final = f"{API}/runs"
RUN: Final = f"{RUNS}/{{run_id}}"
MOVED: Final = f"{RUN}/moved"
EVENTS: Final = f"{API}/events"
TRANSFERS: Final = f"{API}/transfers"

HEALTH: Final = "/healthz"
READY: Final = "/readyz"
METRICS: Final = "/metrics"

JSON: Final = "application/json"
LINES: Final = "application/x-ndjson"
PROBLEM: Final = "application/problem+json"

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
REQUEST_ID: Final = "X-Request-Id"
"""Names a request in logs: the sender\'s, or one that the server makes."""
VERSION: Final = "Reconciler-Version"

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\Z")
_MARK: Final = "~"


def segment(identifier: str) -> str:
    """Return the one path segment that stands for an id, whatever is in it.

    Letters, digits, `_`, `-` and inner `.` stand for themselves; any other id is `~` and its UTF-8 in
    base64url without padding, so that no proxy takes a slash or a dot in it for a step of the path.
    """
    if _PLAIN.match(identifier):
        return identifier
    encoded = base64.urlsafe_b64encode(identifier.encode("utf-8", "surrogatepass"))
    return _MARK + encoded.decode("ascii").rstrip("=")


def identifier(segment: str) -> str:
    """Return the id that a path segment stands for; raises ValueError where it stands for none."""
    if not segment.startswith(_MARK):
        return segment
    encoded = segment[1:]
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"not a path segment: {segment!r}") from error
