"""What host and sensor say to each other beside the stream: requests, answers, events, status, as plain packets.

hardware/protocol/protocol.md line by line, as `wire` is, and for the same two interpreters. Every decoder raises
ValueError with the reason.
"""

import struct

from hardware.firmware import wire

_REQUEST = wire.PLAIN | wire.REQUEST
_ANSWER = wire.PLAIN | wire.ANSWER
_STATUS = wire.PLAIN | wire.STATUS
_EVENT = wire.PLAIN | wire.EVENT

_WORN = 0x01
_STARTED = 0x02

_ANSWER_LAYOUT = "<BBBBI"
_EVENT_LAYOUT = "<BBHII"
_STATUS_LAYOUT = "<BBBBBBHIIIHHBBH"
_PARAMETERS = {
    wire.CONFIGURE: "<BB",
    wire.START: "<",
    wire.STOP: "<",
    wire.RESEND: "<IH",
    wire.BUZZ: "<B",
    wire.IDENTIFY: "<",
}


class UnknownCommandError(ValueError):
    """A request that is well formed but names a command this version does not have."""


class Request:
    """What the host asks. Fields that the command does not have are left at their defaults."""

    def __init__(
        self,
        request_id: int,
        command: int,
        rate_hz: int = 0,
        acc_code: int = 0,
        gyro_code: int = 0,
        first: int = 0,
        count: int = 0,
        pattern: int = 0,
    ) -> None:
        self.request_id = request_id
        self.command = command
        self.rate_hz = rate_hz
        self.acc_code = acc_code
        self.gyro_code = gyro_code
        self.first = first
        self.count = count
        self.pattern = pattern


class Answer:
    """What the sensor says to one request; the meaning of `value` depends on command and code."""

    def __init__(self, request_id: int, command: int, code: int, value: int = 0) -> None:
        self.request_id = request_id
        self.command = command
        self.code = code
        self.value = value


class Event:
    """What has just happened at the sensor: a tap, falling asleep, waking up."""

    def __init__(self, kind: int, number: int, ticks: int, value: int = 0) -> None:
        self.kind = kind
        self.number = number
        self.ticks = ticks
        self.value = value


class Status:
    """How the sensor is. `battery_percent` 255 and `battery_mv` 0 mean unknown."""

    def __init__(
        self,
        firmware: bytes,  # major, minor, patch
        battery_mv: int,
        battery_percent: int,
        uptime_ticks: int,
        oldest_seq: int,
        next_seq: int,
        held: int,
        capacity: int,
        rate_hz: int,
        acc_code: int,
        gyro_code: int,
        worn: bool,
        started: bool,
    ) -> None:
        self.firmware = firmware
        self.battery_mv = battery_mv
        self.battery_percent = battery_percent
        self.uptime_ticks = uptime_ticks
        self.oldest_seq = oldest_seq
        self.next_seq = next_seq
        self.held = held
        self.capacity = capacity
        self.rate_hz = rate_hz
        self.acc_code = acc_code
        self.gyro_code = gyro_code
        self.worn = worn
        self.started = started


def encode_request(request: Request) -> bytes:
    """4 bytes and the command's parameters. Raises ValueError for what no request may say."""
    command = request.command
    if command not in _PARAMETERS:
        raise UnknownCommandError(f"there is no command {command}")
    head = wire.pack("<BBBB", _REQUEST, request.request_id, command, 0)
    if command == wire.CONFIGURE:
        _check_rate(request.rate_hz)
        return head + wire.pack("<BB", request.rate_hz, wire.join_ranges(request.acc_code, request.gyro_code))
    if command == wire.RESEND:
        _check_resend(request.count)
        return head + wire.pack("<IH", request.first, request.count)
    if command == wire.BUZZ:
        _check_pattern(request.pattern)
        return head + wire.pack("<B", request.pattern)
    return head


