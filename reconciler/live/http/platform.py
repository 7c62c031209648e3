"""The whole port over requests. Every write goes under a key, so that sending it twice does it once.

A write happens when the server says: the instant that the port is told is not sent.
"""

from __future__ import annotations

import json
from array import array
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Final

from msgspec.structs import asdict, replace

from reconciler.errors import InvalidError, WrongUsageError
from reconciler.live.http.messages import Limits, Request, made, named, new_key, writing
from reconciler.live.http.reader import HttpReader
from reconciler.live.http.session import Session
from reconciler.live.http.transport import Transport, host_in
from reconciler.model.events import UNKNOWN
from reconciler.model.forms import CLIENT_ID, PACKAGE_KEY
from reconciler.model.settings import TRUST_OF_SYSTEM, Trust
from reconciler.wire import paths
from reconciler.wire.changesets import ChangeSetBody, RunReply
from reconciler.wire.clients import (
    AdjustBody,
    AdjustedReply,
    AssignBody,
    AssignmentReply,
    ClientLineBody,
    ClientReply,
    ClientUpdateBody,
    ForgottenReply,
    ImportReply,
    UsageBody,
    UsageReply,
    UsersBody,
)
from reconciler.wire.packages import DefinitionBody, PackageBody, PackageReply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from reconciler.model.changesets import ChangeSet, Run
    from reconciler.model.clients import Client, ClientLine, ClientUpdate, Forgotten, ImportReport
    from reconciler.model.events import Author
    from reconciler.model.grants import Adjustment
    from reconciler.model.hosts import Host
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.prospects import Adjusted, Assignment
    from reconciler.model.settings import Bound
    from reconciler.wire.fields import Body

_IN_MEMORY: Final = 2**20
_WHATEVER_IS_THERE: Final = {"If-Match": "*"}
_DRY_RUN: Final[Mapping[str, Any]] = {"headers": _WHATEVER_IS_THERE, "query": {"dry_run": "true"}}
_STATED: Final = ("name", "owner_email", "status", "package", "users", "usage")


