"""Plan files: canonical JSON, sealed by their own hash."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from reconciler.errors import InvalidError
from reconciler.model.packages import canonical_json
from reconciler.model.plans import FORMAT_VERSION, Plan
from reconciler.sources.atomic import write_file

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_PLAN: Final = 256 * 1024 * 1024
"""Bytes; a plan of 10,000 changed packages has about 20 MB."""

_PLAN_AGAIN: Final = "make the plan again with `reconciler plan --out FILE`"
_MOST_FAULTS: Final = 5
_FOR_FILES: Final = "`reconciler apply` without a file plans and applies all package files."


def read_plan(path: Path) -> Plan:
    """Read a plan that `write_plan` wrote.

    Raises:
        InvalidError: The file cannot be read, is no plan, is of another format, or was changed.
    """
    content = _content(path)
    try:
        plan = Plan.model_validate_json(content)
    except ValidationError as error:
        raise _explained(path, content, error) from error
    _check_version(path, plan.format_version)
    if plan.hash != plan.computed_hash():
        raise InvalidError(f"{path}: the plan was changed after it was made", hint=_PLAN_AGAIN)
    return plan


def write_plan(path: Path, plan: Plan) -> None:
    """Write a sealed plan as `write_file` does, and raise as it does; a new file is its owner's alone."""
    write_file(path, plan_bytes(plan), mode=0o600)


def plan_bytes(plan: Plan) -> bytes:
    """Return the plan file's content."""
    return f"{canonical_json(plan.as_document())}\n".encode()


def _content(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InvalidError(f"{path}: this is not a regular file", hint=_PLAN_AGAIN)
            content = stream.read(LARGEST_PLAN + 1)
    except OSError as error:
        raise InvalidError(f"{path}: cannot be read: {error.strerror}", hint=_PLAN_AGAIN) from error
    if len(content) > LARGEST_PLAN:
        raise InvalidError(f"{path}: more than {LARGEST_PLAN // 2**20} MiB are no plan", hint=_PLAN_AGAIN)
    return content


def _explained(path: Path, content: bytes, error: ValidationError) -> InvalidError:
    try:
        document: Any = from_json(content)
    except ValueError as fault:
        if path.suffix in {".yaml", ".yml"}:
            said = f"{path} is no plan: plans are JSON, which `plan --out` writes"
            return InvalidError(said, hint=_FOR_FILES)
        return InvalidError(f"{path}: not JSON: {fault}", hint=_PLAN_AGAIN)
    if isinstance(document, dict) and isinstance(version := document.get("format_version"), str):
        try:
            _check_version(path, version)
        except InvalidError as other:
            return other
    faults = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_FAULTS]
    places = "; ".join(
        f"{'/'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in faults
    )
    return InvalidError(f"{path}: not a plan: {places[:1000]}", hint=_PLAN_AGAIN)


def _check_version(path: Path, version: str) -> None:
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise InvalidError(
            f"{path}: the plan has format {version[:20]!r}, and this program reads {FORMAT_VERSION}",
            hint="use the program that made it, or " + _PLAN_AGAIN,
        )
