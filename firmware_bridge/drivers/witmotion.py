"""WitMotion WT901BLE67, WT9011DCL-BT50, WT901BLECL5.0: frames of 20 bytes without counter, time or checksum.

Sources: the vendor's Python SDK (WITMOTION/WitBluetooth_BWT901BLE5_0), the WT901BLECL datasheet v20-0707, and
RGu0/WT901, which measured rates and packing on a WT901BLE67. The base UUID is not Bluetooth's own.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import pi

from analysis.model import GRAVITY, Segment
from firmware_bridge.driver import Battery, Driver, Item, Run, Scale, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket

SERVICE = "0000ffe5-0000-1000-8000-00805f9a34fb"
NOTIFY = "0000ffe4-0000-1000-8000-00805f9a34fb"
COMMAND = "0000ffe9-0000-1000-8000-00805f9a34fb"

SCALE = Scale(acc=16 * GRAVITY / 32768, gyr=2000 * pi / 180 / 32768)  # fixed in this family: ±16 g, ±2000 °/s
FRAME_BYTES = 20
_SAMPLE = b"\x55\x61"
_REGISTERS = b"\x55\x71"
_HEADERS = (_SAMPLE, _REGISTERS)

# Rate codes; 0x0A is left out, since it gave 99 Hz on one model and 200 Hz is claimed for others.
_RATE_CODES = {10.0: 0x06, 20.0: 0x07, 50.0: 0x08, 100.0: 0x09, 200.0: 0x0B}
_BATTERY_REGISTER = 0x64
# Register value (V × 100) from which a charge is shown, from the vendor's Bwt901bleProcessor.cs.
_CHARGES = tuple(
    zip(
        (396, 393, 387, 382, 379, 377, 373, 370, 368, 350, 340),
        (100, 90, 75, 60, 50, 40, 30, 20, 15, 10, 5),
        strict=True,
    )
)


def _command(register: int, value: int) -> Write:
    return Write(COMMAND, struct.pack("<BBBH", 0xFF, 0xAA, register, value))


_UNLOCK = _command(0x69, 0xB588)  # holds for 10 s
_READ = 0x27


def battery_percent(centivolts: int) -> int:
    """The vendor's step table."""
    return next((percent for least, percent in _CHARGES if centivolts >= least), 0)