class HttpPlatform(HttpReader):
    """Implements `Platform`."""

    def apply(self, change_set: ChangeSet) -> Run:
        """See `Platform`; the plan's hash is the key."""
        request = writing(
            "POST",
            paths.CHANGE_SETS,
            made(ChangeSetBody.of, change_set),
            what="the apply",
            key=change_set.plan_hash,
            recovery="`history` says whether it was; the same plan is applied at most once.",
            is_long=True,
        )
        return self.agreed.call(request, RunReply).value()

    def import_clients(
        self,
        lines: Iterable[ClientLine],
        at: datetime,
        *,
        assign: Bound | None = None,
        by: Author = UNKNOWN,
    ) -> ImportReport:
        """See `Platform`; the lines wait in a temporary file, so that they can be sent again."""
        del at
        numbers = array("q")
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            for line in lines:
                numbers.append(line.line)
                spool.write(_line(line))
            request = Request(
                "POST",
                paths.IMPORTS,
                {**_stated_by(by), **({} if assign is None else {"assign": str(assign)})},
                body=_file(spool),
                body_type=paths.LINES,
                key=new_key(),
                what="the import",
                recovery="Import the same file again: it is made so that this does no harm.",
                is_long=True,
            )
            try:
                return self.agreed.call(request, ImportReply).value()
            except InvalidError as error:
                raise _renumbered(error, numbers) from error

    def add_client(self, line: ClientLine, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        del at
        stated = {name: getattr(line, name) for name in (*_STATED, "id", "assigned_at", "grants")}
        body = made(ClientLineBody, **stated)
        request = writing("POST", paths.CLIENTS, body, what="adding the client", query=_stated_by(by))
        return self.agreed.call(request, ClientReply).value()

    def update_client(self, stated: ClientUpdate, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        del at
        fields = asdict(stated)
        place = _of_client(paths.CLIENT, fields.pop("id"))
        return self._changed("PATCH", place, made(ClientUpdateBody, **fields), "the change of the client", by)

    def forget_client(
        self, client_id: str, at: datetime, *, replaced_by: str | None = None, by: Author = UNKNOWN
    ) -> Forgotten:
        """See `Platform`."""
        del at
        place = _of_client(paths.CLIENT, client_id)
        query = _stated_by(by) | ({} if replaced_by is None else {"replaced_by": replaced_by})
        request = writing("DELETE", place, None, "the forgetting", query=query)
        return self.agreed.call(request, ForgottenReply).forgotten

    def assign(self, client_id: str, package: str, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        del at
        place = _of_client(paths.SUBSCRIPTION, client_id)
        return self._changed("PUT", place, made(AssignBody, package=package), "the assignment", by)

    def foresee(self, client_id: str, package: str, at: datetime) -> Assignment:
        """See `Platform`."""
        del at
        body = made(AssignBody, package=package)
        place = _of_client(paths.SUBSCRIPTION, client_id)
        request = writing("PUT", place, body, "the look at the assignment", **_DRY_RUN)
        return self.agreed.call(request, AssignmentReply).value()

    def adjust(self, client_id: str, adjustment: Adjustment, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        del at
        body = made(AdjustBody, adjustment=adjustment)
        place = _of_client(paths.ADJUSTMENTS, client_id)
        return self._changed("POST", place, body, "the adjustment", by)

    def foresee_adjustment(self, client_id: str, adjustment: Adjustment, at: datetime) -> Adjusted:
        """See `Platform`."""
        del at
        body = made(AdjustBody, adjustment=adjustment)
        place = _of_client(paths.ADJUSTMENTS, client_id)
        request = writing("POST", place, body, "the look at the adjustment", **_DRY_RUN)
        return self.agreed.call(request, AdjustedReply).value()

    def record_usage(self, client_id: str, meter: str, amount: int, at: datetime) -> int:
        """See `Platform`."""
        del at
        body = made(UsageBody, meter=meter, amount=amount)
        place = _of_client(paths.USAGE, client_id)
        return self.agreed.call(writing("POST", place, body, what="the record of usage"), UsageReply).total

    def set_users(self, client_id: str, users: int, at: datetime) -> Client:
        """See `Platform`."""
        del at
        body = made(UsersBody, users=users)
        return self._changed("PUT", _of_client(paths.USERS, client_id), body, "the change of users")

    def edit_package(
        self,
        key: str,
        definition: Definition,
        at: datetime,
        *,
        archived: bool = False,
        by: Author = UNKNOWN,
    ) -> PackageHead:
        """See `Platform`."""
        del at
        place = paths.PACKAGE.format(key=named(PACKAGE_KEY, key))
        body = made(PackageBody, definition=made(DefinitionBody.of, definition), archived=archived)

        def edited(condition: Mapping[str, str]) -> PackageHead:
            more = {"headers": condition, "query": _stated_by(by)}
            request = writing("PUT", place, body, "the edit", **more)
            return self.agreed.call(request, PackageReply).head.value()

        try:
            return edited(_WHATEVER_IS_THERE)
        except WrongUsageError:
            return edited({"If-None-Match": "*"})

    def start_cycle(self, client_id: str, at: datetime) -> Client:
        """See `Platform`."""
        del at
        return self._changed("POST", _of_client(paths.CYCLE, client_id), None, "the new cycle")

    def _changed(self, method: str, place: str, body: Body | None, what: str, by: Author = UNKNOWN) -> Client:
        request = writing(method, place, body, what, headers=_WHATEVER_IS_THERE, query=_stated_by(by))
        return self.agreed.call(request, ClientReply).value()


def _of_client(path: str, client_id: str) -> str:
    return path.format(client_id=named(CLIENT_ID, client_id))


def _stated_by(by: Author) -> dict[str, str]:
    """Return who says that they write, and why; the server records its token's name before that."""
    if by is UNKNOWN:
        return {}
    return {"actor": by.name, **({"reason": by.reason} if by.reason else {})}


def _line(line: ClientLine) -> bytes:
    document = {"id": line.id}
    document |= {name: getattr(line, name) for name in _STATED if getattr(line, name) is not None}
    if line.assigned_at is not None:
        document["assigned_at"] = line.assigned_at.isoformat()
    if line.grants:
        stated = made(ClientLineBody, id=line.id, grants=line.grants)
        document["grants"] = stated.model_dump(mode="json", include={"grants"})["grants"]
    return json.dumps(document).encode() + b"\n"


def _file(spool: SpooledTemporaryFile[bytes]) -> IO[bytes]:
    return spool


def _renumbered(error: InvalidError, numbers: array[int]) -> InvalidError:
    """Name the lines by their numbers in what they came from."""
    findings = tuple(
        replace(each, position=replace(each.position, line=_number(each.position.line, numbers)))
        for each in error.findings
    )
    return InvalidError(error.message, hint=error.hint, findings=findings)


def _number(sent: int, numbers: array[int]) -> int:
    return numbers[sent - 1] if 0 < sent <= len(numbers) else sent


@contextmanager
def open_http(
    url: str, *, token: str | None, limits: Limits | None = None, trust: Trust = TRUST_OF_SYSTEM
) -> Iterator[HttpPlatform]:
    """Open the platform at an address, and close the connections at the end of the block.

    Raises `InvalidError` for an address that cannot be one, or that would send a token unencrypted.
    """
    host = host_of(url)
    if token is not None and url.startswith("http:") and not host.is_here:
        raise InvalidError(
            f"a token is not sent to {host} unencrypted", hint="Write https:// instead of http://."
        )
    transport = Transport(url, token, trust)
    try:
        yield HttpPlatform(Session(url, transport, limits or Limits()))
    finally:
        transport.close()


def host_of(url: str) -> Host:
    """Return the host that a token is sent to; raises `InvalidError` for an address that cannot be one."""
    host = host_in(url)
    if host is None:
        raise InvalidError(
            "the platform's address is none",
            hint="Write https:// with a host, and a port where it needs one.",
        )
    return host
