"""Every message on MQTT and every record of the journal, defined once and pure.

Topics are `upstand/v1/{wearer}/…`; see docs/architecture.md for who speaks on which.
Samples are MessagePack, everything else is JSON. A message of an unknown version or shape
raises SchemaError, which its receiver counts and shows.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis import break_records
from analysis.break_flow import BreakAct, BreakInput, Buzz, Prompt, PromptState
from analysis.break_records import BreakRecord
from analysis.errors import SchemaError
from analysis.model import (
    Activity,
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    CarriedPostures,
    Event,
    FlexionRange,
    Floats,
    Input,
    Label,
    SampleBlock,
    Segment,
    SessionEnd,
    ShownPosture,
    Stance,
    Value,
)

VERSION = 1
ROOT = f"upstand/v{VERSION}"
_WEARER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every message carries: the version of its own shape."""

    v: int = VERSION


class Samples(Message, frozen=True, kw_only=True):
    """One SampleBlock as the sensor's own counts, so that it is small and exact."""

    session_id: str
    started_at: float  # s since the Unix epoch (UTC) at the session's t = 0
    source: str  # "radio", "simulated" or "replay"
    sensor_id: str
    segment: Segment
    seq: int
    t0: float  # s, time of the first sample
    dt: float  # s, spacing of the samples
    acc_scale: float  # m/s² per count
    gyr_scale: float  # rad/s per count
    counts: bytes  # (n, 6) int16 little-endian: acc xyz, gyr xyz
    lost: int = 0


class Stored(Message, frozen=True, kw_only=True):
    """Every block of this segment up to and with `seq` is safe in the store."""

    session_id: str
    segment: Segment
    seq: int


