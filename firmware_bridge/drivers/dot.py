"""Movella DOT and Xsens DOT: one calibrated sample a notification, stamped in µs, in floats.

Source: the maker's "Movella DOT BLE Service Specification", XD0506P revisions C and F; ranges by its data sheet. The
mode is rate quantities without the magnetic field (21): the notification must be listened to before it is started.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from analysis.model import Floats, Segment
from firmware_bridge.counting import counts_of, full_scale
from firmware_bridge.driver import Battery, Driver, Item, Run, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket
from firmware_bridge.stamps import PacketClock


def _uuid(short: str) -> str:
    return f"1517{short}-4947-11e9-8646-d663bd873d93"


SERVICE = _uuid("2000")
CONFIGURATION = _uuid("1002")
CONTROL = _uuid("2001")
MEDIUM_PAYLOAD = _uuid("2003")
BATTERY = _uuid("3001")

SCALE = full_scale(16.0, 2000.0)
TICKS_HZ = 1_000_000
WRAP = 1 << 32
RATE_QUANTITIES = 21
_SAMPLE_BYTES = 28
_SIZES = (_SAMPLE_BYTES, 40)  # the characteristic is 40 bytes long; what is not used is zero
_STAMP = struct.Struct("<I")
_RATES_HZ = (20.0, 30.0, 60.0)  # 120 Hz is for recordings inside the sensor

_IDENTIFY, _POWER_SAVING, _OUTPUT_RATE = 1 << 0, 1 << 2, 1 << 4  # which of the settings a write is about
_ADVERTISING_MIN = 10  # it may go to sleep after this long without a connection, as the maker sets it


def decode_floats(data: bytes, n: int) -> tuple[int, Floats]:
    """(stamp in µs, n floats) at the start of a payload, whatever the mode. Raises struct.error where it is shorter."""
    [stamp] = _STAMP.unpack_from(data)
    return stamp, np.array(struct.unpack_from(f"<{n}f", data, _STAMP.size), dtype=np.float64)


class DotParser:
    """Payloads of mode 21 → samples."""

    def __init__(self, sensor_id: str, rate_hz: float) -> None:
        self._sensor_id = sensor_id
        self._clock = PacketClock(ticks_hz=TICKS_HZ, wrap=WRAP, rate_hz=rate_hz)

    def opened(self) -> list[Item]:
        self._clock.opened()
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        if packet.channel == BATTERY:
            return [self._battery(packet.data)]
        if packet.channel != MEDIUM_PAYLOAD:
            return [PacketError(self._sensor_id, "foreign characteristic", packet.data)]
        data = packet.data
        size = next((size for size in reversed(_SIZES) if data and len(data) % size == 0), 0)
        if not size:
            return [PacketError(self._sensor_id, "payload of a wrong length", data)]
        return [self._sample(data[at : at + size], packet.arrived_s) for at in range(0, len(data), size)]

    def finish(self) -> list[Item]:
        return []

    def _sample(self, data: bytes, arrived_s: float) -> Item:
        stamp, values = decode_floats(data, 6)
        values[3:] = np.radians(values[3:])
        counts = counts_of(values[None, :], SCALE)
        if counts is None or any(data[_SAMPLE_BYTES:]):
            return PacketError(self._sensor_id, "payload of another mode", data)
        ticks = self._clock.place(stamp, 1, arrived_s)
        if ticks is None:
            return PacketError(self._sensor_id, "sample that came twice or at no possible time", data)
        return Run(arrived_s, 1, counts, SCALE, ticks)

    def _battery(self, data: bytes) -> Item:
        if len(data) != 2 or data[0] > 100:
            return PacketError(self._sensor_id, "not a battery level", data)
        return Battery(data[0])


def _configured(about: int, *, identify: int = 0, rate_hz: float = 0.0) -> Write:
    """The 32 bytes of the device control: only what `about` names is taken over."""
    data = struct.pack(
        "<BBBBBBBB16sHB5x", about, identify, 0, _ADVERTISING_MIN, 0, 0, 0, 0, b"", int(rate_hz), 0
    )  # connected it never goes to sleep: 0 min 0 s
    return Write(CONFIGURATION, data)


def _measure(action: int) -> Write:
    return Write(CONTROL, bytes((1, action, RATE_QUANTITIES)))


def _start(rate_hz: float) -> tuple[Write, ...]:
    """The rate can be changed only while nothing is measured."""
    return (_measure(0), _configured(_POWER_SAVING | _OUTPUT_RATE, rate_hz=rate_hz), _measure(1))


def _matches(name: str, _services: Sequence[str]) -> bool:
    return name.lower() in ("movella dot", "xsens dot")


def _place(_name: str) -> Segment | None:
    return None  # all have the same name


DRIVER = Driver(
    family="dot",
    service=SERVICE,
    channels=(MEDIUM_PAYLOAD,),
    rates_hz=_RATES_HZ,
    has_clock=True,
    max_drift=0.001,  # the maker's own server allows 200 ppm
    matches=_matches,
    place=_place,
    parser=DotParser,
    start=_start,
    listens_first=True,
    stop=(_measure(0),),
    reads=(BATTERY,),
    identify=(_configured(_IDENTIFY, identify=1),),
    ranges="±16 g, ±2000 °/s",
)
