"""Files are written by one module: a second way would cut a file, or follow a link, sooner or later."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconciler

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(reconciler.__file__).parent
WRITER = "sources/atomic.py"
MAY_WRITE = {
    WRITER: "the one function",
    "cli/streams.py": "the null device, in the place of a standard output that is gone",
    "sources/commits.py": "a folder of its own, thrown away, where no link may be followed",
    "sources/second_reader.py": "a pipe to the process that it is a copy of",
    "state_folder.py": "a line that keeps the folder beside a configuration out of commits",
    "sources/private_folder.py": "an empty file that marks a folder as this program's own",
    "watch/lock.py": "an empty file to lock, which must not be replaced while it is locked",
    "live/embedded/opening.py": "the empty file of a database, which must not be replaced while it is open",
}
WRITES = {"write_text", "write_bytes", "touch", "rename", "renames", "symlink_to", "hardlink_to", "mknod"}
WRITES_OF = {
    "os": {"replace", "truncate", "link", "symlink", "mkfifo"},
    "shutil": {"copy", "copy2", "copyfile", "copyfileobj", "copytree", "move"},
    "tempfile": {"mkstemp", "NamedTemporaryFile"},
}
FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"}


def writing_calls(tree: ast.Module) -> Iterator[str]:
    """Yield each call that makes, fills or replaces a file."""
    for node in ast.walk(tree):
        if _writes(node) if isinstance(node, ast.Call) else _name(node) in FLAGS:
            yield ast.unparse(node)


def _writes(call: ast.Call) -> bool:
    name = _name(call.func)
    owner = _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if name in WRITES | WRITES_OF.get(owner, {"NamedTemporaryFile"}):
        return True
    if name in {"open", "fdopen"}:
        return any(_is_mode_to_write(each) for each in (*call.args, *(word.value for word in call.keywords)))
    # Of strings it takes two arguments, of instants and values keywords: with one alone it is a path's.
    return name == "replace" and len(call.args) == 1 and not call.keywords


def _is_mode_to_write(argument: ast.expr) -> bool:
    return (
        isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and set(argument.value) <= set("rwxabt+")
        and bool(set(argument.value) & set("wxa+"))
    )


def _name(node: ast.AST) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def test_only_one_module_writes_files() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): list(writing_calls(ast.parse(path.read_text(encoding="utf-8"))))
        for path in ROOT.rglob("*.py")
    }

    assert {file: calls for file, calls in found.items() if calls and file not in MAY_WRITE} == {}
    assert found[WRITER]


@pytest.mark.parametrize(
    "code",
    [
        "path.write_text(text)",
        "path.open('w')",
        "path.open(mode='x+')",
        "open(path, 'ab')",
        "os.fdopen(number, 'wb')",
        "os.open(path, os.O_RDWR)",
        "os_open(path, O_CREAT)",
        "path.replace(other)",
        "os.replace(one, other)",
        "shutil.copytree(one, other)",
        "tempfile.NamedTemporaryFile()",
        "NamedTemporaryFile(delete=False)",
        "path.symlink_to(other)",
    ],
)
def test_a_call_that_writes_is_seen(code: str) -> None:
    assert list(writing_calls(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "text.replace('a', 'b')",
        "at.replace(day=1)",
        "replace(client, users=users)",
        "path.open('rb')",
        "path.open()",
        "open(path, encoding='utf-8')",
        "os.open(path, os.O_RDONLY)",
    ],
)
def test_a_call_that_only_reads_is_none(code: str) -> None:
    assert not list(writing_calls(ast.parse(code)))