def decode_request(data: bytes) -> Request:
    """The request in one write to the control characteristic. Raises UnknownCommandError or ValueError."""
    wire.check_kind(data, _REQUEST, 4, "request")
    request = Request(data[1], data[2])
    layout = _PARAMETERS.get(request.command)
    if layout is None:
        raise UnknownCommandError(f"there is no command {request.command}")
    if len(data) != 4 + struct.calcsize(layout):
        raise ValueError(f"a request of command {request.command} cannot have {len(data)} bytes")
    if request.command == wire.CONFIGURE:
        request.rate_hz, ranges = struct.unpack_from(layout, data, 4)
        request.acc_code, request.gyro_code = wire.acc_code_in(ranges), wire.gyro_code_in(ranges)
        _check_rate(request.rate_hz)
    elif request.command == wire.RESEND:
        request.first, request.count = struct.unpack_from(layout, data, 4)
        _check_resend(request.count)
    elif request.command == wire.BUZZ:
        request.pattern = data[4]
        _check_pattern(request.pattern)
    return request


def encode_answer(answer: Answer) -> bytes:
    """8 bytes."""
    return wire.pack(_ANSWER_LAYOUT, _ANSWER, answer.request_id, answer.command, answer.code, answer.value)


def decode_answer(data: bytes) -> Answer:
    """The answer in one notification of the control characteristic."""
    wire.check_kind(data, _ANSWER, 8, "answer")
    if len(data) != 8:
        raise ValueError(f"an answer cannot have {len(data)} bytes")
    _, request_id, command, code, value = struct.unpack(_ANSWER_LAYOUT, data)
    return Answer(request_id, command, code, value)


def encode_event(event: Event) -> bytes:
    """12 bytes."""
    return wire.pack(_EVENT_LAYOUT, _EVENT, event.kind, event.number, event.ticks, event.value)


def decode_event(data: bytes) -> Event:
    """The event in one notification of the status characteristic."""
    wire.check_kind(data, _EVENT, 12, "event")
    if len(data) != 12:
        raise ValueError(f"an event cannot have {len(data)} bytes")
    _, kind, number, ticks, value = struct.unpack(_EVENT_LAYOUT, data)
    return Event(kind, number, ticks, value)


def encode_status(status: Status) -> bytes:
    """28 bytes. Raises ValueError for what no status may say."""
    if len(status.firmware) != 3:
        raise ValueError("a firmware version has three numbers")
    if status.held > status.capacity:
        raise ValueError(f"{status.held} packets cannot be held in a ring of {status.capacity}")
    return wire.pack(
        _STATUS_LAYOUT,
        _STATUS,
        (_WORN if status.worn else 0) | (_STARTED if status.started else 0),
        status.firmware[0],
        status.firmware[1],
        status.firmware[2],
        status.battery_percent,
        status.battery_mv,
        status.uptime_ticks,
        status.oldest_seq,
        status.next_seq,
        status.held,
        status.capacity,
        status.rate_hz,
        wire.join_ranges(status.acc_code, status.gyro_code),
        0,
    )


def decode_status(data: bytes) -> Status:
    """The status in one read or notification of the status characteristic."""
    wire.check_kind(data, _STATUS, 28, "status")
    if len(data) != 28:
        raise ValueError(f"a status cannot have {len(data)} bytes")
    _, flags, major, minor, patch, percent, mv, uptime, oldest, following, held, capacity, rate_hz, ranges, _ = (
        struct.unpack(_STATUS_LAYOUT, data)
    )
    if held > capacity:
        raise ValueError(f"a status says that {held} packets are held in a ring of {capacity}")
    return Status(
        bytes([major, minor, patch]),
        mv,
        percent,
        uptime,
        oldest,
        following,
        held,
        capacity,
        rate_hz,
        wire.acc_code_in(ranges),
        wire.gyro_code_in(ranges),
        bool(flags & _WORN),
        bool(flags & _STARTED),
    )


def _check_rate(rate_hz: int) -> None:
    if rate_hz not in wire.RATES_HZ:
        raise ValueError(f"the rate is 26, 52 or 104 Hz, not {rate_hz}")


def _check_resend(count: int) -> None:
    if count == 0:
        raise ValueError("a resend of no packets")


def _check_pattern(pattern: int) -> None:
    if pattern == 0:
        raise ValueError("patterns are counted from 1")
