"""Programs that are loaded once and forked for each call, so that a script may start hundreds.

What runs is the program itself, with the arguments, folder, variables and open files of whoever called it.
"""

from __future__ import annotations

import array
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
_LONGEST: Final = 1 << 20
_LOADED: Final = (
    "reconciler.engine.apply",
    "reconciler.live.embedded.opening",
    "reconciler.render.html.plan",
    "reconciler.render.markdown.plan",
    "reconciler.render.checks.remarks",
    "reconciler.cli.commands.plan",
    "reconciler.cli.commands.apply",
)
_CALL: Final = """\
import array, json, os, socket, sys
there = socket.socket(socket.AF_UNIX)
there.connect({address!r})
told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
files = array.array("i", [0, 1, 2])
there.sendmsg([len(told).to_bytes(4, "big") + told[:1]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
there.sendall(told[1:])
os._exit(int(there.recv(8) or b"70"))
"""


@contextmanager
def preloaded(folder: Path, **programs: str) -> Iterator[None]:
    """Put programs into a folder, each by the module whose `main` it is, for as long as the block runs."""
    servers = []
    for name, module in programs.items():
        address = str(folder / f".{name}")
        (folder / name).write_text(f"#!{sys.executable} -SEI\n{_CALL.format(address=address)}")
        (folder / name).chmod(0o755)
        command = [sys.executable, "-m", "tests.preloaded", address, module]
        servers.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE))
    try:
        for server in servers:
            assert server.stdout is not None
            server.stdout.readline()
        yield
    finally:
        for server in servers:
            server.terminate()
            server.communicate()


def _serve(address: str, module: str) -> None:
    main = import_module(module).main
    if module.startswith("reconciler"):
        for each in _LOADED:
            import_module(each)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        os.write(1, b"ready\n")
        while True:
            there, _ = listening.accept()
            _answer(there, main)


def _answer(there: socket.socket, main: object) -> None:
    if os.fork():
        there.close()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        return
    begun, passed, _, _ = there.recvmsg(5, socket.CMSG_SPACE(3 * 4))
    files = array.array("i", passed[0][2])
    size, told = int.from_bytes(begun[:4], "big"), begun[4:]
    while len(told) < size:
        told += there.recv(_LONGEST)
    arguments, folder, variables = json.loads(told)
    for number, file in enumerate(files):
        os.dup2(file, number)
    sys.stdin, sys.stdout, sys.stderr = (open(n, mode, closefd=False) for n, mode in enumerate("rww"))  # noqa: SIM115 - open already
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    code = _run(main, arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    there.sendall(str(code).encode())
    os._exit(0)


def _run(main: object, arguments: list[str]) -> int:
    assert callable(main)
    try:
        return int(main(arguments) or 0)
    except SystemExit as error:
        if isinstance(error.code, str):
            sys.stderr.write(f"{error.code}\n")
            return 1
        return error.code or 0


if __name__ == "__main__":
    _serve(*sys.argv[1:])
