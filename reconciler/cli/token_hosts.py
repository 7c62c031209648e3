"""Which host a variable's secret may be sent to, as the operator says: never as a checkout does."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from reconciler.errors import InvalidError, ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ENTRY: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|/[^\s,=]+)=((?!\S*://)[^\s,]+)")
_FORM: Final = "an entry is the name of a variable and a host: PLATFORM_TOKEN=platform.example.com."


class TokenHost(NamedTuple):
    """One entry: the secret in the variable, or in the file of this whole path, may go to the host."""

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


def remembered(root: Path) -> Iterator[TokenHost]:
    """Yield what was confirmed on a terminal before; a line that is no entry says nothing.

    `root` is the folder of the configuration: what lies in its checkout was never confirmed.
    """
    with suppress(OSError, RuntimeError):
        text = _file(root).read_text(encoding="utf-8", errors="replace")
        yield from filter(None, map(_entry, text.split("\n")))


def remember(entries: Iterable[TokenHost], root: Path) -> Path:
    """Keep entries for later commands of this user; return the file that they stand in.

    Raises `ReconcilerError` where they cannot be kept, which says why and what to set instead.
    """
    from reconciler.sources.atomic import make_folder, write_file

    kept = sorted({*remembered(root), *entries})
    try:
        file = _file(root)
        make_folder(file.parent)
        write_file(file, "".join(f"{each}\n" for each in kept).encode(), mode=0o600)
    except (InvalidError, RuntimeError) as error:
        raise ReconcilerError(
            f"The answer cannot be remembered: {error}", hint=f"Set {setting(kept)} instead."
        ) from error
    return file


def setting(entries: Iterable[TokenHost]) -> str:
    """Return what a shell takes to say the same for one command or many."""
    return "RECONCILER_TOKEN_HOSTS=" + quote(",".join(map(str, entries)))


def _file(root: Path) -> Path:
    """Return the file of this user; raises RuntimeError where there is none that no commit decides."""
    from reconciler.sources.checkouts import decided_by_commits

    stated = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    folder = stated if stated.is_absolute() else Path.home() / ".config"
    file = folder / "reconciler" / "token-hosts"
    if decided_by_commits(file, root):
        raise RuntimeError(f"{file} lies in the working copy, whose commits could change it.")
    return file


def _entry(text: str) -> TokenHost | None:
    match = _ENTRY.fullmatch(text.strip())
    return TokenHost(match[1], match[2]) if match else None
