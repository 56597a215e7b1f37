"""Movesense HR+, HR2, MD and Flash with the GATT sensor data protocol (GSP): floats in groups, stamped in ms.

Sources: sokolmarek/movesense-commander (MIT, 2026), whose layouts were measured on hardware, and the maker's sample
firmware gatt_sensordata_app. A packet longer than 150 bytes comes in parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.model import Floats, Segment
from firmware_bridge.counting import counts_of, full_scale
from firmware_bridge.driver import Battery, Driver, Item, Run, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket
from firmware_bridge.stamps import PacketClock

SERVICE = "34802252-7185-4d5d-b431-630e7050e8f0"
COMMAND = "34800001-7185-4d5d-b431-630e7050e8f0"
DATA = "34800002-7185-4d5d-b431-630e7050e8f0"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"

SCALE = full_scale(16.0, 2000.0)  # the widest that it can be set to; over GSP nobody can ask which it is
REFERENCE = 0x55  # what our subscription is called
TICKS_HZ = 1000
WRAP = 1 << 32
PART_BYTES = 150
_SUBSCRIBE, _UNSUBSCRIBE = 1, 2
_RESULT, _FIRST_PART, _LATER_PARTS = 1, 2, (3, 4)
_RATES_HZ = (13.0, 26.0, 52.0, 104.0, 208.0)
_ROW_BYTES = 12
_ADVICE = {
    404: "its firmware has no such measurement; install the maker's GATT sensor data app on it",
    429: "it has no room for another request; take it off the strap and press it on again to restart it",
}


def decode_arrays(payload: bytes, arrays: int) -> tuple[int, Floats] | None:
    """(stamp in ms, (arrays, n, 3) values) of a measurement of so many arrays; None where the length fits none."""
    size = len(payload) - 4
    if size <= 0 or size % (arrays * _ROW_BYTES):
        return None
    with np.errstate(invalid="ignore"):  # a NaN is found out later
        values = np.frombuffer(payload, dtype="<f4", offset=4).astype(np.float64)
    return int.from_bytes(payload[:4], "little"), values.reshape(arrays, -1, 3)


class MovesenseParser:
    """Notifications → samples; the parts of a packet are joined in their order."""

    def __init__(self, sensor_id: str, rate_hz: float) -> None:
        self._sensor_id = sensor_id
        self._clock = PacketClock(ticks_hz=TICKS_HZ, wrap=WRAP, rate_hz=rate_hz)
        self._parts = b""

    def opened(self) -> list[Item]:
        self._parts = b""
        self._clock.opened()
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        data = packet.data
        if packet.channel == BATTERY:
            return [self._battery(data)]
        if packet.channel != DATA or len(data) < 3:
            return [self._error("not a notification of GSP", data)]
        kind, reference, payload = data[0], data[1], data[2:]
        if reference != REFERENCE:
            return [self._error("answer to somebody else's request", data)]
        if kind == _RESULT:
            return self._result(payload)
        if kind == _FIRST_PART:
            dropped: list[Item] = [self._error("packet that was not finished", self._parts)] if self._parts else []
            self._parts = payload
        elif kind in _LATER_PARTS and self._parts:
            dropped, self._parts = [], self._parts + payload
        else:
            return [self._error("part without a beginning", data)]
        if len(payload) >= PART_BYTES:
            return dropped  # full, so that there is more
        return [*dropped, self._samples(packet.arrived_s)]

    def finish(self) -> list[Item]:
        return []

    def _samples(self, arrived_s: float) -> Item:
        payload, self._parts = self._parts, b""
        decoded = decode_arrays(payload, 2)
        if decoded is None:
            return self._error("measurement of a wrong length", payload)
        stamp, (acc, gyr) = decoded
        counts = counts_of(np.concatenate([acc, np.radians(gyr)], axis=1), SCALE)
        if counts is None:
            return self._error("values beyond any range", payload)
        ticks = self._clock.place(stamp, len(acc), arrived_s)
        if ticks is None:
            return self._error("packet that came twice or at no possible time", payload)
        return Run(arrived_s, len(acc), counts, SCALE, ticks)

    def _result(self, payload: bytes) -> list[Item]:
        status = int.from_bytes(payload[:2], "little")
        if len(payload) < 2 or 200 <= status < 300:
            return []
        why = _ADVICE.get(status, "restart it")
        return [self._error(f"refused to measure, status {status}: {why}", payload)]

    def _battery(self, data: bytes) -> Item:
        if len(data) != 1 or data[0] > 100:
            return self._error("not a battery level", data)
        return Battery(data[0])

    def _error(self, kind: str, data: bytes) -> PacketError:
        return PacketError(self._sensor_id, kind, data)


def _start(rate_hz: float) -> tuple[Write, ...]:
    """Ranges cannot be set over GSP. The path ends with a zero, as in the tool tested on hardware."""
    path = f"/Meas/IMU6/{rate_hz:.0f}".encode() + b"\0"
    return (Write(COMMAND, bytes((_SUBSCRIBE, REFERENCE)) + path),)


def _matches(name: str, services: Sequence[str]) -> bool:
    return name.startswith("Movesense") or SERVICE in services


def _place(_name: str) -> Segment | None:
    return None  # the name ends with a serial number


DRIVER = Driver(
    family="movesense",
    service=SERVICE,
    channels=(DATA,),
    rates_hz=_RATES_HZ,
    has_clock=True,
    max_drift=0.002,
    matches=_matches,
    place=_place,
    parser=MovesenseParser,
    start=_start,
    listens_first=True,
    stop=(Write(COMMAND, bytes((_UNSUBSCRIBE, REFERENCE))),),
    reads=(BATTERY,),
    ranges="as set by its firmware",
)