class WitMotionParser:
    """A byte stream cut into notifications in any way → runs of samples and register replies.

    A notification made of whole frames is taken at its word, and what hung over before it is dropped. Otherwise a
    frame that was found by searching, or that began in an earlier notification, must be followed by another
    header: there is no checksum, and the half of a lost frame would else be glued to the half of the next.
    """

    def __init__(self, sensor_id: str) -> None:
        self._sensor_id = sensor_id
        self._rest = b""  # the frame begun but not yet believed
        self._rest_s = 0.0  # when its 20th byte came, if it has
        self._is_aligned = True

    def opened(self) -> list[Item]:
        self._rest = b""
        self._is_aligned = True
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        data = packet.data
        if packet.channel != NOTIFY:
            return [PacketError(self._sensor_id, "foreign characteristic", data)]
        if not self._rest and self._is_aligned and len(data) == FRAME_BYTES and data.startswith(_SAMPLE):
            return [Run(packet.arrived_s, 1, data[2:14], SCALE)]  # the usual case up to 50 Hz
        dropped: list[Item] = []
        if len(self._rest) != FRAME_BYTES and _is_whole_frames(data):
            if self._rest and self._is_aligned:
                dropped.append(PacketError(self._sensor_id, "frame that was not finished", self._rest))
            self._rest, self._is_aligned = b"", True
        return dropped + self._resynchronise(data, packet.arrived_s)

    def finish(self) -> list[Item]:
        return []  # at most a frame that nothing has proved

    def _resynchronise(self, new: bytes, arrived_s: float) -> list[Item]:
        data, held = self._rest + new, len(self._rest)
        found: list[tuple[float, bytes] | PacketError] = []
        at = 0
        while len(data) - at >= FRAME_BYTES:
            is_header = data[at : at + 2] in _HEADERS
            if is_header and ((self._is_aligned and at >= held) or data[at + 20 : at + 22] in _HEADERS):
                self._is_aligned = True
                found.append((self._rest_s if at + FRAME_BYTES <= held else arrived_s, data[at : at + FRAME_BYTES]))
                at += FRAME_BYTES
            elif is_header and len(data) - at < FRAME_BYTES + 2:
                break  # the next notification will tell
            else:
                if self._is_aligned:
                    found.append(PacketError(self._sensor_id, "no frame where one should begin", data[at:]))
                    self._is_aligned = False
                at = _next_header(data, at + 1)
        self._rest_s = self._rest_s if at + FRAME_BYTES <= held else arrived_s
        self._rest = data[at:]
        return self._items(found)

    def _items(self, found: list[tuple[float, bytes] | PacketError]) -> list[Item]:
        items: list[Item] = []
        samples: list[bytes] = []
        samples_s = 0.0
        for entry in found:
            is_sample = not isinstance(entry, PacketError) and entry[1].startswith(_SAMPLE)
            if samples and (isinstance(entry, PacketError) or not is_sample or entry[0] != samples_s):
                items.append(Run(samples_s, len(samples), b"".join(samples), SCALE))
                samples = []
            if isinstance(entry, PacketError):
                items.append(entry)
            elif is_sample:
                samples_s = entry[0]
                samples.append(entry[1][2:14])
            else:
                items += _reply(entry[1])
        if samples:
            items.append(Run(samples_s, len(samples), b"".join(samples), SCALE))
        return items


def decode_registers(frame: bytes) -> tuple[int, tuple[int, ...]]:
    """(first register, eight values) of a reply of 20 bytes."""
    register, *values = struct.unpack("<2xH8h", frame)
    return register, tuple(values)


def _reply(frame: bytes) -> list[Item]:
    """While the sensor writes to its flash it answers with zeros."""
    register, values = decode_registers(frame)
    return [Battery(battery_percent(values[0]))] if register == _BATTERY_REGISTER and values[0] > 0 else []


def _is_whole_frames(data: bytes) -> bool:
    starts = range(0, len(data), FRAME_BYTES)
    return len(data) % FRAME_BYTES == 0 and len(data) > 0 and all(data[at : at + 2] in _HEADERS for at in starts)


def _next_header(data: bytes, start: int) -> int:
    """Where the next frame may begin; a last lone 0x55 may be half a header."""
    at = start
    while (at := data.find(b"\x55", at)) >= 0:
        if data[at + 1 : at + 2] in (b"", b"\x61", b"\x71"):
            return at
        at += 1
    return len(data)


def _matches(name: str, services: Sequence[str]) -> bool:
    if name.upper().startswith("WTVB"):
        return False  # measures vibration, in frames that begin alike
    return name.upper().startswith("WT") or SERVICE in services


def _place(_name: str) -> Segment | None:
    return None  # all of a model have the same name


def _start(rate_hz: float) -> tuple[Write, ...]:
    """Unlock and set the rate; never saved, so a restart of the sensor undoes it and its flash is spared."""
    return (_UNLOCK, _command(0x03, _RATE_CODES[rate_hz]))


DRIVER = Driver(
    family="witmotion",
    service=SERVICE,
    channels=(NOTIFY,),
    rates_hz=tuple(_RATE_CODES),
    has_clock=False,
    max_drift=0.02,  # 7000 ppm reported, and 49.5 Hz measured where 50 was asked
    matches=_matches,
    place=_place,
    parser=lambda sensor_id, _rate_hz: WitMotionParser(sensor_id),
    start=_start,
    listens_first=False,  # it streams as soon as it is listened to
    ask=(_command(_READ, _BATTERY_REGISTER),),
    ranges="±16 g, ±2000 °/s",
)
