"""The one writer of the store: what came in and everything made of it, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Self

from sqlalchemy import Connection, Engine, Table, bindparam, delete, exists, insert, select, update
from sqlalchemy.engine import URL

from analysis import schema
from analysis.break_flow import BreakMemory
from analysis.io import break_rows, database, outputs
from analysis.io import store_tables as tables
from analysis.io.frames import Ledger
from analysis.io.journal import Entry, Kind
from analysis.io.migrating import migrate
from analysis.io.outputs import Delivered
from analysis.io.sources import DESK, OF_A_PERSON
from analysis.io.upserting import upsert
from analysis.model import Calibration, CarriedPostures, Output, Segment

_PAGE = 2000  # journal rows per read
_FORGET = 5000  # rows deleted per transaction, so that nobody waits long for the write lock


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as its writer needs it."""

    key: int
    session_id: str
    wearer: str
    source: str
    started_at: float  # s since the Unix epoch (UTC)
    run_id: int  # the run that outputs go to
    next_seq: Mapping[Segment, int]  # of segments that have blocks
    last_s: float | None
    is_new: bool = False

    @property
    def is_of_a_person(self) -> bool:
        """Of somebody who is there now, and neither simulated nor replayed."""
        return self.source in OF_A_PERSON


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs in the order they were fed, and all that came out."""

    session: StoredSession
    entries: Sequence[Entry] = ()
    outputs: Sequence[Output] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A block that was stored before and is not stored again."""

    session_id: str
    segment: Segment
    seq: int


class Store:
    """Raises StoreError, with one sentence, whenever the database cannot be used; nothing of that call is stored."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url
        self._ledgers: dict[int, Ledger] = {}

    @classmethod
    def open(cls, url: str) -> Self:
        """Makes or upgrades the tables. Raises StoreError."""
        parsed = database.parse(url)
        engine = database.writer_engine(parsed)
        with database.told_plainly(parsed), engine.begin() as connection:
            migrate(connection)
        return cls(engine, parsed)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def session(self, session_id: str, wearer: str, source: str, started_at: float) -> StoredSession:
        """The session of that id, made with a live run where it is new."""
        with database.told_plainly(self._url), self._engine.begin() as connection:
            found = _session(connection, session_id)
            if found is not None:
                return found
            values = {"id": session_id, "wearer": wearer, "source": source, "started_at": started_at, "run_id": 0}
            key = _add(connection, tables.sessions, values)
            run_id = _add_run(connection, key, "live")
            connection.execute(update(tables.sessions).where(tables.sessions.c.key == key).values(run_id=run_id))
            return StoredSession(key, session_id, wearer, source, started_at, run_id, {}, None, is_new=True)

    def find(self, session_id: str) -> StoredSession | None:
        """A session that is there already."""
        with database.told_plainly(self._url), self._engine.begin() as connection:
            return _session(connection, session_id)

    def newest_by_desk(self, wearer: str) -> StoredSession | None:
        """The wearer's newest session that went by the clock and the keyboard, ended or not."""
        table = tables.sessions
        query = select(table.c.id).where(table.c.wearer == wearer, table.c.source == DESK)
        with database.told_plainly(self._url), self._engine.begin() as connection:
            session_id = connection.scalars(query.order_by(table.c.started_at.desc()).limit(1)).one_or_none()
            return None if session_id is None else _session(connection, session_id)

    def unfinished(self, wearer: str) -> list[StoredSession]:
        """Sessions whose shown run has a bout or a prompt that never ended, and whose raw data are still there."""
        of_run = tables.sessions.c.run_id
        open_event = exists().where(tables.events.c.run == of_run, tables.events.c.end_s.is_(None))
        open_prompt = exists().where(tables.prompts.c.run == of_run, tables.prompts.c.closed_s.is_(None))
        raw = exists().where(tables.journal.c.session == tables.sessions.c.key, _IS_RAW)
        query = select(tables.sessions.c.id).where(tables.sessions.c.wearer == wearer, raw, open_event | open_prompt)
        with database.told_plainly(self._url), self._engine.begin() as connection:
            found = [_session(connection, session_id) for session_id in connection.scalars(query).all()]
        return [session for session in found if session is not None]

    def add_run(self, session: StoredSession, kind: str = "reanalysis") -> int:
        with database.told_plainly(self._url), self._engine.begin() as connection:
            return _add_run(connection, session.key, kind)

    def write(
        self,
        batches: Iterable[Batch],
        *,
        run_id: int | None = None,
        statuses: Mapping[tuple[str, str], schema.Status] | None = None,
        deliveries: Sequence[Delivered] = (),
    ) -> list[Duplicate]:
        """Everything or nothing, in one transaction. Returns the blocks that were there already.

        `run_id` sends outputs to another run than the session's own. `statuses` are the newest by (wearer, part).
        """
        duplicates: list[Duplicate] = []
        ledgers: dict[int, Ledger] = {}
        with database.told_plainly(self._url), self._engine.begin() as connection:
            for batch in batches:
                duplicates += _write_entries(connection, batch)
                run = batch.session.run_id if run_id is None else run_id
                if batch.outputs:
                    known = ledgers.get(run) or self._ledgers.get(run) or outputs.reopen_ledger(connection, run)
                    ledgers[run] = known.copy()
                    outputs.write(connection, run, batch.session.started_at, batch.outputs, ledgers[run])
            outputs.write_statuses(connection, statuses or {})
            outputs.write_deliveries(connection, deliveries)
        self._ledgers |= ledgers  # only once it is committed: a batch may be tried again
        return duplicates

    def journal(self, session: StoredSession) -> Iterator[Entry]:
        """All inputs of a session in the order they were fed."""
        table, after = tables.journal, 0
        query = select(table).where(table.c.session == session.key).order_by(table.c.arrival).limit(_PAGE)
        while True:
            with database.told_plainly(self._url), self._engine.begin() as connection:
                rows = connection.execute(query.where(table.c.arrival > after)).all()
            for row in rows:
                segment = None if row.segment is None else Segment(row.segment)
                yield Entry(Kind(row.kind), row.payload, segment, row.seq)
            if len(rows) < _PAGE:
                return
            after = rows[-1].arrival

    def newest_calibration(self, wearer: str, segment: Segment, sensor_id: str) -> Calibration | None:
        """The wearer's newest calibration of that sensor on that segment, from any live session."""
        with database.told_plainly(self._url), self._engine.begin() as connection:
            return outputs.newest_calibration(connection, wearer, segment, sensor_id)

    def shown_postures(self, wearer: str, but_session_id: str) -> CarriedPostures:
        """What the wearer's newest corrections say of how they sit and stand, but for those of one session."""
        with database.told_plainly(self._url), self._engine.begin() as connection:
            return outputs.shown_postures(connection, wearer, but_session_id)

    def break_memory(self, wearer: str, but_session_id: str) -> BreakMemory | None:
        """What the wearer's newest other session left for the breaks of this one."""
        with database.told_plainly(self._url), self._engine.begin() as connection:
            return break_rows.newest_memory(connection, wearer, but_session_id)

    def forget_before(self, epoch_s: float) -> int:
        """Delete raw blocks of sessions that ended before, and frames from before; returns the rows deleted.

        Minutes, events, prompts and calibrations are kept for good, and so are the wearer's own words: labels.
        """
        table, frames = tables.journal, tables.frames
        at = tables.sessions.c.started_at
        ended = select(tables.sessions.c.key).where(at + tables.sessions.c.last_s < epoch_s)
        old = (
            select(frames.c.run, frames.c.chunk)
            .join(tables.runs, tables.runs.c.id == frames.c.run)
            .join(tables.sessions, tables.sessions.c.key == tables.runs.c.session)
            .where(at + frames.c.t1 < epoch_s)
            .limit(_FORGET)
        )
        blocks = select(table.c.arrival).where(table.c.session.in_(ended), _IS_RAW).limit(_FORGET)
        one = delete(frames).where(frames.c.run == bindparam("at_run"), frames.c.chunk == bindparam("at_chunk"))
        forgotten = 0
        while True:
            with database.told_plainly(self._url), self._engine.begin() as connection:
                gone = connection.execute(delete(table).where(table.c.arrival.in_(blocks))).rowcount
                chunks = connection.execute(old).all()
                if chunks:
                    connection.execute(one, [{"at_run": run, "at_chunk": chunk} for run, chunk in chunks])
            forgotten += gone + len(chunks)
            if not gone and not chunks:
                return forgotten


