"""Runs the migrations on the connection, and in the transaction and schema, that `schema` hands over."""

from alembic import context

handed = context.config.attributes
context.configure(
    connection=handed["connection"], version_table=handed["table"], version_table_schema=handed["schema"]
)
context.run_migrations()
