"""The cursors through which PostgreSQL streams rows."""

from __future__ import annotations

from typing import Any

from psycopg import OperationalError, ServerCursor


class StreamingCursor(ServerCursor[Any]):
    """A cursor that counts as closed also where the server went away before it could be told so."""

    def close(self) -> None:
        """Close it; raises OperationalError where the server cannot be told."""
        try:
            super().close()
        except OperationalError:
            if self.connection.closed:
                super().close()
            raise
