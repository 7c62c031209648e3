"""PgBouncer as Debian has it, in transaction mode and otherwise with its default settings."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from tests.mortal_postgres import USER

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = """
[databases]
* = host={folder} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
"""


@contextmanager
def pooler(server: str) -> Iterator[int]:
    """Give the port of a pooler before the server at this address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="reconciler-pooler-"))
    settings = folder / "pgbouncer.ini"
    settings.write_text(_SETTINGS.format(folder=make_url(server).query["host"], port=port), encoding="utf-8")
    user = USER if os.getuid() == 0 else None  # PgBouncer refuses to run as root, as PostgreSQL does
    if user is not None:
        shutil.chown(folder, user)
    process = subprocess.Popen(
        ["/usr/sbin/pgbouncer", "-q", str(settings)], user=user, cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        _await(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def pooled(address: str, port: int) -> str:
    """Give the address of a database through the pooler."""
    direct = make_url(address).difference_update_query(["host"])
    return direct.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"PgBouncer ended with {process.returncode}")
