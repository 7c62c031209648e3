from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from reconciler.errors import UnreachableError
from reconciler.live.opening import open_platform
from reconciler.store.database import Database
from reconciler.store.schema import HEAD, MIGRATIONS
from reconciler.store.tables import metadata

if TYPE_CHECKING:
    from pathlib import Path

URL = "sqlite:///platform.db"


def migrated(folder: Path) -> Path:
    with open_platform("sqlite:///platform.db", root=folder):
        return folder / "platform.db"


def test_the_migrations_make_the_tables(tmp_path: Path) -> None:
    database = Database(migrated(tmp_path))

    with database.reading() as connection:
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"version_table": "schema_version"}), metadata
        )

    database.close()
    assert differences == []


def test_the_tables_are_laid_out_as_declared(tmp_path: Path) -> None:
    declared = Database(tmp_path / "declared.db")
    with declared.looking() as connection:
        metadata.create_all(connection)
    declared.close()

    assert layout(migrated(tmp_path)) == layout(tmp_path / "declared.db")


def layout(path: Path) -> set[tuple[str, ...]]:
    """Foreign keys, indexes and whether rows are clustered, which a comparison of columns does not see."""
    with sqlite3.connect(path) as connection:
        tables = connection.execute("PRAGMA table_list").fetchall()
        found = {("table", *map(str, row)) for row in tables if row[1] != "schema_version"}
        for name in metadata.tables:
            for pragma in ("foreign_key_list", "table_info"):
                rows = connection.execute(f"PRAGMA {pragma}({name})")
                found |= {(pragma, name, *map(str, row[1:])) for row in rows}
            for row in connection.execute(f"PRAGMA index_list({name})"):
                columns = connection.execute(f"PRAGMA index_xinfo({row[1]})").fetchall()
                found.add(("index", name, str(row[2]), str([column[2] for column in columns])))
    connection.close()
    return found


def test_the_newest_migration_is_known_without_asking_alembic() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_an_up_to_date_platform_opens_without_alembic(tmp_path: Path) -> None:
    migrated(tmp_path)
    script = (
        "import sys; from pathlib import Path; from reconciler.live.opening import open_platform\n"
        "with open_platform('sqlite:///platform.db', root=Path(sys.argv[1])) as platform:\n"
        "    platform.packages()\n"
        "print('alembic' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


def test_opening_again_keeps_the_lineage_and_another_platform_has_its_own(tmp_path: Path) -> None:
    lineages = []
    for name in ("a.db", "a.db", "b.db"):
        with open_platform(f"sqlite:///{name}", root=tmp_path) as platform:
            lineages.append(platform.identity().lineage)

    assert lineages[0] == lineages[1] != lineages[2]


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(migrated(tmp_path)) as connection:
        connection.execute("UPDATE schema_version SET version_num = '9999', oldest = '9998'")
    connection.close()

    with (
        pytest.raises(UnreachableError, match="newer version"),
        open_platform("sqlite:///platform.db", root=tmp_path),
    ):
        pass


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE photos (id INTEGER)")
    connection.close()
    before = path.read_bytes()

    with (
        pytest.raises(UnreachableError, match="another program"),
        open_platform("sqlite:///platform.db", root=tmp_path),
    ):
        pass

    assert path.read_bytes() == before


def test_two_processes_that_create_it_at_once_agree_on_one_lineage(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from reconciler.live.opening import open_platform\n"
        "with open_platform('sqlite:///platform.db', root=Path(sys.argv[1])) as platform:\n"
        "    print(platform.identity().lineage)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]

    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    lineages = [process.communicate(timeout=60)[0] for process in both]

    assert lineages[0] == lineages[1] != ""


def test_a_database_is_brought_up_to_date_once(tmp_path: Path) -> None:
    database = Database(migrated(tmp_path))
    before = (tmp_path / "platform.db").read_bytes()

    database.migrate()

    database.close()
    assert (tmp_path / "platform.db").read_bytes() == before
