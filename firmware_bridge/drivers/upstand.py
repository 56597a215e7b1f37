"""Our own sensor, its plain packets (hardware/protocol/protocol.md): numbered, and they can be sent again.

Packets leave this parser in order of their number. When one is missing the newer ones wait while it is asked for
again, and it is given up only when the sensor no longer holds it or does not send it in time.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import pi

from analysis.model import GRAVITY, Buzz, Segment
from firmware_bridge.driver import Battery, Driver, Gesture, Item, Run, Scale, Ticks, Worn, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket

SERVICE = "18fc0001-4b9a-4015-aa90-1a43ff5ce2de"
STREAM = "18fc0002-4b9a-4015-aa90-1a43ff5ce2de"
CONTROL = "18fc0003-4b9a-4015-aa90-1a43ff5ce2de"
STATUS = "18fc0004-4b9a-4015-aa90-1a43ff5ce2de"

TICKS_HZ = 32768
_U32 = 1 << 32
_STREAM_HEAD = struct.Struct("<BBBBIIHBB")
_ANSWER = struct.Struct("<BBBBI")
_STATUS_BYTES = 28
_EVENT_BYTES = 12
_GESTURES = {1: Gesture.CALIBRATE, 2: Gesture.SNOOZE}  # the other events show in the status, too
_SAMPLE_BYTES = 12
_MOST_SAMPLES = 13
_RANGES = 0x21  # ±4 g and ±500 °/s: everyday movement, with a step's impact in range

_CONFIGURE, _START, _STOP, _RESEND, _BUZZ, _IDENTIFY = 1, 2, 3, 4, 5, 6
_OK, _NOT_HELD, _LOCKED = 0, 3, 5
_PATTERNS = {Buzz.TOO_FAR_FORWARD: 4, Buzz.TOO_FAR_BACK: 5, Buzz.STAND_UP: 6, Buzz.SHIFT: 2}
_RESEND_IDS = range(128, 256)  # request ids below are those of the commands a link writes

# LSM6DS3TR-C data sheet, sensitivities: mg and mdps per count by range code
_SCALES = {
    acc | gyr << 4: Scale(acc=mg * 1e-3 * GRAVITY, gyr=mdps * 1e-3 * pi / 180)
    for acc, mg in enumerate((0.061, 0.122, 0.244, 0.488))
    for gyr, mdps in enumerate((4.375, 8.75, 17.5, 35.0, 70.0))
}

PATIENCE_S = 3.0  # without any missing packet coming, until it is asked for once more
TRIES = 3
MOST_WAITING = 16000  # an absence of 45 minutes at 52 Hz, and what is measured while it is sent again
MOST_LATE_S = 3.0  # how late a live packet may be after a reconnection; more means a restart of the sensor
_LIFE_BITS = 22  # the numbers of each power-on begin at another multiple of 2^22
REMEMBERED = 1024  # told packets, to know one that comes twice from one of a sensor that was restarted


@dataclass(frozen=True, slots=True)
class StreamPacket:
    """Samples evenly spaced on the device's clock."""

    seq: int
    ticks: int  # at the first sample, 1/32768 s, wraps at 2^32
    span_ticks: int  # from the first sample to the last
    n: int
    rate_hz: int  # nominal
    scale: Scale
    is_resent: bool
    counts: bytes  # (n, 6) int16 little-endian
    arrived_s: float


def decode_stream(packet: RawPacket) -> StreamPacket:
    """The packet in one notification of the stream. Raises PacketError with what is wrong with it."""
    data = packet.data
    if len(data) < _STREAM_HEAD.size:
        raise PacketError(packet.sensor_id, "short stream packet", data)
    kind, flags, ranges, rate_hz, seq, ticks, span_ticks, n, _ = _STREAM_HEAD.unpack_from(data)
    if kind != 0x11:
        raise PacketError(packet.sensor_id, "not a stream packet of version 1", data)
    if not 1 <= n <= _MOST_SAMPLES or len(data) != _STREAM_HEAD.size + n * _SAMPLE_BYTES:
        raise PacketError(packet.sensor_id, "stream packet of a wrong length", data)
    scale = _SCALES.get(ranges)
    if scale is None or rate_hz == 0 or (n == 1) != (span_ticks == 0):
        raise PacketError(packet.sensor_id, "stream packet with an impossible header", data)
    counts = data[_STREAM_HEAD.size :]
    return StreamPacket(seq, ticks, span_ticks, n, rate_hz, scale, bool(flags & 1), counts, packet.arrived_s)


