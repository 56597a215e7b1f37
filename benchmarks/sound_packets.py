"""Sound packets of every family, as its impersonation sends them: the first count of a sample is its number."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from analysis.model import GRAVITY, Floats
from firmware_bridge import pmd
from firmware_bridge.described import all_drivers
from firmware_bridge.driver import Scale
from firmware_bridge.drivers import dot, metamotion, movesense, slimevr, thingy52, upstand, witmotion
from firmware_bridge.packet import RawPacket
from hardware.firmware import wire
from hardware.twin.peripherals import dot as dot_twin
from hardware.twin.peripherals import movesense as movesense_twin
from hardware.twin.peripherals import polar as polar_twin
from hardware.twin.peripherals import slimevr as slimevr_twin
from hardware.twin.peripherals import thingy52 as thingy52_twin
from hardware.twin.peripherals import witmotion as witmotion_twin

SENSOR = "AA:BB:CC:DD:EE:FF"
DRIVERS = all_drivers()
LATENCY_S = 0.01

Integers = NDArray[np.int64]
Piece = tuple[str, bytes]  # channel, value


def rate_of(family: str) -> float:
    return DRIVERS[family].nearest_rate(52)


def sound(family: str, packets: int, first: int = 0) -> list[RawPacket]:
    """So many packets from the `first`-th on, each arriving a little after its last sample."""
    make, group = _MAKERS[family]
    rate_hz = rate_of(family)
    told: list[RawPacket] = []
    for k in range(first, first + packets):
        index = np.arange(k * group, (k + 1) * group)
        arrived_s = float(index[-1]) / rate_hz + LATENCY_S
        told += [RawPacket(SENSOR, channel, arrived_s, data) for channel, data in make(index, rate_hz)]
    return told


def _values(index: Integers, scale: Scale) -> Floats:
    values = np.zeros((len(index), 6))
    values[:, 0] = index * scale.acc
    values[:, 4] = 100 * (1.0 if np.isnan(scale.gyr) else scale.gyr)
    return values


def _upstand(index: Integers, rate_hz: float) -> Iterator[Piece]:
    rows = np.zeros((len(index), 6), "<i2")
    rows[:, 0] = index
    ticks = np.rint(index * wire.TICKS_HZ / rate_hz).astype(int)
    packet = wire.StreamPacket(
        seq=int(index[0]) // len(index),
        ticks=int(ticks[0]),
        span_ticks=int(ticks[-1] - ticks[0]),
        rate_hz=int(rate_hz),
        acc_code=1,
        gyro_code=2,
        samples=rows.tobytes(),
        clipped=False,
    )
    yield upstand.STREAM, wire.encode_stream(packet)


def _witmotion(index: Integers, _rate_hz: float) -> Iterator[Piece]:
    rows = np.zeros((len(index), 6), np.int16)
    rows[:, 0], rows[:, 2] = index, 2048
    yield witmotion.NOTIFY, witmotion_twin.frames(rows)


def _dot(index: Integers, rate_hz: float) -> Iterator[Piece]:
    for number, row in zip(index, _values(index, dot.SCALE), strict=True):
        yield dot.MEDIUM_PAYLOAD, dot_twin.payload(round(number * 1e6 / rate_hz), row)


def _movesense(index: Integers, rate_hz: float) -> Iterator[Piece]:
    ticks = round(index[0] * 1000 / rate_hz)
    for part in movesense_twin.parts(movesense.REFERENCE, ticks, _values(index, movesense.SCALE)):
        yield movesense.DATA, part


def _polar(index: Integers, rate_hz: float) -> Iterator[Piece]:
    stamp = round(index[-1] * 1e9 / rate_hz)
    rows = np.zeros((len(index), 3), np.int64)
    rows[:, 0] = index
    yield pmd.DATA, polar_twin.frame(polar_twin.ACC, stamp, rows, 0)
    yield pmd.DATA, polar_twin.frame(polar_twin.GYRO, stamp, 0 * rows + 100, 0)


def _polar_h10(index: Integers, rate_hz: float) -> Iterator[Piece]:
    yield next(_polar(index, rate_hz))


def _metamotion(index: Integers, _rate_hz: float) -> Iterator[Piece]:
    if index[0] == 0:
        yield metamotion.NOTIFY, bytes((metamotion.ACC, 0x80, 4, 0))
    rows = np.zeros((len(index), 6), "<i2")
    rows[:, 0] = index
    yield metamotion.NOTIFY, bytes((metamotion.ACC, 0x05)) + rows[:, :3].tobytes()
    yield metamotion.NOTIFY, bytes((metamotion.GYRO, 0x05)) + rows[:, 3:].tobytes()


def _thingy52(index: Integers, _rate_hz: float) -> Iterator[Piece]:
    for row in _values(index, thingy52.SCALE):
        yield thingy52.RAW, thingy52_twin.raw(row)


def _floats_apart(acc: str, gyr: str, acc_unit: float, gyr_unit: float, scale: Scale) -> _Make:
    def make(index: Integers, _rate_hz: float) -> Iterator[Piece]:
        for row in _values(index, scale):
            yield acc, (row[:3] / acc_unit).astype("<f4").tobytes()
            yield gyr, (row[3:] / gyr_unit).astype("<f4").tobytes()

    return make


def _espruino(index: Integers, _rate_hz: float) -> Iterator[Piece]:
    acc = 2 * GRAVITY / 32768 / 0.000598551  # numbers of the driver's counts in the sensor's
    for number in index:
        yield "6e400003-b5a3-f393-e0a9-e50e24dcca9e", f"{number * acc:.3f},0,16384,0,100,0\r\n".encode()


def _slimevr(index: Integers, _rate_hz: float) -> Iterator[Piece]:
    for number in index:
        half = 0.2 * np.sin(number / 50)
        q = np.array([np.cos(half), 0.0, np.sin(half), 0.0])
        body = slimevr_twin.rotation_and_acceleration(0, q, np.zeros(3))
        yield slimevr.CHANNEL, slimevr_twin.datagram(int(number) + 1, 23, body)


_Make = Callable[[Integers, float], Iterator[Piece]]
_FOUR_G = Scale(4 * GRAVITY / 32768, float(np.radians(2000)) / 32768)
_SIXTEEN_G = Scale(16 * GRAVITY / 32768, float(np.radians(2000)) / 32768)
_ARDUINO = DRIVERS["arduino"].channels
_ADAFRUIT = DRIVERS["adafruit"].channels

_MAKERS: Mapping[str, tuple[_Make, int]] = {  # and how many samples a packet holds
    "upstand": (_upstand, 13),
    "witmotion": (_witmotion, 2),
    "dot": (_dot, 1),
    "movesense": (_movesense, 8),
    "polar": (_polar, 16),
    "polar_h10": (_polar_h10, 16),
    "metamotion": (_metamotion, 3),
    "thingy52": (_thingy52, 1),
    "arduino": (_floats_apart(_ARDUINO[0], _ARDUINO[1], GRAVITY, float(np.radians(1)), _FOUR_G), 1),
    "adafruit": (_floats_apart(_ADAFRUIT[0], _ADAFRUIT[1], 1.0, 1.0, _SIXTEEN_G), 1),
    "espruino": (_espruino, 1),
    "slimevr": (_slimevr, 1),
}


def families() -> list[str]:
    """All whose packets can be made."""
    return sorted(_MAKERS)


def heads() -> list[bytes]:
    """How sound packets begin: junk that begins so goes deeper."""
    return [packet.data[:n] for family in _MAKERS for packet in sound(family, 1) for n in (2, 6, 14)] + [
        struct.pack("<BQB", 5, 10**9, 0x80)
    ]
