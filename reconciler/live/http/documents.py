"""One JSON document at an address that an operator named: bounded in time and size, no redirect followed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from reconciler.errors import UnreachableError
from reconciler.live.http.messages import LostError, Request, TooMuchError
from reconciler.live.http.transport import Transport

_SECONDS: Final = 5
_MOST_BYTES: Final = 2**20
_OK: Final = 200


def document_at(url: str) -> Mapping[str, Any]:
    """Return the JSON object at an address; raises `UnreachableError` where there is none."""
    parts = urlsplit(url)
    transport = Transport(f"{parts.scheme}://{parts.netloc}{parts.path}", None)
    request = Request("GET", "", dict(parse_qsl(parts.query)))
    try:
        reply = transport.send(request, time.monotonic() + _SECONDS, _MOST_BYTES)
        found = json.loads(reply.body) if reply.status == _OK else None
    except (LostError, TooMuchError, ValueError, RecursionError) as error:
        raise UnreachableError(f"{url} cannot be read: {error}.", hint="Try again later.") from error
    finally:
        transport.close()
    if not isinstance(found, Mapping):
        raise UnreachableError(f"{url} answers {reply.status}, and no JSON object.", hint="Try again later.")
    return found
