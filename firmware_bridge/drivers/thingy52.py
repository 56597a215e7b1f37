"""Nordic Thingy:52: raw motion of 18 bytes a notification, without stamp or counter.

Sources: NordicSemiconductor/Nordic-Thingy52-FW (02_firmware_architecture.dox, ble_tms.c) and Nordic-Thingy52-Nodejs.
It measures while somebody listens; its ranges are fixed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import pi

import numpy as np

from analysis.model import GRAVITY, Segment
from firmware_bridge.driver import Battery, Driver, Item, Run, Scale, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket


def _uuid(short: str) -> str:
    return f"ef68{short}-9b35-4933-9b10-52ffa9740042"


SERVICE = _uuid("0400")
CONFIGURATION = _uuid("0401")
RAW = _uuid("0406")
ADVERTISED = _uuid("0100")
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"

SCALE = Scale(acc=GRAVITY / 1024, gyr=pi / 180 / 32)
SAMPLE_BYTES = 18  # acc, gyr, mag
_USED_BYTES = 12


class Thingy52Parser:
    """Notifications, also several in one, → samples."""

    def __init__(self, sensor_id: str) -> None:
        self._sensor_id = sensor_id

    def opened(self) -> list[Item]:
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        data = packet.data
        if packet.channel == BATTERY and len(data) == 1 and data[0] <= 100:
            return [Battery(data[0])]
        if packet.channel != RAW or not data or len(data) % SAMPLE_BYTES:
            return [PacketError(self._sensor_id, "not a raw motion sample", data)]
        counts = np.frombuffer(data, dtype=np.uint8).reshape(-1, SAMPLE_BYTES)[:, :_USED_BYTES].tobytes()
        return [Run(packet.arrived_s, len(data) // SAMPLE_BYTES, counts, SCALE)]

    def finish(self) -> list[Item]:
        return []


def _start(rate_hz: float) -> tuple[Write, ...]:
    """Steps each 100 ms at most, temperature and magnetic compensation each 100 ms, the rate, wake on motion."""
    return (Write(CONFIGURATION, struct.pack("<HHHHB", 100, 100, 100, int(rate_hz), 1)),)


def _matches(name: str, services: Sequence[str]) -> bool:
    return name.startswith("Thingy") or ADVERTISED in services


def _place(_name: str) -> Segment | None:
    return None


DRIVER = Driver(
    family="thingy52",
    service=SERVICE,
    channels=(RAW,),
    rates_hz=(25.0, 50.0, 100.0, 200.0),
    has_clock=False,
    max_drift=0.02,
    matches=_matches,
    place=_place,
    parser=lambda sensor_id, _rate_hz: Thingy52Parser(sensor_id),
    start=_start,
    listens_first=False,  # set before it measures
    reads=(BATTERY,),
    ranges="fixed by the maker",
)
