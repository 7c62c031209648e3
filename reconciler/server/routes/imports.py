"""Importing clients: one body of newline-delimited JSON, or of JSON, all of it or nothing."""

from __future__ import annotations

import hashlib
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, JsonValue, ValidationError
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reconciler.errors import InvalidError
from reconciler.model.english import agreed, counted
from reconciler.model.fields import Items
from reconciler.model.findings import Finding, Position
from reconciler.model.packages import bound_of
from reconciler.model.tokens import Scope
from reconciler.server.auth import Call, Gated, Needs
from reconciler.server.idempotency import IdempotencyKey, Write, asked
from reconciler.server.parameters import By
from reconciler.server.problems import SHOWN, Refusal, brief
from reconciler.wire import paths
from reconciler.wire.clients import ClientLineBody, ImportReply
from reconciler.wire.fields import Body, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reconciler.model.clients import ClientLine

router = APIRouter(tags=["clients"], route_class=Gated)
_A_BOUND: Final = r"^(unlimited|([1-9][0-9]?|100)%|0|[1-9][0-9]{0,14})$"
_Adder = Annotated[Call, Depends(Needs(Scope.CLIENTS))]
_Assign = Annotated[
    Annotated[str, Field(pattern=_A_BOUND)] | None,
    Query(
        description="Of the clients who get another package or start, at most so many may lose something: "
        "a number, a share such as `5%`, or `unlimited`."
    ),
]
_IN_MEMORY: Final = 2**20
_LONGEST_LINE: Final = 2**20
_LARGEST_DOCUMENT: Final = 16 * 2**20
_AS_LINES: Final = f"What is more is sent as {paths.LINES}, one client per line."
_NO_DOCUMENT: Final = 'The document is no object with a list "clients" of 10,000 at most.'
_MOST: Final = 10_000
_LINE: Final = {"$ref": "#/components/schemas/ClientLineBody"}
_CLIENTS: Final = {"type": "array", "maxItems": _MOST, "items": _LINE}
_OBJECT: Final = {
    "title": "ImportBody",
    "type": "object",
    "required": ["clients"],
    "properties": {"clients": _CLIENTS},
}
_CONTENT: Final = {paths.JSON: {"schema": _OBJECT}, paths.LINES: {"schema": {"type": "string"}}}
_BODY: Final = {"requestBody": {"required": True, "content": _CONTENT}}


class _Document(Body):
    clients: Annotated[tuple[JsonValue, ...], Items(_MOST)]


@router.post(paths.IMPORTS, response_model=ImportReply, openapi_extra=_BODY)
async def import_clients(
    request: Request, call: _Adder, idempotency_key: IdempotencyKey, by: By, assign: _Assign = None
) -> Response:
    """Add or update clients, a JSON object per line, or as one JSON document; nothing where one line is bad.

    Clients who exist get another package or start only with `assign`, which needs the scope `subscriptions`
    too; without it the refusal says whom that would move, and what it would take. So do lines that grant
    something.
    """
    bound = None if assign is None else bound_of(int(assign) if assign.isdecimal() else assign)
    if bound is not None:
        call.require(Scope.SUBSCRIPTIONS)
    read = _READ.get(request.headers.get("content-type", "").partition(";")[0].strip())
    if read is None:
        raise Refusal("unsupported-media-type", f"An import is {paths.LINES} or {paths.JSON}.")
    digest = hashlib.sha256()
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        async for piece in request.stream():
            digest.update(piece)
            await run_in_threadpool(spool.write, piece)
        write = Write(call, idempotency_key, asked(request, digest.hexdigest()))

        def effect() -> ImportReply:
            lines, author = _granting(_lines(read(spool)), call), call.writer(by)
            report = call.platform.import_clients(lines, call.now, assign=bound, by=author)
            return ImportReply.model_validate(report)

        return await run_in_threadpool(write.done_at_length, effect)


def _granting(lines: Iterable[ClientLine], call: Call) -> Iterator[ClientLine]:
    """Give the lines; refuse one that grants something from a caller who may not."""
    for line in lines:
        if line.grants:
            call.require(Scope.SUBSCRIPTIONS)
        yield line


def _stream(spool: IO[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    return iter(lambda: spool.readline(_LONGEST_LINE), b"")


def _document(spool: IO[bytes]) -> Iterator[bytes]:
    """Give what would be the lines of a document, which is held in memory."""
    if spool.tell() > _LARGEST_DOCUMENT:
        raise Refusal("too-large", f"A document has {_LARGEST_DOCUMENT:,} bytes at most.", hint=_AS_LINES)
    spool.seek(0)
    try:
        found = _Document.model_validate_json(spool.read())
    except ValidationError:
        raise Refusal("invalid", _NO_DOCUMENT, hint=_AS_LINES) from None
    return (to_json(each) for each in found.clients)


_READ: Final[Mapping[str | None, Callable[[IO[bytes]], Iterator[bytes]]]] = {
    paths.LINES: _stream,
    paths.JSON: _document,
}


def _lines(source: Iterable[bytes]) -> Iterator[ClientLine]:
    """Give the good lines; raise `InvalidError` at the end where there were others."""
    findings: list[Finding] = []
    bad = 0
    number = 0
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            yield ClientLineBody.model_validate_json(line).value(number)
        except ValidationError as error:
            bad += 1
            if bad <= SHOWN:
                findings.append(_finding(number, error))
    if bad:
        raise InvalidError(
            f"{bad:,} of {counted(number, 'line')} {agreed(bad, 'is', 'are')} bad; nothing was imported.",
            findings=tuple(findings),
        )


def _finding(number: int, error: ValidationError) -> Finding:
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    pointer = "".join(f"/{step}" for step in fault["loc"])
    said = sentence(fault["msg"])
    message = f"{pointer}: {said}" if pointer and fault["type"] != "value_error" else said
    return Finding("import", Position(number), "bad-client-line", brief(message))