def _ahead(newer: int, older: int) -> int:
    """How far `newer` is ahead of `older` on the 32-bit circle: -2^31 to 2^31 - 1."""
    return (newer - older + _U32 // 2) % _U32 - _U32 // 2


def _life(seq: int) -> int:
    """Which power-on of the sensor a number belongs to; the same one may go on into the next."""
    return seq >> _LIFE_BITS


class UpstandParser:
    """Notifications of stream, control and status → runs in order of number, requests to resend, battery, worn."""

    def __init__(self, sensor_id: str) -> None:
        self._sensor_id = sensor_id
        self._next: int | None = None  # sequence number to be told next
        self._waiting: dict[int, StreamPacket] = {}  # newer ones
        self._place = 0  # of `_next` among all packets: never wraps
        self._places: list[int] = []  # heap of the places of those that wait, and of some that were told since
        self._told: OrderedDict[int, int] = OrderedDict()  # sequence number → ticks
        self._clock = _DeviceClock()
        self._asked_to: int | None = None  # all before this number has been asked for
        self._asked_s = 0.0
        self._tries = 0  # how often, without any of it coming
        self._request_id = _RESEND_IDS[0]
        self._is_reopened = False

    def opened(self) -> list[Item]:
        self._asked_to = None  # what was asked for went down with the link
        self._is_reopened = True
        return []

    def feed(self, packet: RawPacket) -> list[Item]:
        try:
            if packet.channel == STREAM:
                return self._stream(decode_stream(packet))
            if packet.channel == CONTROL:
                return self._answer(packet)
            if packet.channel == STATUS:
                return _status(packet)
        except PacketError as error:
            return [error]
        return [PacketError(self._sensor_id, "foreign characteristic", packet.data)]

    def finish(self) -> list[Item]:
        """All that waits, with what is missing given up."""
        items: list[Item] = []
        while self._waiting:
            items += self._skip_to(self._oldest_waiting())
        return items

    def _stream(self, packet: StreamPacket) -> list[Item]:
        items: list[Item] = []
        if self._next is None or self._is_of_another_life(packet):
            items += self.finish()
            self._told.clear()
            self._clock = _DeviceClock()
            self._next = packet.seq
            self._places.clear()
        if not packet.is_resent:
            self._is_reopened = False
        if _ahead(packet.seq, self._next) < 0 or packet.seq in self._waiting:
            if not packet.is_resent:
                items.append(PacketError(self._sensor_id, "packet that came twice", packet.counts))
            return items
        if packet.seq == self._next and not self._waiting:
            items.append(self._tell(packet))  # the usual case
            return items
        self._waiting[packet.seq] = packet
        heappush(self._places, self._place + _ahead(packet.seq, self._next))
        if packet.is_resent:
            self._asked_s, self._tries = packet.arrived_s, 1  # it is coming: be patient
        return items + self._in_order() + self._chase(packet.arrived_s)

    def _is_of_another_life(self, packet: StreamPacket) -> bool:
        """The sensor was restarted: its numbers or its clock do not go on from what was told."""
        if packet.is_resent or self._next is None:
            return False
        if _ahead(packet.seq, self._next) < 0:
            told_ticks = self._told.get(packet.seq)
            return self._is_reopened if told_ticks is None else told_ticks != packet.ticks
        if _life(packet.seq) != _life(self._next):
            return False  # restarted, and the number says so: it may still hold what went before
        return self._is_reopened and not self._clock.can_be(packet)

    def _tell(self, packet: StreamPacket) -> Run:
        last = next(reversed(self._told), packet.seq)
        if _life(last) != _life(packet.seq) and _ahead(packet.seq, last) > 1:
            self._clock = _DeviceClock()
        self._told[packet.seq] = packet.ticks
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        self._next = (packet.seq + 1) % _U32
        self._place += 1
        return self._clock.run(packet)

    def _in_order(self) -> list[Item]:
        items: list[Item] = []
        while self._next in self._waiting:
            items.append(self._tell(self._waiting.pop(self._next)))
        return items

    def _oldest_waiting(self) -> int:
        while self._places[0] < self._place:
            heappop(self._places)
        return ((self._next or 0) + self._places[0] - self._place) % _U32

    def _skip_to(self, seq: int) -> list[Item]:
        self._place += _ahead(seq, self._next or 0)
        self._next = seq
        self._asked_to = None
        return self._in_order()

    def _chase(self, now_s: float) -> list[Item]:
        """Ask for what is missing, or give it up."""
        if not self._waiting or self._next is None:
            self._asked_to = None
            return []
        first = self._oldest_waiting()
        if self._asked_to is None or _ahead(self._asked_to, self._next) <= 0:
            self._tries = 0
        elif now_s - self._asked_s < PATIENCE_S and len(self._waiting) <= MOST_WAITING:
            return []
        if self._tries >= TRIES or len(self._waiting) > MOST_WAITING:
            return self._skip_to(first) + self._chase(now_s)
        self._tries += 1
        self._asked_to, self._asked_s = first, now_s
        self._request_id = _RESEND_IDS[(self._request_id + 1) % len(_RESEND_IDS)]
        count = min(_ahead(first, self._next), 0xFFFF)
        return [_request(self._request_id, _RESEND, struct.pack("<IH", self._next, count))]

    def _answer(self, packet: RawPacket) -> list[Item]:
        if len(packet.data) != _ANSWER.size or packet.data[0] != 0x13:
            return [PacketError(self._sensor_id, "not an answer of version 1", packet.data)]
        _, request_id, command, code, value = _ANSWER.unpack(packet.data)
        if code == _OK:
            return []
        if code == _LOCKED:
            return [PacketError(self._sensor_id, "secured sensor, asked without its key", packet.data)]
        if command == _RESEND and code == _NOT_HELD:
            return self._go_on_from(value, packet.arrived_s) if request_id == self._request_id else []
        return [PacketError(self._sensor_id, f"refused command {command} with code {code}, value {value}", packet.data)]

    def _go_on_from(self, oldest: int, now_s: float) -> list[Item]:
        """The sensor holds nothing before `oldest`."""
        if not self._waiting or self._next is None or _ahead(oldest, self._next) <= 0:
            return []  # it came meanwhile, or was not held yet: patience decides
        first = self._oldest_waiting()
        return self._skip_to(min(oldest, first, key=lambda seq: _ahead(seq, first))) + self._chase(now_s)


class _DeviceClock:
    """The sensor's 32-bit ticks, unwrapped into seconds."""

    def __init__(self) -> None:
        self._ticks: int | None = None  # unwrapped, at the last packet told
        self._live_ticks = 0
        self._live_s = 0.0  # arrival of the last packet that was not sent again

    def can_be(self, packet: StreamPacket) -> bool:
        """Whether the device's clock agrees with ours since the last live packet, as it must within one power-on.

        A packet may come late, but not before it was measured.
        """
        if self._ticks is None:
            return True
        host_s = packet.arrived_s - self._live_s
        late_s = host_s - (self._unwrapped(packet) - self._live_ticks) / TICKS_HZ
        drift_s = 0.02 * host_s
        return -1.0 - drift_s <= late_s <= MOST_LATE_S + drift_s

    def run(self, packet: StreamPacket) -> Run:
        is_restart = self._ticks is None
        self._ticks = packet.ticks if self._ticks is None else self._unwrapped(packet)
        if not packet.is_resent:
            self._live_ticks, self._live_s = self._ticks, packet.arrived_s
        spacing_s = packet.span_ticks / (packet.n - 1) / TICKS_HZ if packet.n > 1 else 1.0 / packet.rate_hz
        ticks = Ticks(self._ticks / TICKS_HZ, spacing_s, is_late=packet.is_resent, is_restart=is_restart)
        return Run(packet.arrived_s, packet.n, packet.counts, packet.scale, ticks)

    def _unwrapped(self, packet: StreamPacket) -> int:
        """The ticks' value that our clock finds likeliest: they wrap every 36.4 h."""
        last = self._ticks or 0
        step = _ahead(packet.ticks, last % _U32)
        host_ticks = (packet.arrived_s - self._live_s) * TICKS_HZ - (last - self._live_ticks)
        return last + step + round((host_ticks - step) / _U32) * _U32


def _status(packet: RawPacket) -> list[Item]:
    data = packet.data
    if len(data) == _EVENT_BYTES and data[0] == 0x15:
        return [_GESTURES[data[1]]] if data[1] in _GESTURES else []
    if len(data) != _STATUS_BYTES or data[0] != 0x14:
        raise PacketError(packet.sensor_id, "not a status of version 1", data)
    items: list[Item] = [Worn(bool(data[1] & 1))]
    if data[5] != 255:
        items.append(Battery(min(data[5], 100)))
    return items


def _request(request_id: int, command: int, parameters: bytes = b"") -> Write:
    return Write(CONTROL, bytes((0x12, request_id, command, 0)) + parameters)


def _matches(name: str, services: Sequence[str]) -> bool:
    return name.startswith("Upstand ") or SERVICE in services


def _place(name: str) -> Segment | None:
    if name.startswith("Upstand P"):
        return Segment.PELVIS
    return Segment.LUMBAR if name.startswith("Upstand L") else None


def _start(rate_hz: float) -> tuple[Write, ...]:
    return (_request(1, _CONFIGURE, bytes((int(rate_hz), _RANGES))), _request(2, _START))


DRIVER = Driver(
    family="upstand",
    service=SERVICE,
    channels=(STREAM, CONTROL, STATUS),
    rates_hz=(26.0, 52.0, 104.0),
    has_clock=True,
    max_drift=0.001,  # a crystal, and a wide margin
    matches=_matches,
    place=_place,
    parser=lambda sensor_id, _rate_hz: UpstandParser(sensor_id),
    start=_start,
    listens_first=True,
    stop=(_request(3, _STOP),),
    reads=(STATUS,),
    buzz=(_request(5, _BUZZ, bytes((3,))),),
    patterns={pattern: (_request(5, _BUZZ, bytes((code,))),) for pattern, code in _PATTERNS.items()},
    identify=(_request(6, _IDENTIFY),),
    ranges="±4 g, ±500 °/s",
    has_counter=True,
)