_IS_RAW = tables.journal.c.kind != Kind.LABEL.value


def _add_run(connection: Connection, session_key: int, kind: str) -> int:
    try:
        ours = version("upstand")
    except PackageNotFoundError:  # a work tree that is not installed
        ours = "unknown"
    values = {"session": session_key, "kind": kind, "version": ours[:32], "created_at": time.time()}
    return _add(connection, tables.runs, values)


def _add(connection: Connection, table: Table, values: Mapping[str, object]) -> int:
    (key_column,) = table.primary_key
    return int(connection.execute(insert(table).values(dict(values)).returning(key_column)).scalar_one())


def _session(connection: Connection, session_id: str) -> StoredSession | None:
    row = connection.execute(select(tables.sessions).where(tables.sessions.c.id == session_id)).one_or_none()
    if row is None:
        return None
    streams = connection.execute(select(tables.streams).where(tables.streams.c.session == row.key))
    next_seq = {Segment(stream.segment): stream.next_seq for stream in streams}
    return StoredSession(row.key, row.id, row.wearer, row.source, row.started_at, row.run_id, next_seq, row.last_s)


def _write_entries(connection: Connection, batch: Batch) -> list[Duplicate]:
    if not batch.entries:
        return []
    table, key = tables.streams, batch.session.key
    rows = connection.execute(select(table).where(table.c.session == key))
    streams = {Segment(row.segment): _Stream(row.next_seq, row.samples, row.lost) for row in rows}
    new: list[dict[str, object]] = []
    touched: set[Segment] = set()
    duplicates: list[Duplicate] = []
    for entry in batch.entries:
        if entry.segment is not None and entry.seq is not None:
            stream = streams.setdefault(entry.segment, _Stream())
            if entry.seq < stream.next_seq:
                duplicates.append(Duplicate(batch.session.session_id, entry.segment, entry.seq))
                continue
            stream.add(entry)
            touched.add(entry.segment)
        new.append(
            {
                "session": key,
                "kind": entry.kind.value,
                "segment": entry.segment,
                "seq": entry.seq,
                "payload": entry.payload,
            }
        )
    if new:
        connection.execute(insert(tables.journal), new)
    if touched:
        values = [{"session": key, "segment": segment, **asdict(streams[segment])} for segment in sorted(touched)]
        upsert(connection, table, values)
    end_s = max(entry.end_s for entry in batch.entries)
    if end_s > float("-inf"):
        older = tables.sessions.c.last_s.is_(None) | (tables.sessions.c.last_s < end_s)
        connection.execute(update(tables.sessions).where(tables.sessions.c.key == key, older).values(last_s=end_s))
    return duplicates


@dataclass(slots=True)
class _Stream:
    """A row of the streams table."""

    next_seq: int = 0
    samples: int = 0
    lost: int = 0

    def add(self, entry: Entry) -> None:
        self.next_seq = (entry.seq or 0) + 1
        self.samples += entry.samples
        self.lost += entry.lost
