"""The committed description is that of the routes."""

from __future__ import annotations

from pathlib import Path

from reconciler.server.description import description

COMMITTED = Path(__file__).parents[2] / "schemas" / "openapi.json"


AGAIN = "from pathlib import Path; from reconciler.server.description import write_description as write"


def test_the_committed_description_is_that_of_the_routes() -> None:
    committed = COMMITTED.read_text(encoding="utf-8")

    assert committed == description(), f"python -c \"{AGAIN}; write(Path('schemas/openapi.json'))\""