class LinkStatus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sensor as the bridge sees it."""

    segment: Segment
    sensor_id: str
    name: str
    family: str  # driver name
    state: str  # "searching", "connecting", "streaming" or "lost"
    rate_hz: float = 0.0
    samples: int = 0
    lost: int = 0
    bad_packets: int = 0
    battery_percent: int | None = None
    clock_residual_ms: float | None = None
    worn: bool | None = None
    losses: int = 0  # of the link
    away_s: float = 0.0  # how long it has been out of reach, real seconds
    lacks: list[str] = []  # what its family does not have: "clock", "counter", "gyroscope", …


class Status(Message, frozen=True, kw_only=True):
    """How one part of the system is. Retained; the last will says online = False."""

    part: str  # "bridge" or "service"
    online: bool
    at: float  # s since the Unix epoch (UTC)
    source: str = ""
    session_id: str = ""
    note: str = ""  # one sentence for a person: why simulated, what is missing, what to do
    links: list[LinkStatus] = []
    waiting_blocks: int = 0  # in the bridge's outbox
    bad_messages: int = 0  # of unknown version or shape, since the start


class FrameMessage(Message, frozen=True, kw_only=True):
    """Posture at one moment; NaN is sent as null."""

    session_id: str
    t: float
    values: dict[str, float | None]
    activity: str
    quality: list[str]


class EventMessage(Message, frozen=True, kw_only=True):
    session_id: str
    kind: str
    start_s: float
    end_s: float | None
    values: dict[str, Value]


class PromptMessage(Message, frozen=True, kw_only=True):
    session_id: str
    prompt_id: str
    kind: str
    level: int
    reason: str
    due_s: float
    state: PromptState
    closed_s: float | None
    told_s: float | None = None
    begun_s: float | None = None
    credited_s: float = 0.0
    length_s: float = 0.0
    action: str = ""
    can_postpone: bool = True
    can_skip: bool = True


class Command(Message, frozen=True, kw_only=True):
    """Something a person or the dashboard asks of the service or the bridge.

    actions of the service: "calibrate" (stance, kind, duration_s, start_s or now), "label" (text, start_s, end_s),
    "correct" (activity, start_s, end_s; UNKNOWN takes corrections back), "end" (of the session, at start_s),
    "break" (act; name of the type of break or the mode, duration_s or until_s, text: why; prompt_id: only if that one
    is open) and "break-status".
    actions of the bridge: "buzz" (segment, pattern), "identify" and "swap" (segment).
    """

    id: str
    action: str
    session_id: str = ""  # empty: the newest session of the wearer
    stance: Stance | None = None
    kind: CalibrationKind = CalibrationKind.STANCE
    start_s: float | None = None
    end_s: float | None = None
    duration_s: float | None = None
    text: str = ""
    segment: Segment | None = None
    activity: Activity | None = None
    act: BreakAct | None = None
    name: str = ""
    until_s: float | None = None  # s since midnight, local
    prompt_id: str = ""
    pattern: Buzz | None = None


class Reply(Message, frozen=True, kw_only=True):
    id: str
    ok: bool
    message: str  # one sentence


M = TypeVar("M", bound=Message)


def encode(message: Message) -> bytes:
    """MessagePack for Samples, JSON for everything else."""
    if isinstance(message, Samples):
        return msgspec.msgpack.encode(message)
    return msgspec.json.encode(message)


def decode(payload: bytes, kind: type[M]) -> M:
    """The message in `payload`. Raises SchemaError for any other shape or version."""
    codec: Any = msgspec.msgpack if kind is Samples else msgspec.json
    try:
        message: M = codec.decode(payload, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"A {kind.__name__} message could not be read ({error}); update the part that sent it."
        ) from error
    if message.v != VERSION:
        raise SchemaError(
            f"A {kind.__name__} message has version {message.v}, this is version {VERSION}; update both parts."
        )
    return message


def block_of(message: Samples) -> SampleBlock:
    """The SI block of a message. Raises SchemaError where the counts do not make whole, sane samples."""
    if not message.counts or len(message.counts) % 12 or not message.dt > 0 or not np.isfinite(message.t0 + message.dt):
        raise SchemaError("A Samples message does not hold whole samples; update the bridge.")
    counts: NDArray[np.int16] = np.frombuffer(message.counts, dtype="<i2").reshape(-1, 6)
    t: Floats = message.t0 + message.dt * np.arange(len(counts), dtype=np.float64)
    return SampleBlock(
        session_id=message.session_id,
        sensor_id=message.sensor_id,
        segment=message.segment,
        seq=message.seq,
        t=t,
        acc=counts[:, :3].astype(np.float64) * message.acc_scale,
        gyr=counts[:, 3:].astype(np.float64) * message.gyr_scale,
        lost=message.lost,
    )


class JournalCalibrate(msgspec.Struct, frozen=True, tag="calibrate"):
    start_s: float
    duration_s: float
    stance: Stance
    kind: CalibrationKind = CalibrationKind.STANCE  # records of before there were others have none


class JournalCalibration(msgspec.Struct, frozen=True, tag="calibration"):
    segment: Segment
    sensor_id: str
    stance: Stance
    made_s: float | None
    mounting: tuple[float, float, float, float]
    tilt_error_deg: float
    kind: CalibrationKind = CalibrationKind.STANCE
    heading_error_deg: float | None = None
    flexion: tuple[float, float, float] | None = None  # tall, slumped, full
    corrected_deg: float = 0.0


class JournalLabel(msgspec.Struct, frozen=True, tag="label"):
    start_s: float
    end_s: float
    text: str
    activity: Activity | None = None


class JournalPostures(msgspec.Struct, frozen=True, tag="postures"):
    shown: list[tuple[Activity, Stance, float, float | None, float | None, float | None, float | None]]


class JournalEnd(msgspec.Struct, frozen=True, tag="end"):
    at_s: float


_Journal = JournalCalibrate | JournalCalibration | JournalLabel | JournalPostures | JournalEnd | BreakRecord
Kept = CalibrateRequest | Calibration | Label | CarriedPostures | BreakInput | SessionEnd  # every input but samples


def encode_input(item: Kept) -> bytes:
    """A pipeline input other than samples, for the journal. Samples are journalled as they came."""
    record: _Journal
    match item:
        case CalibrateRequest():
            record = JournalCalibrate(item.start_s, item.duration_s, item.stance, item.kind)
        case Calibration():
            w, x, y, z = (float(part) for part in item.mounting)
            made_s = None if np.isnan(item.made_s) else item.made_s
            record = JournalCalibration(
                segment=item.segment,
                sensor_id=item.sensor_id,
                stance=item.stance,
                made_s=made_s,
                mounting=(w, x, y, z),
                tilt_error_deg=item.tilt_error_deg,
                kind=item.kind,
                heading_error_deg=None if np.isnan(item.heading_error_deg) else item.heading_error_deg,
                flexion=(own.tall_deg, own.slump_deg, own.full_deg) if (own := item.flexion) else None,
                corrected_deg=item.corrected_deg,
            )
        case Label():
            record = JournalLabel(item.start_s, item.end_s, item.text, item.activity)
        case CarriedPostures():
            record = JournalPostures([_shown_row(one) for one in item.shown])
        case SessionEnd():
            record = JournalEnd(item.at_s)
        case _:
            record = break_records.record_of(item)
    return msgspec.json.encode(record)


def decode_input(payload: bytes) -> Input:
    """The reverse of encode_input. Raises SchemaError."""
    try:
        record: Any = msgspec.json.decode(payload, type=_Journal)
    except msgspec.MsgspecError as error:
        raise SchemaError(f"A journal record could not be read ({error}); it is skipped.") from error
    match record:
        case JournalCalibrate():
            return CalibrateRequest(record.start_s, record.duration_s, record.stance, record.kind)
        case JournalCalibration():
            return Calibration(
                segment=record.segment,
                sensor_id=record.sensor_id,
                stance=record.stance,
                made_s=float("nan") if record.made_s is None else record.made_s,
                mounting=np.array(record.mounting),
                tilt_error_deg=record.tilt_error_deg,
                kind=record.kind,
                heading_error_deg=float("nan") if record.heading_error_deg is None else record.heading_error_deg,
                flexion=FlexionRange(*record.flexion) if record.flexion else None,
                corrected_deg=record.corrected_deg,
            )
        case JournalLabel():
            return Label(record.start_s, record.end_s, record.text, record.activity)
        case JournalPostures():
            return CarriedPostures(tuple(_shown_of(row) for row in record.shown))
        case JournalEnd():
            return SessionEnd(record.at_s)
        case _:
            return break_records.input_of(record)


def _shown_row(one: ShownPosture) -> Any:
    angles = (one.pelvis_deg, one.pelvis_spread_deg, one.lordosis_deg, one.lordosis_spread_deg)
    return one.activity, one.stance, one.known_s, *(None if np.isnan(angle) else angle for angle in angles)


def _shown_of(row: Any) -> ShownPosture:
    activity, stance, known_s, *angles = row
    return ShownPosture(activity, stance, known_s, *(float("nan") if angle is None else angle for angle in angles))


def event_message(session_id: str, event: Event) -> EventMessage:
    return EventMessage(
        session_id=session_id, kind=event.kind, start_s=event.start_s, end_s=event.end_s, values=dict(event.values)
    )


def prompt_message(session_id: str, prompt: Prompt) -> PromptMessage:
    return PromptMessage(
        session_id=session_id,
        prompt_id=prompt.prompt_id,
        kind=prompt.kind,
        level=prompt.level,
        reason=prompt.reason,
        due_s=prompt.due_s,
        state=prompt.state,
        closed_s=prompt.closed_s,
        told_s=prompt.told_s,
        begun_s=prompt.begun_s,
        credited_s=prompt.credited_s,
        length_s=prompt.length_s,
        action=prompt.action,
        can_postpone=prompt.can_postpone,
        can_skip=prompt.can_skip,
    )


def topic(wearer: str, *parts: str) -> str:
    """`upstand/v1/{wearer}/{parts…}`. Raises SchemaError for a wearer that is no plain word."""
    if wearer != "+" and not _WEARER.match(wearer):
        raise SchemaError(
            f"The wearer's name {wearer!r} must be 1 to 64 letters, digits, - or _; change `wearer` in upstand.toml."
        )
    return "/".join((ROOT, wearer, *parts))


def parts_of(topic_name: str) -> tuple[str, ...]:
    """(wearer, part, …) of a topic of ours. Raises SchemaError for any other."""
    if not topic_name.startswith(ROOT + "/"):
        raise SchemaError(f"The topic {topic_name!r} is not one of Upstand's; it is ignored.")
    return tuple(topic_name[len(ROOT) + 1 :].split("/"))
