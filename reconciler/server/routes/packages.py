"""Packages and their revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from reconciler.errors import WrongUsageError
from reconciler.model.packages import RevisionRef
from reconciler.model.tokens import Scope
from reconciler.server.auth import Call, Gated, Needs
from reconciler.server.etags import IfNoneMatch, MaybeIfMatch, require_match, shown
from reconciler.server.idempotency import IdempotencyKey, Write, asked
from reconciler.server.pagination import page_of
from reconciler.server.parameters import By, Key, NewKey, Number
from reconciler.server.problems import Refusal
from reconciler.wire import paths
from reconciler.wire.packages import (
    DefinedReply,
    DefinitionBody,
    DefinitionsReply,
    HeadReply,
    PackageBody,
    PackageReply,
    PackagesReply,
    RefsBody,
)

if TYPE_CHECKING:
    from reconciler.live.port import Platform

router = APIRouter(tags=["packages"], route_class=Gated)
_Reader = Annotated[Call, Depends(Needs(Scope.READ))]
_Editor = Annotated[Call, Depends(Needs(Scope.PACKAGES))]
_Cursor = Annotated[str | None, Query(max_length=1_000, description="`next` of the page before.")]
_Limit = Annotated[int, Query(ge=1, le=10_000)]


@router.get(paths.PACKAGES, response_model=PackagesReply)
def packages(call: _Reader, cursor: _Cursor = None, limit: _Limit = 1_000) -> Response:
    """List the packages by key, a page at a time; 409 where they change between two pages."""
    heads = call.platform.packages()
    page, following = page_of(heads, cursor, min(limit, call.bounds.page))
    items = tuple(map(HeadReply.model_validate, page))
    return shown(PackagesReply(items=items, total=len(heads), next=following))


@router.get(paths.PACKAGE, response_model=PackageReply)
def package(call: _Reader, key: Key, if_none_match: IfNoneMatch = None) -> Response:
    """Return a package with its current definition."""
    return shown(_package(call.platform, key), if_none_match)


@router.get(paths.REVISION, response_model=DefinitionBody)
def revision(call: _Reader, key: Key, number: Number, if_none_match: IfNoneMatch = None) -> Response:
    """Return one revision's definition, which never changes."""
    ref = RevisionRef(key, number)
    found = call.platform.definitions([ref])
    if ref not in found:
        raise WrongUsageError(f"There is no revision {number} of a package {key!r}.")
    return shown(DefinitionBody.of(found[ref]), if_none_match)


@router.put(paths.PACKAGE, response_model=PackageReply)
def edit_package(  # noqa: PLR0913, PLR0917 - path, headers and body are parameters each
    request: Request,
    call: _Editor,
    key: NewKey,
    body: PackageBody,
    idempotency_key: IdempotencyKey,
    by: By,
    if_match: MaybeIfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Write a package by hand: `If-None-Match: *` for a new one, else `If-Match`."""
    if if_match is None and if_none_match is None:
        raise Refusal.unconditional()

    def effect() -> PackageReply:
        if if_none_match is not None:
            _require_absent(call.platform, key)
        if if_match is not None:
            require_match(if_match, _package(call.platform, key))
        definition = body.definition.value()
        author = call.writer(by)
        call.platform.edit_package(key, definition, call.now, archived=body.archived, by=author)
        return _package(call.platform, key)

    text = asked(request, if_match or "", if_none_match or "", body.model_dump_json())
    return Write(call, idempotency_key, text).done(effect)


@router.post(paths.DEFINITIONS, response_model=DefinitionsReply)
def definitions(call: _Reader, body: RefsBody) -> Response:
    """Return the definitions of the revisions that exist among those asked for."""
    found = call.platform.definitions({ref.value() for ref in body.wanted})
    items = (
        DefinedReply(key=ref.key, revision=ref.revision, definition=DefinitionBody.of(definition))
        for ref, definition in sorted(found.items())
    )
    return shown(DefinitionsReply(items=tuple(items)))


def _package(platform: Platform, key: str) -> PackageReply:
    head = platform.package(key)
    if head is None:
        raise WrongUsageError(f"There is no package {key!r}.", hint=f"{paths.PACKAGES} lists them.")
    ref = RevisionRef(key, head.revision)
    definition = DefinitionBody.of(platform.definitions([ref])[ref])
    return PackageReply(head=HeadReply.model_validate(head), definition=definition)


def _require_absent(platform: Platform, key: str) -> None:
    if platform.package(key) is not None:
        raise Refusal("precondition-failed", f"There is a package {key!r} already.", hint="Send If-Match.")
