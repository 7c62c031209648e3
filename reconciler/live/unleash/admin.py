"""Unleash's admin API, as far as it is needed: what it has, and one call per change."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import UnreachableError
from reconciler.live.http.messages import LostError, Request, TooMuchError

if TYPE_CHECKING:
    from collections.abc import Collection

    from reconciler.live.http.transport import Transport

_SECONDS: Final = 60.0
_MOST: Final = 64 * 2**20
_REFUSED: Final = (401, 403)
_FAILED: Final = 400


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in an Unleash the packages are; `prefix` is what names of ours begin with."""

    project: str
    environment: str
    prefix: str


class Admin:
    """Calls to one Unleash. None is sent twice: what was not done is seen, and planned again."""

    def __init__(self, where: str, transport: Transport, token: str | None, spot: Spot) -> None:
        self._where = where
        self._transport = transport
        self._headers = {"Authorization": token} if token else {}
        self._flags = f"/api/admin/projects/{spot.project}/features"
        self._environment = spot.environment

    def segments(self) -> list[dict[str, Any]]:
        """Return every segment."""
        found: list[dict[str, Any]] = self._call("GET", "/api/admin/segments")["segments"]
        return found

    def export(self) -> dict[str, Any]:
        """Return every flag with its strategies in the environment."""
        asked = {"features": [], "environment": self._environment}
        found: dict[str, Any] = self._call("POST", "/api/admin/features-batch/export", asked)
        return found

    def most_clients(self) -> int:
        """Return how many values one segment may have."""
        limits = self._call("GET", "/api/admin/ui-config")["resourceLimits"]
        return int(limits["segmentValues"])

    def save_segment(self, segment: dict[str, Any]) -> dict[str, Any]:
        """Create a segment, or replace the one that has its id; return it with its id."""
        body = {name: segment[name] for name in ("name", "description", "constraints")}
        if "id" in segment:
            self._call("PUT", f"/api/admin/segments/{segment['id']}", body)
            return segment
        made: dict[str, Any] = self._call("POST", "/api/admin/segments", body)
        return made

    def create_flag(self, flag: str) -> None:
        """Create a flag, which is off everywhere."""
        self._call("POST", self._flags, {"name": flag, "type": "permission"})

    def switch_on(self, flag: str) -> None:
        """Switch a flag on in the environment."""
        self._call("POST", f"{self._in(flag)}/on")

    def save_strategy(self, flag: str, strategy: dict[str, Any], id_: str | None = None) -> None:
        """Add a strategy to a flag, or replace the one that has this id."""
        if id_ is None:
            self._call("POST", f"{self._in(flag)}/strategies", strategy)
        else:
            self._call("PUT", f"{self._in(flag)}/strategies/{id_}", strategy)

    def delete_strategy(self, flag: str, id_: str) -> None:
        """Take a strategy from a flag."""
        self._call("DELETE", f"{self._in(flag)}/strategies/{id_}")

    def _in(self, flag: str) -> str:
        return f"{self._flags}/{flag}/environments/{self._environment}"

    def _call(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = Request(method, path, body=content, headers=self._headers)
        try:
            reply = self._transport.send(request, time.monotonic() + _SECONDS, _MOST)
        except (LostError, TooMuchError) as error:
            raise UnreachableError(f"{self._where} is out of reach: {error}.", hint="Try again.") from error
        if reply.status >= _FAILED:
            raise self._failure(f"{method} {path}", reply.status, reply.body)
        return json.loads(reply.body) if reply.body else None

    def _failure(self, call: str, status: int, body: bytes) -> UnreachableError:
        if status in _REFUSED:
            return UnreachableError(
                f"{self._where} refuses the token ({status}).", hint="It needs an admin token of Unleash."
            )
        said = self._transport.hidden(body.decode(errors="replace"))[:300]
        return UnreachableError(f"{self._where} answers {call} with {status}: {said}", hint="Plan again.")


def named(found: Collection[dict[str, Any]], prefix: str) -> dict[str, dict[str, Any]]:
    """Return those whose name begins with `prefix` and a dot, by the rest of it."""
    start = f"{prefix}."
    return {each["name"][len(start) :]: each for each in found if each["name"].startswith(start)}
