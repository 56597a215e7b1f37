"""The rows of what a run gave: frames, minutes, events, prompts and calibrations, and how they were told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, Row, insert, select

from analysis import journal_records, schema
from analysis.break_flow import Prompt, PromptState
from analysis.corrections import CORRECTED
from analysis.errors import SchemaError
from analysis.io import break_rows
from analysis.io import store_tables as tables
from analysis.io.frames import CHUNK_S, EMPTY, MINUTE_S, Ledger, decode_frame, encode_frame, join
from analysis.io.upserting import upsert
from analysis.model import Calibration, CarriedPostures, Event, Output, PostureFrame, Segment, Value
from analysis.own_postures import NEWEST, shown_of


@dataclass(frozen=True, slots=True)
class Delivered:
    """How one notifier fared with one prompt."""

    run_id: int
    prompt_id: str
    notifier: str
    at: float  # s since the Unix epoch (UTC)
    delivered: bool
    reason: str  # why not; empty when delivered


def write(connection: Connection, run: int, started_at: float, told: Iterable[Output], ledger: Ledger) -> None:
    """All outputs of a batch, in the order told, so that a later word on the same thing holds."""
    told = list(told)
    frames: list[PostureFrame] = []
    events: dict[tuple[str, float], Event] = {}
    prompts: dict[str, Prompt] = {}
    calibrations: list[Calibration] = []
    for output in told:
        match output:
            case PostureFrame():
                frames.append(output)
            case Event():
                events[output.kind, output.start_s] = output
            case Prompt():
                prompts[output.prompt_id] = output
            case Calibration():
                calibrations.append(output)
    _write_frames(connection, run, frames, ledger)
    upsert(connection, tables.events, [_event_row(run, event) for event in events.values()])
    upsert(connection, tables.prompts, [_prompt_row(run, prompt) for prompt in prompts.values()])
    break_rows.write(connection, run, told)
    if calibrations:
        connection.execute(insert(tables.calibrations), [_calibration_row(run, started_at, c) for c in calibrations])


def _write_frames(connection: Connection, run: int, frames: Sequence[PostureFrame], ledger: Ledger) -> None:
    chunks, minutes = ledger.feed(frames)
    upsert(
        connection,
        tables.frames,
        [
            {
                "run": run,
                "chunk": number,
                "t0": float(piece.t[0]),
                "t1": float(piece.t[-1]),
                "payload": encode_frame(piece),
            }
            for number, piece in chunks
        ],
    )
    upsert(
        connection,
        tables.minutes,
        [
            {
                "run": run,
                "minute": one.minute,
                "metric": row.metric,
                "mean": row.mean,
                "low": row.low,
                "high": row.high,
                "n": row.n,
            }
            for one in minutes
            for row in one.rows
        ],
    )
    upsert(
        connection,
        tables.minute_activity,
        [
            {"run": run, "minute": one.minute, "activity": int(activity), "seconds": seconds}
            for one in minutes
            for activity, seconds in one.seconds.items()
        ],
    )


def reopen_ledger(connection: Connection, run: int) -> Ledger:
    """The ledger of a run as it stood after its last commit."""
    table = tables.frames
    newest = connection.execute(
        select(table.c.chunk).where(table.c.run == run).order_by(table.c.chunk.desc()).limit(1)
    ).scalar_one_or_none()
    if newest is None:
        return Ledger(EMPTY)
    per_minute = int(MINUTE_S / CHUNK_S)
    first = newest // per_minute * per_minute
    payloads = connection.execute(
        select(table.c.payload).where(table.c.run == run, table.c.chunk >= first).order_by(table.c.chunk)
    ).scalars()
    known: list[PostureFrame] = []
    for payload in payloads:
        with suppress(SchemaError):  # the minute then counts what can be read
            known.append(decode_frame(payload))
    return Ledger(join(known))


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"an event's value cannot be a {type(value).__name__}")


def _event_row(run: int, event: Event) -> dict[str, object]:
    payload = msgspec.msgpack.encode(dict(event.values), enc_hook=_plain)
    return {"run": run, "kind": event.kind, "start_s": event.start_s, "end_s": event.end_s, "payload": payload}


def event_of(row: Row[Any]) -> Event:
    """Raises SchemaError."""
    try:
        values: dict[str, Value] = msgspec.msgpack.decode(row.payload, type=dict[str, Value])
    except msgspec.MsgspecError as error:
        raise SchemaError("A stored event could not be read; run `upstand reanalyze` to compute it again.") from error
    return Event(row.kind, row.start_s, row.end_s, values)


def _prompt_row(run: int, prompt: Prompt) -> dict[str, object]:
    return {
        "run": run,
        "prompt_id": prompt.prompt_id,
        "kind": prompt.kind,
        "level": prompt.level,
        "reason": prompt.reason,
        "due_s": prompt.due_s,
        "state": prompt.state.value,
        "closed_s": prompt.closed_s,
        "told_s": prompt.told_s,
        "begun_s": prompt.begun_s,
        "credited_s": prompt.credited_s,
        "length_s": prompt.length_s,
        "action": prompt.action,
        "can_postpone": prompt.can_postpone,
        "can_skip": prompt.can_skip,
    }


def prompt_of(row: Row[Any]) -> Prompt:
    return Prompt(
        prompt_id=row.prompt_id,
        kind=row.kind,
        level=row.level,
        reason=row.reason,
        due_s=row.due_s,
        state=PromptState(row.state),
        closed_s=row.closed_s,
        told_s=row.told_s,
        begun_s=row.begun_s,
        credited_s=row.credited_s,
        length_s=row.length_s,
        action=row.action,
        can_postpone=row.can_postpone,
        can_skip=row.can_skip,
    )


def _calibration_row(run: int, started_at: float, calibration: Calibration) -> dict[str, object]:
    return {
        "run": run,
        "segment": calibration.segment.value,
        "sensor_id": calibration.sensor_id,
        "made_at": None if np.isnan(calibration.made_s) else started_at + calibration.made_s,
        "payload": journal_records.encode_input(calibration),
    }


def calibration_of(payload: bytes) -> Calibration:
    """Raises SchemaError."""
    calibration = journal_records.decode_input(payload)
    if not isinstance(calibration, Calibration):
        raise SchemaError("A stored calibration could not be read; calibrate again.")
    return calibration


def newest_calibration(connection: Connection, wearer: str, segment: Segment, sensor_id: str) -> Calibration | None:
    """The newest one made (not carried over) by a live run of the wearer."""
    table = tables.calibrations
    payload = connection.execute(
        select(table.c.payload)
        .join(tables.runs, tables.runs.c.id == table.c.run)
        .join(tables.sessions, tables.sessions.c.key == tables.runs.c.session)
        .where(tables.runs.c.kind == "live", tables.sessions.c.wearer == wearer, table.c.made_at.is_not(None))
        .where(table.c.segment == segment.value, table.c.sensor_id == sensor_id)
        .order_by(table.c.id.desc())  # not made_at: simulated time may run ahead of the clock
        .limit(1)
    ).scalar_one_or_none()
    return None if payload is None else calibration_of(payload)


def shown_postures(connection: Connection, wearer: str, but_session_id: str) -> CarriedPostures:
    """Of the newest corrections of the wearer's sessions, as their shown runs tell them; oldest first."""
    table, sessions = tables.events, tables.sessions
    rows = connection.execute(
        select(table)
        .join(sessions, sessions.c.run_id == table.c.run)
        .where(sessions.c.wearer == wearer, sessions.c.id != but_session_id)
        .where(table.c.kind == CORRECTED, table.c.end_s > table.c.start_s)
        .order_by((sessions.c.started_at + table.c.start_s).desc(), table.c.run.desc())
        .limit(4 * NEWEST)  # some show no posture, and some are of the other stance
    ).all()
    shown = [posture for row in reversed(rows) if (posture := shown_of(event_of(row))) is not None]
    return CarriedPostures(tuple(shown))


def write_statuses(connection: Connection, statuses: Mapping[tuple[str, str], schema.Status]) -> None:
    rows = [
        {"wearer": wearer, "part": part, "payload": schema.encode(status)}
        for (wearer, part), status in statuses.items()
    ]
    upsert(connection, tables.statuses, rows)


def write_deliveries(connection: Connection, deliveries: Sequence[Delivered]) -> None:
    rows = [
        {
            "run": one.run_id,
            "prompt_id": one.prompt_id,
            "notifier": one.notifier,
            "at": one.at,
            "delivered": one.delivered,
            "reason": one.reason,
        }
        for one in deliveries
    ]
    upsert(connection, tables.deliveries, rows)
