"""The store for everyone but its writer: read-only, and empty rather than an error before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sqlalchemy import Connection, Row, Select, func, inspect, select, text

from analysis import break_records, journal_records, schema
from analysis.break_flow import BreakTally, LedgerSpan, Prompt
from analysis.desk import ClockAnchor
from analysis.errors import StoreError
from analysis.io import break_rows, database, outputs
from analysis.io import store_tables as tables
from analysis.io.frames import MINUTE_S, cut, decode_frame, join
from analysis.io.journal import Kind
from analysis.io.outputs import Delivered
from analysis.model import Activity, Calibration, Event, Floats, PostureFrame, Segment

_INF = float("inf")


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a bridge, or a time at the desk without sensors."""

    session_id: str
    wearer: str
    source: str  # analysis.io.sources
    started_at: float  # s since the Unix epoch (UTC)
    run_id: int  # the run that is shown
    last_s: float | None  # end of the newest samples, s since the start


@dataclass(frozen=True, slots=True)
class Run:
    """One passage of a session's journal through the pipeline."""

    run_id: int
    kind: str  # "live" or "reanalysis"
    version: str  # of Upstand
    created_at: float  # s since the Unix epoch (UTC)


@dataclass(frozen=True, slots=True)
class MinuteValues:
    """One metric by minute; NaN where it was not known, and then `n` is 0."""

    mean: Floats  # (n,)
    low: Floats  # (n,)
    high: Floats  # (n,)
    n: Floats  # (n,) ticks with a value


@dataclass(frozen=True, slots=True)
class Minutes:
    """A session minute by minute; minutes without any frame are left out."""

    t0: Floats  # (n,)   s since the session's start, multiples of 60
    values: Mapping[str, MinuteValues]  # by metric name
    seconds: Floats  # (n, k) s of each Activity


