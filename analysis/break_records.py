"""What the journal keeps of the inputs about breaks, and the store of what is told of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from analysis.break_flow import BreakAct, BreakInput, BreakMemory, BreakRequest, BreakTally, NewRules
from analysis.desk import ClockAnchor, Desk, DeskState, Slept
from analysis.errors import SchemaError


class JournalDesk(msgspec.Struct, frozen=True, tag="desk"):
    at_s: float
    desk: int  # Desk bits
    idle_s: float | None


class JournalAnchor(msgspec.Struct, frozen=True, tag="anchor"):
    at_s: float
    utc_s: float
    offset_s: float


class JournalSlept(msgspec.Struct, frozen=True, tag="slept"):
    at_s: float
    slept_s: float


class JournalAct(msgspec.Struct, frozen=True, tag="act"):
    at_s: float
    act: BreakAct
    kind: str
    reason: str
    for_s: float | None
    until_s: float | None


class JournalMemory(msgspec.Struct, frozen=True, tag="memory"):
    at_s: float
    utc_s: float | None
    clocks_s: Mapping[str, float]
    seated_s: float
    day: int
    skips: Mapping[str, int]
    habits: Mapping[str, float]
    waits: Mapping[str, tuple[float, str]] = {}
    paused_s: float | None = None
    is_paused: bool = False  # with no end where paused_s is None
    mode: str = ""


class JournalRules(msgspec.Struct, frozen=True, tag="rules"):
    at_s: float
    rules: bytes


BreakRecord = JournalDesk | JournalAnchor | JournalSlept | JournalAct | JournalMemory | JournalRules


def record_of(item: BreakInput) -> BreakRecord:
    match item:
        case DeskState():
            return JournalDesk(item.at_s, int(item.desk), None if math.isnan(item.idle_s) else item.idle_s)
        case ClockAnchor():
            return JournalAnchor(item.at_s, item.utc_s, item.offset_s)
        case Slept():
            return JournalSlept(item.at_s, item.slept_s)
        case BreakRequest():
            return JournalAct(item.at_s, item.act, item.kind, item.reason, item.for_s, item.until_s)
        case BreakMemory():
            return memory_record(item)
        case NewRules():
            return JournalRules(item.at_s, item.rules)


def memory_record(item: BreakMemory) -> JournalMemory:
    return JournalMemory(
        item.at_s,
        None if math.isnan(item.utc_s) else item.utc_s,
        item.clocks_s,
        item.seated_s,
        item.day,
        item.skips,
        item.habits,
        item.waits,
        None if item.paused_s is None or math.isinf(item.paused_s) else item.paused_s,
        item.paused_s is not None,
        item.mode,
    )


def input_of(record: BreakRecord) -> BreakInput:
    """The reverse of record_of."""
    match record:
        case JournalDesk():
            return DeskState(record.at_s, Desk(record.desk), math.nan if record.idle_s is None else record.idle_s)
        case JournalAnchor():
            return ClockAnchor(record.at_s, record.utc_s, record.offset_s)
        case JournalSlept():
            return Slept(record.at_s, record.slept_s)
        case JournalAct():
            return BreakRequest(record.at_s, record.act, record.kind, record.reason, record.for_s, record.until_s)
        case JournalMemory():
            return memory_of(record)
        case JournalRules():
            return NewRules(record.at_s, record.rules)


def memory_of(record: JournalMemory) -> BreakMemory:
    return BreakMemory(
        record.at_s,
        math.nan if record.utc_s is None else record.utc_s,
        record.clocks_s,
        record.seated_s,
        record.day,
        record.skips,
        record.habits,
        record.waits,
        math.inf if record.is_paused and record.paused_s is None else record.paused_s,
        record.mode,
    )


def encode_tally(tally: BreakTally) -> bytes:
    return msgspec.msgpack.encode(tally)


def decode_tally(payload: bytes) -> BreakTally:
    """Raises SchemaError."""
    try:
        return msgspec.msgpack.decode(payload, type=BreakTally)
    except msgspec.MsgspecError as error:
        raise SchemaError("A stored tally could not be read; run `upstand reanalyze` to compute it again.") from error


def encode_memory(memory: BreakMemory) -> bytes:
    return msgspec.msgpack.encode(memory_record(memory))


def decode_memory(payload: bytes) -> BreakMemory:
    """Raises SchemaError."""
    try:
        return memory_of(msgspec.msgpack.decode(payload, type=JournalMemory))
    except msgspec.MsgspecError as error:
        raise SchemaError("What was stored of earlier breaks could not be read; it is left out.") from error
