"""Runs the migrations on the connection that `analysis.io.migrating` hands over."""

from __future__ import annotations

from alembic import context

from analysis.io.store_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
)
context.run_migrations()
