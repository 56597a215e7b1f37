"""SlimeVR trackers over UDP: orientation alone, of which samples are made.

Sources: SlimeVR-Tracker-ESP `src/network/packets.h` and SlimeVR-Server `UDPProtocolParser.kt`. A tracker tells how it
lies (its own fusion's opinion, in a world with z up) and its acceleration without gravity, when that changes and
without a time. Between two tellings at most HOLD_S apart it is taken to have turned evenly: that gives what an ideal
sensor on it would have felt and how fast it turned. After a longer silence there is a gap.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis import quaternion
from analysis.model import GRAVITY, Floats, Segment
from firmware_bridge.counting import counts_of, full_scale
from firmware_bridge.driver import Battery, Driver, Item, Run, Ticks
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket

SERVICE = "6969da7a-0000-4000-8000-736c696d6576"  # ours: nothing on the air says so
CHANNEL = "udp"
NAME = "SlimeVR-"

HEARTBEAT, HANDSHAKE, ACCELERATION, PING = 0, 3, 4, 10
BATTERY, ROTATION, ROTATION_AND_ACCELERATION = 12, 17, 23
BUNDLE, COMPACT_BUNDLE = 100, 101
HEAD = struct.Struct(">IQ")  # kind, number of the packet
_ROTATION = struct.Struct(">BB4fB")
_ACCELERATION = struct.Struct(">3fB")
_BOTH = struct.Struct(">B4h3h")
_BATTERY = struct.Struct(">ff")

GRID_HZ = 50.0
HOLD_S = 0.25
_MOST_MISSING = 10_000  # datagrams between one and the next
_ODD = 5
SOON_S = 0.008  # two tellings nearer in time came in one burst, which says nothing of how fast it turned
SCALE = full_scale(16.0, 2000.0)


@dataclass(frozen=True, slots=True)
class Told:
    """One packet's body."""

    sensor: int
    q: Floats | None = None  # (4,) sensor → world, scalar first
    acc: Floats | None = None  # (3,) m/s², without gravity, in the sensor frame


def decode(kind: int, body: bytes) -> Told | float | None:
    """What a body tells: movement, or how full the battery is, 0 to 1; None for all else. Raises struct.error."""
    if kind == ROTATION:
        sensor, _, x, y, z, w, _ = _ROTATION.unpack_from(body)
        return Told(sensor, q=np.array([w, x, y, z]))
    if kind == ROTATION_AND_ACCELERATION:
        sensor, x, y, z, w, ax, ay, az = _BOTH.unpack_from(body)
        return Told(sensor, np.array([w, x, y, z]) / 32768, np.array([ax, ay, az]) / 128)
    if kind == ACCELERATION:
        ax, ay, az, sensor = _ACCELERATION.unpack_from(body)
        return Told(sensor, acc=np.array([ax, ay, az]))
    if kind == BATTERY:
        _, share = _BATTERY.unpack_from(body)
        return float(share)
    return None


