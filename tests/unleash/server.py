"""A real Unleash, from npm, on a real PostgreSQL."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.error import URLError
from urllib.request import urlopen

from sqlalchemy.engine import make_url

from reconciler.live.http.transport import Transport
from reconciler.live.unleash.admin import Admin
from reconciler.live.unleash.product import Unleash

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION: Final = "7.5.1"
TOKEN: Final = "*:*.unleash-insecure-admin-api-token"  # noqa: S105 - of a server that lives as long as the tests
_START: Final = "import('unleash-server').then((unleash) => unleash.start())"
_SECONDS: Final = 120


def installed(shared: Path) -> Path:
    """Return the folder that Unleash is installed in: RECONCILER_TEST_UNLEASH, or one for all processes."""
    if stated := os.environ.get("RECONCILER_TEST_UNLEASH"):
        return Path(stated)
    folder = shared / "unleash"
    with (shared / "unleash.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
            command = ["npm", "install", *options, f"unleash-server@{VERSION}"]
            subprocess.run(command, check=True, capture_output=True, timeout=600)
            (folder / "done").touch()
    return folder


@contextmanager
def running(folder: Path, database: str, log: Path) -> Iterator[str]:
    """Serve an empty Unleash on loopback, and give its address."""
    address = make_url(database)
    port = _free_port()
    variables = {
        "DATABASE_HOST": str(address.query.get("host") or address.host or ""),
        "DATABASE_PORT": str(address.query.get("port") or address.port or 5432),
        "DATABASE_NAME": str(address.database),
        "DATABASE_USERNAME": address.username or "",
        "DATABASE_PASSWORD": address.password or "",
        "DATABASE_SSL": "false",
        "INIT_ADMIN_API_TOKENS": TOKEN,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(port),
        "LOG_LEVEL": "error",
        "CHECK_VERSION": "false",
        "SEND_TELEMETRY": "false",
        "UNLEASH_SEGMENTS_LIMIT": "10000",
        "NODE_NO_WARNINGS": "1",
    }
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            ["node", "-e", _START],
            cwd=folder,
            env={**os.environ, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            _wait(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def product_at(address: str, token: str, prefix: str) -> Iterator[Unleash]:
    """Give the adapter alone, in the environment that tests are in."""
    with closing(Transport(address, token)) as transport:
        admin = Admin(address, transport, token)
        yield Unleash(admin, project="default", environment="development", prefix=prefix)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"Unleash did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
