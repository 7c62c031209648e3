"""Who the bearer of a token says that a run was for, beside the token's name."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
oldest = "0001"


def upgrade() -> None:
    """Add the column; of earlier runs nothing is known."""
    schema = op.get_context().version_table_schema
    op.add_column("runs", sa.Column("on_behalf_of", sa.Text), schema=schema)
