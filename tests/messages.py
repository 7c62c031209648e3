"""Every message that an error or a finding can have: `python -m tests.messages` lists them for reading.

One of which no test, golden or case folder has any three words in a row is marked with a `?`.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
_KINDS: Final = re.compile(r"(?:[A-Z]\w*Error|Finding|Problem|Fault|fault|problem|Abort|BadParameter)\Z")
_WORDS: Final = 3
_TOLD: Final = {".py", ".txt", ".md", ".json", ".xml"}


class Message(NamedTuple):
    """A text with `{…}` where values stand, and where it is made."""

    place: str
    kind: str
    text: str

    @property
    def is_told(self) -> bool:
        """Whether tests have some words of it in a row; or it has too few to tell."""
        pieces = [_words(piece) for piece in re.split(r"\{…\}", self.text)]
        runs = [" ".join(piece[n : n + _WORDS]) for piece in pieces for n in range(len(piece) - _WORDS + 1)]
        return not runs or any(run in _tests() for run in runs)


def messages() -> Iterator[Message]:
    """Yield them by file and line."""
    for path in sorted((ROOT / "reconciler").rglob("*.py")):
        if "conformance" in path.parts or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _KINDS.search(_name(node.func)):
                for value in (*node.args, *(each.value for each in node.keywords)):
                    text = _text(value)
                    if " " in text.replace("{…}", ""):
                        place = f"{path.relative_to(ROOT)}:{node.lineno}"
                        yield Message(place, _name(node.func), text)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(str(value)):
            return value
        case ast.JoinedStr(values):
            return "".join(_text(each) if isinstance(each, ast.Constant) else "{…}" for each in values)
        case _:
            return ""


@cache
def _tests() -> str:
    """All that tests hold, and pages whose consoles they run, on one line."""
    files = [*(ROOT / "tests").rglob("*"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    files += (ROOT / "reconciler" / "conformance").glob("*.py")
    read = (each for each in files if each.suffix in _TOLD and each != Path(__file__))
    texts = [each.read_text(encoding="utf-8", errors="replace") for each in read]
    return " ".join(_words(" ".join(texts).replace("\\n", " ").replace("\\", "")))


def _words(text: str) -> list[str]:
    """Return them as they sound: marks and quotes are set otherwise where a text is tested."""
    return re.findall(r"[\w-]+", text.lower())


def untold() -> set[str]:
    """Return what no test has any words of."""
    return {message.text for message in messages() if not message.is_told}


def main() -> None:
    found = sorted(set(messages()))
    for message in found:
        mark = " " if message.is_told else "?"
        print(f"{mark} {message.place} {message.kind}: {message.text}")  # noqa: T201 - for reading
    told = sum(message.is_told for message in found)
    print(f"{len(found)} messages, {told} of them in a test.")  # noqa: T201 - the same


if __name__ == "__main__":
    main()
