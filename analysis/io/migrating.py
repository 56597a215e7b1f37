"""Brings a store to this version's tables. The migrations lie in the package, so an installed wheel has them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, inspect

from analysis.errors import StoreError
from analysis.io import store_tables


def migrate(connection: Connection) -> None:
    """Create or upgrade all tables, inside the caller's transaction.

    Raises StoreError for a database of a newer version, or one that is not Upstand's.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision()
    if present == store_tables.REVISION:
        return
    if present is None and inspect(connection).has_table(store_tables.sessions.name):
        raise StoreError("The database was not made by Upstand; set `url` in [store] of upstand.toml to another one.")
    if present is not None:
        require_known(present, config)
    command.upgrade(config, "head")


def require_known(revision: str, config: Config) -> None:
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError as error:
        raise StoreError(store_tables.NEWER) from error