def bodies(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, body) of all that a datagram holds. Raises struct.error for one that is cut off."""
    kind, _ = HEAD.unpack_from(data)
    if kind not in (BUNDLE, COMPACT_BUNDLE):
        yield kind, data[HEAD.size :]
        return
    head = struct.Struct(">HI" if kind == BUNDLE else ">BB")  # the length counts the kind, too
    kind_bytes = 4 if kind == BUNDLE else 1
    at = HEAD.size
    while at < len(data):
        length, inner = head.unpack_from(data, at)
        start, end = at + head.size, at + head.size - kind_bytes + length
        if end > len(data) or length < kind_bytes:
            raise struct.error("cut off")
        yield inner, data[start:end]
        at = end


class SlimeVrParser:
    """Datagrams of one tracker → what one of its sensors would have felt, on a grid of GRID_HZ."""

    def __init__(self, sensor_id: str) -> None:
        self._sensor_id = sensor_id
        self._sensor = int(sensor_id.rpartition("/")[2]) if sensor_id.rpartition("/")[2].isdigit() else 0
        self._number: int | None = None
        self._q: Floats | None = None
        self._q_s = 0.0
        self._acc = np.zeros(3)
        self._odd = 0  # datagrams in a row whose number cannot be the next
        self._told: tuple[int, Floats] | None = None  # the grid's last sample

    def opened(self) -> list[Item]:
        self._number = self._q = self._told = None
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        data = packet.data
        if packet.channel != CHANNEL:
            return [PacketError(self._sensor_id, "foreign characteristic", data)]
        try:
            number: int = HEAD.unpack_from(data)[1]
            if number and not self._is_next(number):
                return [PacketError(self._sensor_id, "datagram that came twice or too late", data)]
            items = [item for kind, body in bodies(data) for item in self._take(kind, body, packet.arrived_s)]
        except struct.error:
            return [PacketError(self._sensor_id, "not a datagram of a tracker", data)]
        self._number = number or self._number  # a handshake has none
        return items

    def _is_next(self, number: int) -> bool:
        """Numbers rise; several in a row that do not are of a tracker that began anew."""
        if self._number is None or 0 < number - self._number < _MOST_MISSING or self._odd >= _ODD:
            self._odd = 0
            return True
        self._odd += 1
        return False

    def finish(self) -> list[Item]:
        return []

    def _take(self, kind: int, body: bytes, arrived_s: float) -> list[Item]:
        told = decode(kind, body)
        if isinstance(told, float):
            return [Battery(round(100 * told))] if 0 <= told <= 1 else []
        if told is None or told.sensor != self._sensor:
            return []
        if told.acc is not None and bool((np.abs(told.acc) < 16 * GRAVITY).all()):
            self._acc = told.acc
        return [] if told.q is None else self._turned(told.q, arrived_s)

    def _turned(self, q: Floats, arrived_s: float) -> list[Item]:
        length = math.sqrt(math.fsum(float(part) ** 2 for part in q))
        if not 0.9 < length < 1.1:
            return [PacketError(self._sensor_id, "rotation that is none", q.tobytes())]
        before, before_s = self._q, self._q_s
        self._q, self._q_s = q / length, arrived_s
        if before is None or arrived_s - before_s > HOLD_S:
            return []
        return self._between(before, before_s, self._q)

    def _between(self, before: Floats, before_s: float, after: Floats) -> list[Item]:
        """The grid's samples after `before_s`, with an even turn up to the newest rotation."""
        first, last = math.floor(before_s * GRID_HZ) + 1, math.floor(self._q_s * GRID_HZ)
        if last < first:
            return []
        turn = _rotation_vector(before, after)
        shares = (np.arange(first, last + 1) / GRID_HZ - before_s) / (self._q_s - before_s)
        q = quaternion.multiply(before, quaternion.from_small_rotation(shares[:, None] * turn))
        even = turn / max(self._q_s - before_s, SOON_S)
        rates = np.array([self._rate(first + k, row, even) for k, row in enumerate(q)])
        felt = GRAVITY * quaternion.up_in_body(q) + self._acc
        counts = counts_of(np.concatenate([felt, rates], axis=1), SCALE)
        if counts is None:
            return [PacketError(self._sensor_id, "turn that no body makes", after.tobytes())]
        ticks = Ticks(first / GRID_HZ, 1.0 / GRID_HZ, newest_s=self._q_s)
        return [Run(self._q_s, len(q), counts, SCALE, ticks)]

    def _rate(self, tick: int, q: Floats, even: Floats) -> Floats:
        """(3,) rad/s since the sample before, so that summing up rates gives the turn; `even` where there is none."""
        told, self._told = self._told, (tick, q)
        if told is None or told[0] != tick - 1:
            return even
        return _rotation_vector(told[1], q) * GRID_HZ


def _rotation_vector(before: Floats, after: Floats) -> Floats:
    """(3,) rad: the shortest turn from one orientation to the other, in the sensor frame."""
    w, *axis = quaternion.multiply(quaternion.conjugate(before), after).tolist()
    sine = math.sqrt(math.fsum(part * part for part in axis))
    angle = 2.0 * math.atan2(sine, abs(w))
    return np.array(axis) * math.copysign(angle / sine if sine > 0 else 2.0, w)


def _matches(_name: str, services: Sequence[str]) -> bool:
    return SERVICE in services


def _place(_name: str) -> Segment | None:
    return None


DRIVER = Driver(
    family="slimevr",
    service=SERVICE,
    channels=(CHANNEL,),
    rates_hz=(GRID_HZ,),
    has_clock=True,  # for the assembler: our own, on which the grid stands
    max_drift=0.0,
    matches=_matches,
    place=_place,
    parser=lambda sensor_id, _rate_hz: SlimeVrParser(sensor_id),
    start=lambda _rate_hz: (),
    listens_first=True,
    ranges="as its own fusion has it",
    has_counter=True,
    tells_battery=True,
    is_fused=True,
)
