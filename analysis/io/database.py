"""Engines for the writer and for readers, and SQL errors turned into one sentence for a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError

from analysis.errors import StoreError

BUSY_S = 2.0  # how long one attempt waits for another writer


def parse(url: str) -> URL:
    """Raises StoreError where `url` is none of a database."""
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"The store's URL is wrong ({error}); correct `url` in [store] of upstand.toml.") from error
    return parsed


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite URL, None for any other database."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def writer_engine(url: URL) -> Engine:
    """For the one writer: WAL, every commit on the disk before it returns, the write lock taken at the start."""
    file = sqlite_file(url)
    if file is None:
        return _create(url)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {file.parent} cannot be made ({error.strerror}); correct `data_dir` in upstand.toml."
        ) from error
    engine = _create(url, connect_args={"timeout": BUSY_S, "isolation_level": None, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # `stored` is a promise, also when the power fails
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reader_engine(url: URL) -> Engine:
    """For readers: an SQLite file is opened read-only and never made."""
    file = sqlite_file(url)
    if file is None:
        return _create(url)
    location = f"{file.absolute().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(location, uri=True, timeout=BUSY_S, check_same_thread=False)

    return _create(url, creator=connect)


def _create(url: URL, **options: Any) -> Engine:
    try:
        return create_engine(url, **options)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"The database driver {error.name} is missing; install it or change `url` in [store]."
        ) from error


_MEANINGS = (  # a part of the driver's words, and what a person can do
    ("locked", "The database is in use by another program; close that program, nothing is lost meanwhile."),
    ("full", "The disk is full; free some space, measuring goes on as soon as there is room."),
    ("readonly", "The database cannot be written; give your user the right to write it and its folder."),
    ("not a database", "The database file is damaged; move it away, a new one is made at the next start."),
    ("malformed", "The database file is damaged; move it away, a new one is made at the next start."),
    ("unable to open", "The database cannot be opened; check that its folder exists and may be written."),
    ("i/o error", "The disk gives errors; check it, measuring goes on as soon as it works."),
)


@contextmanager
def told_plainly(url: URL) -> Iterator[None]:
    """Turns the database's failures into StoreError with one sentence; errors of ours pass as they are."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _told(url, error) from error
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.DatabaseError) and type(error.orig) is not sqlite3.DatabaseError:
            raise  # a broken constraint or a wrong statement is a bug
        raise _told(url, error) from error


def _told(url: URL, error: DBAPIError) -> StoreError:
    words = str(error.orig)
    for part, meaning in _MEANINGS:
        if part in words.lower():
            return StoreError(f"{meaning} ({url.render_as_string()}: {words})")
    return StoreError(
        f"The database {url.render_as_string()} cannot be used ({words}); check that it runs and lets us in."
    )
