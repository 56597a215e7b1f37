"""Polar Verity Sense: acceleration and turn rate as two compressed streams, each stamped in ns.

Source: polarofficial/polar-ble-sdk, "Online measurement" v1.0 of August 2024. At 52 Hz it measures at once; other
rates need its SDK mode (firmware 1.1.5 or newer), in which it measures no heart rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, pi

import numpy as np

from analysis.model import GRAVITY, Floats, Segment
from firmware_bridge import pmd
from firmware_bridge.counting import counts_of, full_scale
from firmware_bridge.driver import Battery, Driver, Item, Run, Scale, Ticks, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.joining import StampJoin
from firmware_bridge.packet import RawPacket
from firmware_bridge.pmd import Measures
from firmware_bridge.stamps import PacketClock

BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"
ACC_G, GYR_DPS = 8, 2000
SCALE = full_scale(ACC_G, GYR_DPS)
_RATES_HZ = (26.0, 52.0, 104.0, 208.0)
_PLAIN_RATE_HZ = 52.0
_RADIANS = pi / 180


class PolarParser:
    """Frames of either stream → samples of both, or of accelerations alone."""

    def __init__(self, sensor_id: str, rate_hz: float, *, has_gyroscope: bool = True) -> None:
        self._sensor_id = sensor_id
        self._commands = commands(rate_hz) if has_gyroscope else ()
        self._next: list[Write] = []  # each is written when the one before it has been answered
        self._clocks = {
            kind: PacketClock(ticks_hz=pmd.TICKS_HZ, wrap=pmd.WRAP, rate_hz=rate_hz, stamps_last=True)
            for kind in (Measures.ACC, Measures.GYRO)
        }
        self._factors = {Measures.ACC: ACC_G / 32768, Measures.GYRO: GYR_DPS / 32768}  # until it tells its own
        self._join = StampJoin()
        self._has_gyroscope = has_gyroscope
        self._scale = SCALE if has_gyroscope else Scale(SCALE.acc, nan)
        self._is_restart = False

    def opened(self) -> list[Item]:
        for clock in self._clocks.values():
            clock.opened()
        self._next = list(self._commands[1:])
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        try:
            if packet.channel == pmd.DATA:
                return self._frame(pmd.decode_frame(packet.data), packet)
            if packet.channel == pmd.CONTROL:
                return self._answer(packet.data)
        except pmd.FrameError as error:
            return [self._error(str(error), packet.data)]
        if packet.channel == BATTERY and len(packet.data) == 1 and packet.data[0] <= 100:
            return [Battery(packet.data[0])]
        return [self._error("foreign characteristic or value", packet.data)]

    def finish(self) -> list[Item]:
        return []

    def _frame(self, frame: pmd.Frame, packet: RawPacket) -> list[Item]:
        kind = Measures(frame.measures)
        values = self._values(kind, frame)
        limit = self._scale.acc if kind is Measures.ACC else SCALE.gyr
        if not (np.abs(values) < 1.5 * 32768 * limit).all():
            return [self._error("values beyond any range", packet.data)]
        ticks = self._clocks[kind].place(frame.stamp_ns, len(values), packet.arrived_s)
        if ticks is None:
            return [self._error("frame that came twice or at no possible time", packet.data)]
        if ticks.is_restart:
            self._join.restart(ticks.start_s)
            self._is_restart = True
        newest_s = ticks.start_s + (len(values) - 1) * ticks.spacing_s
        if not self._has_gyroscope:
            return self._runs(ticks.start_s, ticks.spacing_s, np.pad(values, ((0, 0), (0, 3))), newest_s, packet)
        add = self._join.acc if kind is Measures.ACC else self._join.gyr
        add(ticks.start_s, ticks.spacing_s, values)
        items: list[Item] = []
        for piece in self._join.take():
            items += self._runs(piece.start_s, piece.spacing_s, piece.values, newest_s, packet)
        return items

    def _runs(self, start_s: float, spacing_s: float, values: Floats, newest_s: float, packet: RawPacket) -> list[Item]:
        counts = counts_of(values, SCALE)
        if counts is None:
            return [self._error("values beyond any range", packet.data)]
        ticks = Ticks(start_s, spacing_s, is_restart=self._is_restart, newest_s=newest_s)
        self._is_restart = False
        return [Run(packet.arrived_s, len(values), counts, self._scale, ticks)]

    def _values(self, kind: Measures, frame: pmd.Frame) -> Floats:
        """(n, 3) in m/s² or rad/s. Accelerations of type 0 count in factors when compressed, all others in mg."""
        if kind is Measures.GYRO:
            if frame.is_float:
                with np.errstate(invalid="ignore"):  # a NaN is found out later
                    told: Floats = frame.values.astype(np.uint32).view(np.float32).astype(np.float64)
                unit = _RADIANS
            else:
                told, unit = frame.values.astype(np.float64), _RADIANS * self._factors[kind]
        else:
            is_factored = frame.kind == 0 and frame.is_compressed
            told, unit = frame.values.astype(np.float64), GRAVITY * (self._factors[kind] if is_factored else 1e-3)
        scaled: Floats = told * unit
        return scaled

    def _answer(self, data: bytes) -> list[Item]:
        if len(data) < 4 or data[0] != 0xF0:
            return [] if data[:1] == b"\x0f" else [self._error("not an answer of PMD", data)]
        _, operation, kind, status = data[:4]
        if operation != 2:
            return []
        items: list[Item] = [self._next.pop(0)] if self._next else []
        if status not in (pmd.OK, pmd.ALREADY):
            why = pmd.REFUSALS.get(status, f"status {status}")
            return [*items, self._error(f"refused to measure: {why}; restart it and update its firmware", data)]
        factor = pmd.factor_of(pmd.settings_of(data[5:]))  # after the byte that says whether more follows
        if factor is not None and kind in self._factors:
            self._factors[Measures(kind)] = factor
        return items

    def _error(self, kind: str, data: bytes) -> PacketError:
        return PacketError(self._sensor_id, kind, data)


def commands(rate_hz: float) -> tuple[Write, ...]:
    """What starts a Verity Sense; it takes one at a time."""
    sdk_mode = () if rate_hz == _PLAIN_RATE_HZ else (Write(pmd.CONTROL, bytes((2, Measures.SDK_MODE))),)
    return (
        *sdk_mode,
        Write(pmd.CONTROL, pmd.started(Measures.ACC, rate_hz, ACC_G, channels=True)),
        Write(pmd.CONTROL, pmd.started(Measures.GYRO, rate_hz, GYR_DPS, channels=True)),
    )


def _start(rate_hz: float) -> tuple[Write, ...]:
    return commands(rate_hz)[:1]


def _matches(name: str, _services: Sequence[str]) -> bool:
    return name.startswith(("Polar Sense", "Polar Verity"))


def _place(_name: str) -> Segment | None:
    return None  # the name ends with a serial number


DRIVER = Driver(
    family="polar",
    service=pmd.SERVICE,
    channels=(pmd.CONTROL, pmd.DATA),
    rates_hz=_RATES_HZ,
    has_clock=True,
    max_drift=0.002,
    matches=_matches,
    place=_place,
    parser=PolarParser,
    start=_start,
    listens_first=True,
    stop=tuple(Write(pmd.CONTROL, pmd.stopped(kind)) for kind in (Measures.ACC, Measures.GYRO)),
    reads=(BATTERY,),
    ranges="±8 g, ±2000 °/s",
)
