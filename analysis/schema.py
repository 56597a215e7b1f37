"""Every message on MQTT, defined once and pure. What the journal keeps of all but samples is in `journal_records`.

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

from analysis.break_flow import BreakAct, Buzz, Prompt, PromptState
from analysis.errors import SchemaError
from analysis.model import (
    Activity,
    CalibrationKind,
    Event,
    Floats,
    SampleBlock,
    Segment,
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
