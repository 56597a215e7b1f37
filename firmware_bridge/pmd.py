"""Polar's measurement data protocol (PMD): settings, frames and their compression.

Source: "Online measurement" v1.0 in polarofficial/polar-ble-sdk and the unit tests beside it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

SERVICE = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"

TICKS_HZ = 1_000_000_000
WRAP = 1 << 64
AXES = 3
_HEAD = struct.Struct("<BQB")  # what is measured, stamp of the last sample in ns, frame type
_COMPRESSED = 0x80

Integers = NDArray[np.int64]


class Measures(IntEnum):
    """What a stream is of."""

    ACC = 2
    GYRO = 5
    SDK_MODE = 9


class Setting(IntEnum):
    """Types of what a measurement is started with, and answered."""

    RATE = 0  # Hz
    RESOLUTION = 1  # bits
    RANGE = 2  # ±g or ±°/s
    CHANNELS = 4
    FACTOR = 5  # a count's worth, f32


_WIDTHS: dict[int, int] = {Setting.CHANNELS: 1, Setting.FACTOR: 4}  # bytes of a value; 2 for all others

OK, ALREADY = 0, 6
REFUSALS = {
    1: "an unknown command",
    2: "an unknown measurement",
    3: "not supported",
    5: "a wrong parameter",
    7: "this resolution",
    8: "this rate",
    9: "this range",
    10: "packets as small as the link allows",
    11: "this number of channels",
    12: "its state",
    13: "while it charges",
}


_BITS: dict[tuple[int, int], int] = {  # of one value, by measurement and frame type
    (Measures.ACC, 0): 8,
    (Measures.ACC, 1): 16,
    (Measures.ACC, 2): 24,
    (Measures.GYRO, 0): 16,
    (Measures.GYRO, 1): 32,
}
_COMPRESSED_BITS: dict[tuple[int, int], int] = {(Measures.ACC, 0): 16, (Measures.ACC, 1): 16, (Measures.GYRO, 0): 16}


class FrameError(ValueError):
    """Bytes that are no frame; says in a few words why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One notification of the data characteristic."""

    measures: int
    stamp_ns: int  # of the last sample
    kind: int  # of frame, without the compression bit
    is_compressed: bool
    values: Integers  # (n, 3); IEEE 754 bits where `is_float`
    is_float: bool = False


def started(measures: Measures, rate_hz: float, value_range: int, *, channels: bool) -> bytes:
    """The command that starts a measurement at 16 bits."""
    settings = [(Setting.RATE, int(rate_hz)), (Setting.RESOLUTION, 16), (Setting.RANGE, value_range)]
    told = b"".join(struct.pack("<BBH", kind, 1, value) for kind, value in settings)
    return bytes((2, measures)) + told + (bytes((Setting.CHANNELS, 1, AXES)) if channels else b"")


def stopped(measures: Measures) -> bytes:
    return bytes((3, measures))


def settings_of(data: bytes) -> dict[int, list[int]]:
    """Values by setting; a factor is the bits of its f32. Raises FrameError where it is cut off."""
    found: dict[int, list[int]] = {}
    at = 0
    while at + 2 <= len(data):
        kind, count = data[at], data[at + 1]
        width = _WIDTHS.get(kind, 2)
        at += 2
        if at + count * width > len(data):
            raise FrameError("settings that are cut off")
        found[kind] = [int.from_bytes(data[at + k * width :][:width], "little") for k in range(count)]
        at += count * width
    return found


def factor_of(settings: dict[int, list[int]]) -> float | None:
    """A count's worth in g or °/s, if the sensor told it and it makes sense."""
    bits = settings.get(Setting.FACTOR)
    if not bits:
        return None
    factor = float(np.array(bits[:1], dtype="<u4").view("<f4")[0])
    return factor if 1e-6 < factor < 10 else None


def decode_frame(data: bytes) -> Frame:
    """Raises FrameError."""
    if len(data) <= _HEAD.size:
        raise FrameError("short frame")
    measures, stamp_ns, frame_type = _HEAD.unpack_from(data)
    kind, content = frame_type & ~_COMPRESSED, data[_HEAD.size :]
    bits = _bits(measures, kind, is_compressed=bool(frame_type & _COMPRESSED))
    if frame_type & _COMPRESSED:
        return Frame(measures, stamp_ns, kind, True, decode_delta(content, bits))
    if len(content) % (AXES * bits // 8):
        raise FrameError("frame of a wrong length")
    return Frame(measures, stamp_ns, kind, False, _integers(content, bits), is_float=bits == 32)


def _bits(measures: int, kind: int, *, is_compressed: bool) -> int:
    bits = (_COMPRESSED_BITS if is_compressed else _BITS).get((measures, kind))
    if bits is None:
        raise FrameError("frame of an unknown kind")
    return bits


def _integers(data: bytes, bits: int) -> Integers:
    """(n, 3) of signed little-endian integers."""
    raw = np.frombuffer(data, dtype=np.uint8).reshape(-1, bits // 8).astype(np.int64)
    values: Integers = (raw << (8 * np.arange(bits // 8))).sum(axis=1)
    sign = np.int64(1) << (bits - 1)
    return ((values ^ sign) - sign).reshape(-1, AXES)


def decode_delta(content: bytes, bits: int) -> Integers:
    """(n, 3): a reference sample, then blocks of differences to the sample before. Raises FrameError.

    A block is [bits of a difference, number of samples] and the differences, packed from the lowest bit up and filled
    to a whole byte.
    """
    at = AXES * (bits // 8)
    if len(content) < at:
        raise FrameError("frame without its first sample")
    pieces = [_integers(content[:at], bits)]
    while at < len(content):
        if at + 2 > len(content):
            raise FrameError("frame with half a block")
        width, count = content[at], content[at + 1]
        size = (width * count * AXES + 7) // 8
        if not 0 < width <= 32 or at + 2 + size > len(content):
            raise FrameError("frame with a block that is cut off")
        packed = np.frombuffer(content, dtype=np.uint8, count=size, offset=at + 2)
        steps = np.unpackbits(packed, bitorder="little")[: width * count * AXES].reshape(-1, width).astype(np.int64)
        values = (steps << np.arange(width)).sum(axis=1)
        sign = np.int64(1) << (width - 1)
        pieces.append(((values ^ sign) - sign).reshape(-1, AXES))
        at += 2 + size
    return np.cumsum(np.concatenate(pieces), axis=0)
