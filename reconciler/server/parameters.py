"""What routes take from the path and the query."""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple

from fastapi import Depends, Path, Query
from pydantic import AfterValidator

from reconciler.errors import WrongUsageError
from reconciler.model.fields import Instant
from reconciler.model.forms import ACTOR, CLIENT_ID, KEY, PACKAGE_KEY, REASON, Form
from reconciler.wire.paths import identifier

_LONGEST_SEGMENT: Final = 1_100
_Actor = Annotated[
    Annotated[str, ACTOR] | None,
    Query(description="Who writes; recorded as *on behalf of* beside the name of the token."),
]
_Reason = Annotated[Annotated[str, REASON] | None, Query(description="Why, for the event that records it.")]
_HOW_NAMED: Final = "Write it as it is, or `~` and the base64url of its UTF-8."


def _segment(of: str) -> Any:
    return Path(
        min_length=1,
        max_length=_LONGEST_SEGMENT,
        description=f"{of}, or `~` and the base64url of its UTF-8 where it has more than letters, digits, "
        "`_`, `-` and inner dots.",
    )


def _existing(form: Form) -> Any:
    """Have what is looked for be something that there may be."""

    def named(segment: str) -> str:
        try:
            text = identifier(segment)
            fault = form.fault(text)
        except ValueError as error:
            raise WrongUsageError(f"Nothing is named {segment!r}.", hint=_HOW_NAMED) from error
        if fault:
            raise WrongUsageError(fault)
        return text

    return AfterValidator(named)


class Stated(NamedTuple):
    """Who the sender says writes, and why."""

    actor: str | None
    reason: str


async def _stated(actor: _Actor = None, reason: _Reason = None) -> Stated:
    return Stated(actor, reason or "")


By = Annotated[Stated, Depends(_stated)]
At = Annotated[
    Instant | None,
    Query(description="The instant that expiry and entitlements are seen at; now where it is left out."),
]
Since = Annotated[Instant, Query(description="The first instant that counts.")]
Until = Annotated[Instant, Query(description="The last instant that counts.")]
Key = Annotated[str, _segment("A package's key"), _existing(PACKAGE_KEY)]
NewKey = Annotated[str, PACKAGE_KEY, Path(description="A package's key.")]
Meter = Annotated[str, _segment("The key of a limit or a cap"), _existing(KEY)]
ClientId = Annotated[str, _segment("A client's id"), _existing(CLIENT_ID)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
