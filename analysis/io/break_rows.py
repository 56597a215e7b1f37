"""The rows of what breaks tell: spans of the ledger, tallies by day, and what one session leaves for the next."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, select

from analysis import break_records
from analysis.break_flow import BreakMemory, BreakTally, LedgerSpan
from analysis.errors import SchemaError
from analysis.io import store_tables as tables
from analysis.io.upserting import upsert
from analysis.model import Output

_SPAN = tuple(field.name for field in fields(LedgerSpan))


def write(connection: Connection, run: int, told: Iterable[Output]) -> None:
    """In the order told, so that a later word on the same thing holds."""
    spans: dict[float, LedgerSpan] = {}
    tallies: dict[tuple[int, str], BreakTally] = {}
    memory: BreakMemory | None = None
    for output in told:
        match output:
            case LedgerSpan():
                spans[output.start_s] = output
            case BreakTally():
                tallies[output.day, output.kind] = output
            case BreakMemory():
                memory = output
    upsert(connection, tables.break_spans, [{"run": run, **asdict(span)} for span in spans.values()])
    upsert(
        connection,
        tables.break_tallies,
        [
            {"run": run, "day": day, "kind": kind, "payload": break_records.encode_tally(tally)}
            for (day, kind), tally in tallies.items()
        ],
    )
    if memory is not None:
        payload = break_records.encode_memory(memory)
        upsert(connection, tables.break_memories, [{"run": run, "payload": payload}])


def span_of(row: Row[Any]) -> LedgerSpan:
    return LedgerSpan(**{name: getattr(row, name) for name in _SPAN})


def newest_memory(connection: Connection, wearer: str, but_session_id: str) -> BreakMemory | None:
    """What the wearer's newest other session left, where it can be read."""
    table, sessions = tables.break_memories, tables.sessions
    payload = connection.execute(
        select(table.c.payload)
        .join(sessions, sessions.c.run_id == table.c.run)
        .where(sessions.c.wearer == wearer, sessions.c.id != but_session_id)
        .order_by(*tables.newest_first())
        .limit(1)
    ).scalar_one_or_none()
    with suppress(SchemaError):
        return None if payload is None else break_records.decode_memory(payload)
    return None
