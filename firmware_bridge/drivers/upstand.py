"""Our own sensor, its plain packets (hardware/protocol/protocol.md): numbered, and they can be sent again.

Packets leave this parser in order of their number. When one is missing the newer ones wait while it is asked for
again, and it is given up only when the sensor no longer holds it or does not send it in time.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Sequence
from heapq import heappop, heappush

from analysis.break_flow import Buzz
from analysis.model import Segment
from firmware_bridge.driver import Battery, Behind, Driver, Gesture, Item, Run, Worn, Write
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket
from firmware_bridge.upstand_stream import MOST_SAMPLES, NUMBERS, DeviceClock, StreamPacket, ahead, decode_stream

SERVICE = "18fc0001-4b9a-4015-aa90-1a43ff5ce2de"
STREAM = "18fc0002-4b9a-4015-aa90-1a43ff5ce2de"
CONTROL = "18fc0003-4b9a-4015-aa90-1a43ff5ce2de"
STATUS = "18fc0004-4b9a-4015-aa90-1a43ff5ce2de"

_ANSWER = struct.Struct("<BBBBI")
_STATUS_BYTES = 28
_EVENT_BYTES = 12
_GESTURES = {1: Gesture.CALIBRATE, 2: Gesture.SNOOZE}  # the other events show in the status, too
_RANGES = 0x21  # ±4 g and ±500 °/s: everyday movement, with a step's impact in range

_CONFIGURE, _START, _STOP, _RESEND, _BUZZ, _IDENTIFY = 1, 2, 3, 4, 5, 6
_OK, _NOT_HELD, _LOCKED = 0, 3, 5
_PATTERNS = {Buzz.TOO_FAR_FORWARD: 4, Buzz.TOO_FAR_BACK: 5, Buzz.STAND_UP: 6, Buzz.SHIFT: 2}
_RESEND_IDS = range(128, 256)  # request ids below are those of the commands a link writes

PATIENCE_S = 3.0  # without any missing packet coming, until it is asked for once more
TRIES = 3
MOST_WAITING = 16000  # an absence of 45 minutes at 52 Hz, and what is measured while it is sent again
_LIFE_BITS = 22  # the numbers of each power-on begin at another multiple of 2^22
REMEMBERED = 1024  # told packets, to know one that comes twice from one of a sensor that was restarted


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
        self._clock = DeviceClock()
        self._asked_to: int | None = None  # all before this number has been asked for
        self._asked_s = 0.0
        self._tries = 0  # how often, without any of it coming
        self._request_id = _RESEND_IDS[0]
        self._is_reopened = False
        self._newest = 0  # place of the newest packet that ever waited
        self._behind_told_s = 0.0
        self._is_behind = False

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
            self._clock = DeviceClock()
            self._next = packet.seq
            self._places.clear()
        if not packet.is_resent:
            self._is_reopened = False
        if ahead(packet.seq, self._next) < 0 or packet.seq in self._waiting:
            if not packet.is_resent:
                items.append(PacketError(self._sensor_id, "packet that came twice", packet.counts))
            return items
        if packet.seq == self._next and not self._waiting:
            items.append(self._tell(packet))  # the usual case
            return items + self._behind(packet)
        self._waiting[packet.seq] = packet
        place = self._place + ahead(packet.seq, self._next)
        heappush(self._places, place)
        self._newest = max(self._newest, place)
        if packet.is_resent:
            self._asked_s, self._tries = packet.arrived_s, 1  # it is coming: be patient
        return items + self._in_order() + self._chase(packet.arrived_s) + self._behind(packet)

    def _behind(self, packet: StreamPacket) -> list[Item]:
        """How much must still come before the newest packet can be told; once a second, and when all has."""
        missing = self._newest + 1 - self._place - len(self._waiting) if self._waiting else 0
        is_due = packet.arrived_s - self._behind_told_s >= 1.0 if self._is_behind and missing else True
        if missing > MOST_WAITING or not is_due or not (missing or self._is_behind):
            return []  # so many cannot be held: the sensor was restarted, and will say how many it has
        self._is_behind, self._behind_told_s = missing > 0, packet.arrived_s
        return [Behind(packet.arrived_s, missing * MOST_SAMPLES / packet.rate_hz)]

    def _is_of_another_life(self, packet: StreamPacket) -> bool:
        """The sensor was restarted: its numbers or its clock do not go on from what was told."""
        if packet.is_resent or self._next is None:
            return False
        if ahead(packet.seq, self._next) < 0:
            told_ticks = self._told.get(packet.seq)
            return self._is_reopened if told_ticks is None else told_ticks != packet.ticks
        if _life(packet.seq) != _life(self._next):
            return False  # restarted, and the number says so: it may still hold what went before
        return self._is_reopened and not self._clock.can_be(packet)

    def _tell(self, packet: StreamPacket) -> Run:
        last = next(reversed(self._told), packet.seq)
        if _life(last) != _life(packet.seq) and ahead(packet.seq, last) > 1:
            self._clock = DeviceClock()
        self._told[packet.seq] = packet.ticks
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        self._next = (packet.seq + 1) % NUMBERS
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
        return ((self._next or 0) + self._places[0] - self._place) % NUMBERS

    def _skip_to(self, seq: int) -> list[Item]:
        self._place += ahead(seq, self._next or 0)
        self._next = seq
        self._asked_to = None
        return self._in_order()

    def _chase(self, now_s: float) -> list[Item]:
        """Ask for what is missing, or give it up."""
        if not self._waiting or self._next is None:
            self._asked_to = None
            return []
        first = self._oldest_waiting()
        if self._asked_to is None or ahead(self._asked_to, self._next) <= 0:
            self._tries = 0
        elif now_s - self._asked_s < PATIENCE_S and len(self._waiting) <= MOST_WAITING:
            return []
        if self._tries >= TRIES or len(self._waiting) > MOST_WAITING:
            return self._skip_to(first) + self._chase(now_s)
        self._tries += 1
        self._asked_to, self._asked_s = first, now_s
        self._request_id = _RESEND_IDS[(self._request_id + 1) % len(_RESEND_IDS)]
        count = min(ahead(first, self._next), 0xFFFF)
        return [_request(self._request_id, _RESEND, struct.pack("<IH", self._next, count))]

    def _answer(self, packet: RawPacket) -> list[Item]:
        if len(packet.data) != _ANSWER.size or packet.data[0] != 0x13:
            return [PacketError(self._sensor_id, "not a plain answer", packet.data)]
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
        if not self._waiting or self._next is None or ahead(oldest, self._next) <= 0:
            return []  # it came meanwhile, or was not held yet: patience decides
        first = self._oldest_waiting()
        return self._skip_to(min(oldest, first, key=lambda seq: ahead(seq, first))) + self._chase(now_s)


def _status(packet: RawPacket) -> list[Item]:
    data = packet.data
    if len(data) == _EVENT_BYTES and data[0] == 0x15:
        return [_GESTURES[data[1]]] if data[1] in _GESTURES else []
    if len(data) != _STATUS_BYTES or data[0] != 0x14:
        raise PacketError(packet.sensor_id, "not a plain status", data)
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
