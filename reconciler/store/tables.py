"""The tables. `migrations` creates them; a test holds both equal.

A subscription is *active* at an instant where the client's status is active and it has not expired. Both are
folded into `subscriptions.active_until` (exclusive): every write of a status or an expiry sets it, so that
the questions of a plan need one comparison in one index. `expires_at` is the later of the package's own end
and `extended_to`, whoever writes it.

Cycles and assignments of a client are numbered. A grant that ends with one of them carries its number, one
that ends with a reassignment the revision as well; `ends_at` is its date, else never.

`usage.package_id` repeats the subscription's: usage is clustered beside the package that it is asked about.
Only an assignment changes it (`usage.replace`).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from reconciler.store.columns import Instant, JsonText, OrderedText

metadata: Final = MetaData()

_IS_EXTENDED: Final = text("extended_to IS NOT NULL")

meta: Final = Table(
    "meta", metadata, Column("name", Text, primary_key=True), Column("value", JsonText, nullable=False)
)

catalog: Final = Table(
    "catalog",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="only_one"), primary_key=True, autoincrement=False),
    Column("document", JsonText, nullable=False),
    Column("digest", Text, nullable=False),
)

packages: Final = Table(
    "packages",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", OrderedText, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("folded_title", Text, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("managed", Boolean, nullable=False),
    Column("applied_digest", Text),
    Column("applied_archived", Boolean, nullable=False),
    Column("stepped_at", Instant),
)

revisions: Final = Table(
    "revisions",
    metadata,
    Column("package_id", Integer, ForeignKey("packages.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("definition", JsonText, nullable=False),
    Column("digest", Text, nullable=False),
    Column("grants_digest", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

clients: Final = Table(
    "clients",
    metadata,
    Column("id", OrderedText, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner_email", Text, nullable=False),
    Column("normal_email", OrderedText, nullable=False),
    Column("status", Text, nullable=False),
    Column("users", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False, unique=True),
    sqlite_with_rowid=False,
)

subscriptions: Final = Table(
    "subscriptions",
    metadata,
    Column("client_id", OrderedText, ForeignKey("clients.id", ondelete="RESTRICT"), primary_key=True),
    Column("package_id", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("active_until", BigInteger, nullable=False),
    Column("extended_to", Instant),
    Column("cycle", BigInteger, nullable=False),
    Column("assignment", BigInteger, nullable=False),
    Column("is_granted", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["package_id", "revision"], ["revisions.package_id", "revisions.number"], ondelete="RESTRICT"
    ),
    Index(
        "ix_subscriptions_held",
        "package_id",
        "revision",
        "client_id",
        "active_until",
        "assigned_at",
        "is_granted",
    ),
    Index(
        "ix_subscriptions_extended",
        "package_id",
        "extended_to",
        sqlite_where=_IS_EXTENDED,  # on PostgreSQL too; to say so here loads what speaks with it, 40 ms
    ),
    Index("ix_subscriptions_active_until", "active_until"),
    sqlite_with_rowid=False,
)

grants: Final = Table(
    "grants",
    metadata,
    Column("client_id", OrderedText, ForeignKey("clients.id", ondelete="RESTRICT"), primary_key=True),
    Column("term", OrderedText, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("added", BigInteger, nullable=False),
    Column("set_to", BigInteger, nullable=False),
    Column("once", Boolean, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("cycle", BigInteger),
    Column("assignment", BigInteger),
    Column("revision", Integer),
    Column("granted_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)

usage: Final = Table(
    "usage",
    metadata,
    Column("package_id", Integer, primary_key=True, autoincrement=False),
    Column("meter", OrderedText, primary_key=True),
    Column("client_id", OrderedText, ForeignKey("clients.id", ondelete="RESTRICT"), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Index("ix_usage_client_id", "client_id"),
    sqlite_with_rowid=False,
)

runs: Final = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("plan_hash", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("commit_id", Text),
    Column("allowed", JsonText, nullable=False),
    Column("changes", JsonText, nullable=False),
    Column("states_before", JsonText, nullable=False),
    Column("states_after", JsonText, nullable=False),
    Column("renamed", JsonText, nullable=False),
    Column("catalog", JsonText, nullable=False),
    Column("guards", JsonText, nullable=False),
    Column("moved", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Column("unfinished", JsonText, nullable=False),
    Column("on_behalf_of", Text),
)

run_packages: Final = Table(
    "run_packages",
    metadata,
    Column("package_id", Integer, ForeignKey("packages.id", ondelete="RESTRICT"), primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="RESTRICT"), primary_key=True),
    sqlite_with_rowid=False,
)

moves: Final = Table(
    "moves",
    metadata,
    Column("client_id", OrderedText, ForeignKey("clients.id", ondelete="RESTRICT"), primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="RESTRICT"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("package_id", Integer, nullable=False),
    Column("from_revision", Integer, nullable=False),
    Column("to_revision", Integer, nullable=False),
    Column("assigned_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["package_id", "from_revision"], ["revisions.package_id", "revisions.number"], ondelete="RESTRICT"
    ),
    ForeignKeyConstraint(
        ["package_id", "to_revision"], ["revisions.package_id", "revisions.number"], ondelete="RESTRICT"
    ),
    Index("ix_moves_run", "run_id", "step", "client_id"),
    sqlite_with_rowid=False,
)

grant_effects: Final = Table(
    "grant_effects",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="RESTRICT"), primary_key=True),
    Column("client_id", OrderedText, ForeignKey("clients.id", ondelete="RESTRICT"), primary_key=True),
    Column("term", OrderedText, primary_key=True),
    Column("is_loss", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
"""What grants, extensions and ends made of a run's moves: a term is kept, or lost with a grant."""

acknowledgements: Final = Table(
    "acknowledgements",
    metadata,
    Column("package_id", Integer, ForeignKey("packages.id", ondelete="RESTRICT"), primary_key=True),
    Column("verb", Text, primary_key=True),
    Column("term", OrderedText, primary_key=True),
    Column("since_run", Integer, ForeignKey("runs.id", ondelete="RESTRICT"), nullable=False),
    Column("since_revision", Integer, nullable=False),
    Column("clients", BigInteger, nullable=False),
    Column("until", Text, nullable=False),
    Column("is_spent", Boolean, nullable=False),
    Column("erased", BigInteger, nullable=False),
)

events: Final = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("on_behalf_of", Text),
    Column("reason", Text, nullable=False),
    Column("part_of", Text),
    Column("number", BigInteger),
    Column("package", OrderedText),
    Column("before", JsonText, nullable=False),
    Column("after", JsonText, nullable=False),
    Column("lost", Boolean, nullable=False),
    Column("digest", Text, nullable=False),
    Column("run_id", Integer),
    Index("ix_events_at", "at", "id"),
    Index("ix_events_run_id", "run_id"),
    Index("ix_events_number", "number", "package"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("used_at", Instant),
)

kept_answers: Final = Table(
    "kept_answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