class Reader:
    """Opens nothing until it is asked. Raises StoreError for a database that is there and cannot be read."""

    def __init__(self, url: str) -> None:
        self._url = database.parse(url)
        self._file = database.sqlite_file(self._url)
        self._engine = database.reader_engine(self._url)
        self._is_checked = False

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sessions(self, wearer: str, since: float = -_INF, until: float = _INF) -> list[Session]:
        """Those that overlap [since, until), s since the Unix epoch, oldest first."""
        table = tables.sessions
        query = select(table).where(table.c.wearer == wearer).order_by(table.c.started_at, table.c.key)
        if until < _INF:
            query = query.where(table.c.started_at < until)
        found = [_session(row) for row in self._rows(query)]
        return [session for session in found if session.started_at + (session.last_s or 0.0) >= since]

    def newest_session(self, wearer: str) -> Session | None:
        table = tables.sessions
        query = select(table).where(table.c.wearer == wearer).order_by(*tables.newest_first())
        rows = self._rows(query.limit(1))
        return _session(rows[0]) if rows else None

    def session(self, session_id: str) -> Session | None:
        rows = self._rows(select(tables.sessions).where(tables.sessions.c.id == session_id))
        return _session(rows[0]) if rows else None

    def runs(self, session: Session) -> list[Run]:
        """Oldest first: the live one, then the reanalyses."""
        table = tables.runs
        query = (
            select(table).join(tables.sessions).where(tables.sessions.c.id == session.session_id).order_by(table.c.id)
        )
        return [Run(row.id, row.kind, row.version, row.created_at) for row in self._rows(query)]

    def frames(self, session: Session, t0: float, t1: float, run_id: int | None = None) -> PostureFrame:
        """All ticks in [t0, t1), s since the session's start; possibly none."""
        table = tables.frames
        query = select(table.c.payload).where(table.c.run == _run(session, run_id)).order_by(table.c.chunk)
        if t0 > -_INF:
            query = query.where(table.c.t1 >= t0)
        if t1 < _INF:
            query = query.where(table.c.t0 < t1)
        frame = join([decode_frame(row.payload) for row in self._rows(query)])
        return cut(frame, (frame.t >= t0) & (frame.t < t1))

    def events(self, session: Session, kind: str | None = None, run_id: int | None = None) -> list[Event]:
        """In order of their start."""
        table = tables.events
        query = select(table).where(table.c.run == _run(session, run_id)).order_by(table.c.start_s, table.c.kind)
        if kind is not None:
            query = query.where(table.c.kind == kind)
        return [outputs.event_of(row) for row in self._rows(query)]

    def prompts(self, session: Session, run_id: int | None = None) -> list[Prompt]:
        """In order of when they were told."""
        table = tables.prompts
        query = (
            select(table)
            .where(table.c.run == _run(session, run_id))
            .order_by(func.coalesce(table.c.told_s, table.c.due_s), table.c.prompt_id)
        )
        return [outputs.prompt_of(row) for row in self._rows(query)]

    def break_spans(self, session: Session, run_id: int | None = None) -> list[LedgerSpan]:
        """Why there was a prompt or none, in order; for `analysis.breaks.ledger.why`."""
        table = tables.break_spans
        query = select(table).where(table.c.run == _run(session, run_id)).order_by(table.c.start_s)
        return [break_rows.span_of(row) for row in self._rows(query)]

    def clock_anchors(self, session: Session) -> list[ClockAnchor]:
        """What the clock on the wall showed, in the order told; none once the raw data are deleted."""
        table = tables.journal
        query = select(table.c.payload).join(tables.sessions).where(tables.sessions.c.id == session.session_id)
        rows = self._rows(query.where(table.c.kind == Kind.BREAK.value).order_by(table.c.arrival))
        items = [journal_records.decode_input(row.payload) for row in rows]
        return [item for item in items if isinstance(item, ClockAnchor)]

    def break_tallies(self, session: Session, run_id: int | None = None) -> list[BreakTally]:
        """What became of each type of break, by day."""
        table = tables.break_tallies
        query = select(table).where(table.c.run == _run(session, run_id)).order_by(table.c.day, table.c.kind)
        return [break_records.decode_tally(row.payload) for row in self._rows(query)]

    def deliveries(self, session: Session) -> list[Delivered]:
        """How the prompts of the shown run reached the wearer, oldest first."""
        table = tables.deliveries
        query = select(table).where(table.c.run == session.run_id).order_by(table.c.at)
        return [
            Delivered(row.run, row.prompt_id, row.notifier, row.at, row.delivered, row.reason)
            for row in self._rows(query)
        ]

    def calibrations(self, session: Session, run_id: int | None = None) -> list[Calibration]:
        """In the order they came into force."""
        table = tables.calibrations
        query = select(table.c.payload).where(table.c.run == _run(session, run_id)).order_by(table.c.id)
        return [outputs.calibration_of(row.payload) for row in self._rows(query)]

    def minutes(self, session: Session, run_id: int | None = None) -> Minutes:
        run = _run(session, run_id)
        table, activity = tables.minutes, tables.minute_activity
        lived = self._rows(select(activity).where(activity.c.run == run).order_by(activity.c.minute))
        index = {minute: row for row, minute in enumerate(sorted({row.minute for row in lived}))}
        seconds = np.zeros((len(index), len(Activity)))
        for row in lived:
            seconds[index[row.minute], row.activity] = row.seconds
        values: dict[str, Floats] = {}
        for row in self._rows(select(table).where(table.c.run == run).order_by(table.c.metric, table.c.minute)):
            if row.minute in index:  # one more may have been written since
                column = values.setdefault(row.metric, _unknown(len(index)))
                column[:, index[row.minute]] = row.mean, row.low, row.high, row.n
        by_metric = {name: MinuteValues(*column) for name, column in values.items()}
        return Minutes(MINUTE_S * np.array(list(index), dtype=np.float64), by_metric, seconds)

    def statuses(self, wearer: str) -> dict[str, schema.Status]:
        """The newest status of each part, by part."""
        rows = self._rows(select(tables.statuses).where(tables.statuses.c.wearer == wearer))
        return {row.part: schema.decode(row.payload, schema.Status) for row in rows}

    def sample_count(self, session: Session, segment: Segment) -> int:
        """Samples of that segment that were ever stored, also when the raw blocks have been deleted since."""
        table = tables.streams
        query = select(table.c.samples).join(tables.sessions).where(tables.sessions.c.id == session.session_id)
        rows = self._rows(query.where(table.c.segment == segment.value))
        return int(rows[0].samples) if rows else 0

    def _rows(self, query: Select[Any]) -> list[Row[Any]]:
        if self._file is not None and not self._file.exists():
            return []
        with database.told_plainly(self._url), self._engine.connect() as connection:
            if not self._is_checked:
                self._is_checked = _has_tables(connection)
            return list(connection.execute(query).all()) if self._is_checked else []


def _has_tables(connection: Connection) -> bool:
    """False while the writer has not made them yet. Raises StoreError for tables of another version."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if revision is None:
        return False
    if revision > tables.REVISION:
        raise StoreError(tables.NEWER)
    if revision < tables.REVISION:
        raise StoreError("The database is of an older version of Upstand; start `upstand run` once to update it.")
    return True


def _session(row: Row[Any]) -> Session:
    return Session(row.id, row.wearer, row.source, row.started_at, row.run_id, row.last_s)


def _run(session: Session, run_id: int | None) -> int:
    return session.run_id if run_id is None else run_id


def _unknown(count: int) -> Floats:
    column = np.full((4, count), np.nan)
    column[3] = 0.0
    return column
