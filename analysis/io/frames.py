"""PostureFrames as bytes, in chunks, and as minutes. Every bit of a float64 survives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis.errors import SchemaError
from analysis.model import FRAME_HZ, Activity, Codes, Flags, Floats, PostureFrame

CHUNK_S = 10.0  # one row of the frames table; rewritten while it grows
MINUTE_S = 60.0

EMPTY = PostureFrame(np.empty(0), {}, np.empty(0, np.int8), np.empty(0, np.uint16))


class _Chunk(msgspec.Struct, frozen=True, array_like=True):
    t: bytes
    names: list[str]
    values: list[bytes]
    activity: bytes
    quality: bytes


def encode_frame(frame: PostureFrame) -> bytes:
    """MessagePack of the little-endian arrays."""
    return msgspec.msgpack.encode(
        _Chunk(
            t=frame.t.astype("<f8").tobytes(),
            names=list(frame.values),
            values=[column.astype("<f8").tobytes() for column in frame.values.values()],
            activity=frame.activity.astype("<i1").tobytes(),
            quality=frame.quality.astype("<u2").tobytes(),
        )
    )


def decode_frame(payload: bytes) -> PostureFrame:
    """The reverse of encode_frame. Raises SchemaError."""
    try:
        chunk = msgspec.msgpack.decode(payload, type=_Chunk)
        values = {name: _floats(column) for name, column in zip(chunk.names, chunk.values, strict=True)}
        activity: Codes = np.frombuffer(chunk.activity, "<i1").astype(np.int8)
        quality: Flags = np.frombuffer(chunk.quality, "<u2").astype(np.uint16)
        return PostureFrame(_floats(chunk.t), values, activity, quality)
    except (msgspec.MsgspecError, ValueError) as error:
        raise SchemaError("Stored posture could not be read; run `upstand reanalyze` to compute it again.") from error


def _floats(data: bytes) -> Floats:
    return np.frombuffer(data, "<f8").astype(np.float64)


def join(frames: Sequence[PostureFrame]) -> PostureFrame:
    """One frame of all ticks; a metric that a frame lacks is NaN there."""
    if len(frames) == 1:
        return frames[0]
    if not frames:
        return EMPTY
    names = list(dict.fromkeys(name for frame in frames for name in frame.values))
    return PostureFrame(
        t=np.concatenate([frame.t for frame in frames]),
        values={
            name: np.concatenate([frame.values.get(name, np.full(len(frame.t), np.nan)) for frame in frames])
            for name in names
        },
        activity=np.concatenate([frame.activity for frame in frames]),
        quality=np.concatenate([frame.quality for frame in frames]),
    )


def cut(frame: PostureFrame, rows: slice | NDArray[np.bool_]) -> PostureFrame:
    """Some of the ticks."""
    values = {name: column[rows] for name, column in frame.values.items()}
    return PostureFrame(frame.t[rows], values, frame.activity[rows], frame.quality[rows])


def pieces(frame: PostureFrame, span_s: float) -> Iterator[tuple[int, PostureFrame]]:
    """(k, the ticks in [k span_s, (k + 1) span_s)) for every k that has some, in order."""
    # a tick is k / FRAME_HZ in floating point; half a tick of grace keeps 60.0 out of minute 0
    index = np.floor((frame.t + 0.5 / FRAME_HZ) / span_s).astype(np.int64)
    bounds = [0, *(np.flatnonzero(np.diff(index)) + 1), len(index)]
    for begin, end in pairwise(bounds):
        if begin < end:
            yield int(index[begin]), cut(frame, slice(int(begin), int(end)))


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """One metric over one minute; `n` ticks had a value."""

    metric: str
    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class MinuteSum:
    """All that is kept for good of one minute of frames."""

    minute: int
    rows: tuple[MinuteRow, ...]  # of metrics that had a value
    seconds: Mapping[Activity, float]


def sum_minute(minute: int, frame: PostureFrame) -> MinuteSum:
    """The summary of all ticks of one minute."""
    rows = []
    for name, column in frame.values.items():
        known = column[~np.isnan(column)]
        if len(known):
            rows.append(MinuteRow(name, float(known.mean()), float(known.min()), float(known.max()), len(known)))
    ticks = np.bincount(frame.activity, minlength=len(Activity))
    return MinuteSum(minute, tuple(rows), {a: float(ticks[a]) / FRAME_HZ for a in Activity if ticks[a]})


class Ledger:
    """What one run's newest frames add to the frames and minutes tables, whole minutes at a time.

    Only the current minute is remembered, so what is written does not depend on how frames were cut.
    """

    def __init__(self, open_minute: PostureFrame = EMPTY) -> None:
        self._minute = open_minute

    def copy(self) -> Ledger:
        return Ledger(self._minute)

    def feed(self, frames: Iterable[PostureFrame]) -> tuple[list[tuple[int, PostureFrame]], list[MinuteSum]]:
        """(chunks, minutes) to be written over those of the same number."""
        new = [frame for frame in frames if len(frame.t)]
        if not new:
            return [], []
        begin_s = float(new[0].t[0])
        known = join([self._minute, *new]) if len(self._minute.t) else join(new)
        minutes = list(pieces(known, MINUTE_S))
        self._minute = minutes[-1][1]
        first = int(np.floor((begin_s + 0.5 / FRAME_HZ) / CHUNK_S))
        chunks = [(number, piece) for number, piece in pieces(known, CHUNK_S) if number >= first]
        begun = int(np.floor((begin_s + 0.5 / FRAME_HZ) / MINUTE_S))
        return chunks, [sum_minute(number, piece) for number, piece in minutes if number >= begun]
