"""The store's tables, in types that SQLite and PostgreSQL share.

Metrics are plug-ins, so no table has a column per metric. What is read only as a whole is MessagePack
(`analysis.io.frames`), because it keeps every bit of a float64, NaN too, which SQL does not.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    case,
    func,
    true,
)

from analysis.io.sources import OF_A_PERSON

REVISION = "0002"  # the newest migration; a store of any other revision was made by another version
NEWER = "The database was written by a newer version of Upstand; update Upstand on this computer."

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_Long = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts rows by INTEGER PRIMARY KEY alone

sessions = Table(
    "sessions",
    metadata,
    Column("key", Integer, primary_key=True),  # short, because every journal row carries it
    Column("id", String(64), nullable=False),
    Column("wearer", String(64), nullable=False),
    Column("source", String(16), nullable=False),
    Column("started_at", Double, nullable=False),  # s since the Unix epoch (UTC)
    Column("last_s", Double),  # end of the newest samples, or words of the desk, s since the start
    Column("run_id", Integer, nullable=False),  # the run the dashboard shows
    UniqueConstraint("id"),
    Index(None, "wearer", "started_at"),
)


def newest_first() -> tuple[ColumnElement[object], ...]:
    """An order of sessions. One that goes on by the desk may begin within a longer one of sensors: its end counts.

    A simulated or replayed session has a pace of its own, so that its end says nothing.
    """
    at = sessions.c.started_at
    ended = case((sessions.c.source.in_(OF_A_PERSON), at + func.coalesce(sessions.c.last_s, 0.0)), else_=at)
    return ended.desc(), at.desc(), sessions.c.key.desc()


streams = Table(  # how far the blocks of each segment have come; outlives the journal's rows
    "streams",
    metadata,
    Column("session", ForeignKey("sessions.key"), primary_key=True, autoincrement=False),
    Column("segment", String(16), primary_key=True),
    Column("next_seq", Integer, nullable=False),
    Column("samples", _Long, nullable=False),
    Column("lost", _Long, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("arrival", _Long, primary_key=True),
    Column("session", ForeignKey("sessions.key"), nullable=False),
    Column("kind", String(16), nullable=False),  # analysis.io.journal.Kind
    Column("segment", String(16)),
    Column("seq", Integer),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("session", "segment", "seq"),
    Index(None, "session", "arrival"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session", ForeignKey("sessions.key"), nullable=False),
    Column("kind", String(16), nullable=False),  # "live" or "reanalysis"
    Column("version", String(32), nullable=False),  # of Upstand
    Column("created_at", Double, nullable=False),
    Index(None, "session"),
)

frames = Table(
    "frames",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("chunk", Integer, primary_key=True),  # floor(t / frames.CHUNK_S)
    Column("t0", Double, nullable=False),  # the first and the last tick of the chunk, s
    Column("t1", Double, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

minutes = Table(
    "minutes",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("minute", Integer, primary_key=True),  # floor(t / 60)
    Column("metric", String(64), primary_key=True),
    Column("mean", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("n", Integer, nullable=False),  # ticks that had a value
)

minute_activity = Table(
    "minute_activity",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("minute", Integer, primary_key=True),
    Column("activity", Integer, primary_key=True),
    Column("seconds", Double, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("kind", String(32), primary_key=True),
    Column("start_s", Double, primary_key=True),
    Column("end_s", Double),
    Column("payload", LargeBinary, nullable=False),  # Event.values
)

prompts = Table(
    "prompts",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("prompt_id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("level", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("due_s", Double, nullable=False),
    Column("state", String(16), nullable=False),
    Column("closed_s", Double),
    Column("told_s", Double),
    Column("begun_s", Double),
    Column("credited_s", Double, nullable=False, server_default="0"),
    Column("length_s", Double, nullable=False, server_default="0"),
    Column("action", Text, nullable=False, server_default=""),
    Column("can_postpone", Boolean, nullable=False, server_default=true()),
    Column("can_skip", Boolean, nullable=False, server_default=true()),
)

break_spans = Table(  # model.LedgerSpan
    "break_spans",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("start_s", Double, primary_key=True),
    Column("end_s", Double),
    Column("why", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("clock_s", Double, nullable=False),
    Column("rate", Double, nullable=False),
    Column("interval_s", Double, nullable=False),
    Column("detail", Text, nullable=False),
)

break_tallies = Table(
    "break_tallies",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), primary_key=True),
    Column("payload", LargeBinary, nullable=False),  # model.BreakTally
)

break_memories = Table(  # the newest of each run
    "break_memories",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),  # model.BreakMemory
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("prompt_id", String(64), primary_key=True),
    Column("notifier", String(32), primary_key=True),
    Column("at", Double, nullable=False),  # s since the Unix epoch (UTC)
    Column("delivered", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
)

calibrations = Table(
    "calibrations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("segment", String(16), nullable=False),
    Column("sensor_id", String(128), nullable=False),
    Column("made_at", Double),  # s since the Unix epoch (UTC); null when carried over
    Column("payload", LargeBinary, nullable=False),  # journal_records.encode_input
    Index(None, "run"),
    Index(None, "sensor_id", "segment"),
)

statuses = Table(
    "statuses",
    metadata,
    Column("wearer", String(64), primary_key=True),
    Column("part", String(16), primary_key=True),
    Column("payload", LargeBinary, nullable=False),  # schema.Status
)
