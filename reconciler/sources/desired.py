"""From a schema-valid package document to the package that it wants."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from reconciler.model.packages import Acknowledgement, Definition, DesiredPackage, Pace, Rollout, bound_of
from reconciler.model.terms import LOSS_VERBS, Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def desired_package(key: str, file: str, document: Mapping[str, Any]) -> DesiredPackage:
    """Return the package. An acknowledgement until a day that does not exist is left out: it is a finding."""
    return DesiredPackage(
        key=key,
        definition=Definition.normalised(document),
        file=file,
        states_emails="allowed_emails" in document,
        archived=document.get("archived", False),
        renamed_from=document.get("renamed_from"),
        rollout=_rollout(document["rollout"]) if "rollout" in document else _DEFAULT_ROLLOUT,
        acknowledgements=tuple(_acknowledgements(document.get("acknowledge", ()))),
    )


_DEFAULT_ROLLOUT = Rollout()


def _rollout(document: Mapping[str, Any]) -> Rollout:
    existing_clients = document.get("existing_clients", "keep")
    every = document.get("every", "1 day" if "per_run" in document else "0 days")
    plain = _plain_rollout(existing_clients, document.get("per_run"), every, document.get("not_before"))
    return replace(plain, exclude=tuple(sorted(document["exclude"]))) if document.get("exclude") else plain


@lru_cache(maxsize=256)
def _plain_rollout(
    existing_clients: Literal["keep", "reassign"], per_run: Any, every: str, not_before: str | None
) -> Rollout:
    """Share equal values: thousands of packages have the same few policies."""
    day = None
    with suppress(ValueError):  # a day that does not exist is a finding
        day = date.fromisoformat(not_before) if not_before else None
    pace = Pace(int(every.partition(" ")[0]), day)
    return Rollout(existing_clients, bound_of(per_run), pace=pace)


def _acknowledgements(entries: list[Mapping[str, Any]]) -> Iterator[Acknowledgement]:
    for entry in entries:
        verb = next(verb for verb in LOSS_VERBS if verb in entry)
        with suppress(ValueError):
            until = date.fromisoformat(entry["until"])
            yield Acknowledgement(
                verb, Term.named(entry[verb]), entry["clients"], entry["reason"].strip(), until
            )
