"""The first schema. Spelled out, since a migration must not change when the tables do."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
oldest = "0001"

_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create every table."""
    _create_packages()
    _create_clients()
    _create_runs()
    _create_events()


def _create_packages() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "catalog",
        sa.Column(
            "id",
            sa.Integer,
            sa.CheckConstraint("id = 1", name="only_one"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.create_table(
        "packages",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", _ORDERED, nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("folded_title", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("managed", sa.Boolean, nullable=False),
        sa.Column("applied_digest", sa.Text),
        sa.Column("applied_archived", sa.Boolean, nullable=False),
        sa.Column("stepped_at", sa.BigInteger),
    )
    op.create_index("ix_packages_folded_title", "packages", ["folded_title"])
    op.create_table(
        "revisions",
        sa.Column("package_id", sa.Integer, _key("packages.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("grants_digest", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )


def _create_clients() -> None:
    op.create_table(
        "clients",
        sa.Column("id", _ORDERED, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner_email", sa.Text, nullable=False),
        sa.Column("normal_email", _ORDERED, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("users", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, unique=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriptions",
        sa.Column("client_id", _ORDERED, _key("clients.id"), primary_key=True),
        sa.Column("package_id", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("assigned_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("active_until", sa.BigInteger, nullable=False),
        sa.Column("extended_to", sa.BigInteger),
        sa.Column("cycle", sa.BigInteger, nullable=False),
        sa.Column("assignment", sa.BigInteger, nullable=False),
        sa.Column("is_granted", sa.Boolean, nullable=False),
        _revision_key("package_id", "revision"),
        sqlite_with_rowid=False,
    )
    held = ["package_id", "revision", "client_id", "active_until", "assigned_at", "is_granted"]
    op.create_index("ix_subscriptions_held", "subscriptions", held)
    is_extended = sa.text("extended_to IS NOT NULL")
    op.create_index(
        "ix_subscriptions_extended",
        "subscriptions",
        ["package_id", "extended_to"],
        sqlite_where=is_extended,
        postgresql_where=is_extended,
    )
    op.create_index("ix_subscriptions_active_until", "subscriptions", ["active_until"])
    op.create_table(
        "grants",
        sa.Column("client_id", _ORDERED, _key("clients.id"), primary_key=True),
        sa.Column("term", _ORDERED, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("set_to", sa.BigInteger, nullable=False),
        sa.Column("once", sa.Boolean, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("cycle", sa.BigInteger),
        sa.Column("assignment", sa.BigInteger),
        sa.Column("revision", sa.Integer),
        sa.Column("granted_at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage",
        sa.Column("package_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("meter", _ORDERED, primary_key=True),
        sa.Column("client_id", _ORDERED, _key("clients.id"), primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_client_id", "usage", ["client_id"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("plan_hash", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("commit_id", sa.Text),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in (
                "allowed",
                "changes",
                "states_before",
                "states_after",
                "renamed",
                "catalog",
                "guards",
            )
        ),
        sa.Column("moved", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("seal", sa.Text, nullable=False),
        sa.Column("unfinished", sa.Text, nullable=False),
    )
    op.create_table(
        "run_packages",
        sa.Column("package_id", sa.Integer, _key("packages.id"), primary_key=True),
        sa.Column("run_id", sa.Integer, _key("runs.id"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "moves",
        sa.Column("client_id", _ORDERED, _key("clients.id"), primary_key=True),
        sa.Column("run_id", sa.Integer, _key("runs.id"), primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("package_id", sa.Integer, nullable=False),
        sa.Column("from_revision", sa.Integer, nullable=False),
        sa.Column("to_revision", sa.Integer, nullable=False),
        sa.Column("assigned_at", sa.BigInteger, nullable=False),
        _revision_key("package_id", "from_revision"),
        _revision_key("package_id", "to_revision"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_moves_run", "moves", ["run_id", "step", "client_id"])
    op.create_table(
        "grant_effects",
        sa.Column("run_id", sa.Integer, _key("runs.id"), primary_key=True),
        sa.Column("client_id", _ORDERED, _key("clients.id"), primary_key=True),
        sa.Column("term", _ORDERED, primary_key=True),
        sa.Column("is_loss", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "acknowledgements",
        sa.Column("package_id", sa.Integer, _key("packages.id"), primary_key=True),
        sa.Column("verb", sa.Text, primary_key=True),
        sa.Column("term", _ORDERED, primary_key=True),
        sa.Column("since_run", sa.Integer, _key("runs.id"), nullable=False),
        sa.Column("since_revision", sa.Integer, nullable=False),
        sa.Column("clients", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Text, nullable=False),
        sa.Column("is_spent", sa.Boolean, nullable=False),
        sa.Column("erased", sa.BigInteger, nullable=False),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("on_behalf_of", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("part_of", sa.Text),
        sa.Column("number", sa.BigInteger),
        sa.Column("package", _ORDERED),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("lost", sa.Boolean, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("run_id", sa.Integer),
    )
    op.create_index("ix_events_at", "events", ["at", "id"])
    op.create_index("ix_events_run_id", "events", ["run_id"])
    op.create_index("ix_events_number", "events", ["number", "package"])


def _revision_key(package: str, revision: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [package, revision], ["revisions.package_id", "revisions.number"], ondelete="RESTRICT"
    )


def _key(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, ondelete="RESTRICT")
