"""Where a repository's own jobs install this program from: one exact version, never a name."""

from __future__ import annotations

import re
from typing import Final

from reconciler.errors import WrongUsageError

_HOST: Final = r"[A-Za-z0-9.-]+(?::[0-9]+)?"
_PATH: Final = r"/[A-Za-z0-9._~/-]+"
_COMMIT: Final = re.compile(
    rf"git\+(?:https://{_HOST}|ssh://[A-Za-z0-9._-]+@{_HOST}){_PATH}@[0-9a-f]{{40}}(?:[0-9a-f]{{24}})?"
)
_WHEEL: Final = re.compile(rf"https://{_HOST}{_PATH}\.whl#sha256=[0-9a-f]{{64}}")
_FILE: Final = re.compile(r"(?![^/]*\.\.)[A-Za-z0-9_][A-Za-z0-9._+-]*(?:/(?!\.\.)[A-Za-z0-9._+-]+)*\.whl")
_FORMS: Final = (
    "Write git+https://HOST/PATH@COMMIT with the whole id of the commit, the path of a wheel in the "
    "repository, or the https address of a wheel with #sha256=…"
)


def pinned(source: str) -> str:
    """Return the source; raises `WrongUsageError` unless it is one exact version and nothing but that.

    A name is looked up in an index, where it may be anybody's; a branch moves; a password would be committed.
    What passes has no character that YAML or a shell would obey.
    """
    if any(form.fullmatch(source) for form in (_COMMIT, _WHEEL, _FILE)):
        return source
    raise WrongUsageError("--source names no pinned version of this program.", hint=_FORMS)
