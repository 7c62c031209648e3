"""Which host a variable's secret may be sent to, as the operator says: never as a checkout does."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ENTRY: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=((?!\S*://)[^\s,]+)")
_FORM: Final = "an entry is the name of a variable and a host: PLATFORM_TOKEN=platform.example.com."


class TokenHost(NamedTuple):
    """One entry: the secret in the variable may go to the host."""

    variable: str
    host: str

    def __str__(self) -> str:
        return f"{self.variable}={self.host}"


def token_hosts(text: str) -> tuple[TokenHost, ...]:
    """Read entries, apart by commas; what is none is not quoted, since it may be the token itself."""
    entries = [_entry(piece) for piece in text.split(",") if piece.strip()]
    found = tuple(entry for entry in entries if entry is not None)
    if len(found) != len(entries):
        raise click.BadParameter(_FORM)
    return found


def remembered() -> Iterator[TokenHost]:
    """Yield what was confirmed on a terminal before; a line that is no entry says nothing."""
    with suppress(OSError, RuntimeError):
        text = _file().read_text(encoding="utf-8", errors="replace")
        yield from filter(None, map(_entry, text.split("\n")))


def remember(entries: Iterable[TokenHost]) -> Path:
    """Keep entries for later commands of this user; return the file that they stand in."""
    from reconciler.sources.atomic import write_atomically

    try:
        file = _file()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = (f"{each}\n" for each in sorted({*remembered(), *entries}))
        write_atomically(file, "".join(lines).encode(), mode=0o600)
    except (OSError, RuntimeError) as error:
        raise ReconcilerError(
            "Your settings cannot be written, so that the answer is not remembered.",
            hint="Name the host in RECONCILER_TOKEN_HOSTS instead.",
        ) from error
    return file


def _file() -> Path:
    """Return the file of this user; raises RuntimeError for one without a home."""
    stated = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    folder = stated if stated.is_absolute() else Path.home() / ".config"
    return folder / "reconciler" / "token-hosts"


def _entry(text: str) -> TokenHost | None:
    match = _ENTRY.fullmatch(text.strip())
    return TokenHost(match[1], match[2]) if match else None
