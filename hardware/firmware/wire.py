"""The sensor's plain packets as bytes: hardware/protocol/protocol.md line by line; `seal` wraps them up.

Runs under CircuitPython on the sensor and under CPython in the twin: `struct` alone, plain classes,
annotations that are builtins. Every decoder raises ValueError with the reason.
"""

import struct

VERSION = 2

SERVICE_UUID = "18fc0001-4b9a-4015-aa90-1a43ff5ce2de"
STREAM_UUID = "18fc0002-4b9a-4015-aa90-1a43ff5ce2de"
CONTROL_UUID = "18fc0003-4b9a-4015-aa90-1a43ff5ce2de"
STATUS_UUID = "18fc0004-4b9a-4015-aa90-1a43ff5ce2de"

TICKS_HZ = 32768
PACKET_SAMPLES = 13
STREAM_HEAD_BYTES = 16
SAMPLE_BYTES = 12  # acc xyz, gyro xyz, int16 each
RATES_HZ = (26, 52, 104)

# LSM6DS3TR-C data sheet, table 3: sensitivities of the ranges, by range code
ACC_RANGES_G = (2, 4, 8, 16)
ACC_MG_PER_COUNT = (0.061, 0.122, 0.244, 0.488)
GYRO_RANGES_DPS = (125, 250, 500, 1000, 2000)
GYRO_MDPS_PER_COUNT = (4.375, 8.75, 17.5, 35.0, 70.0)

CONFIGURE = 1
START = 2
STOP = 3
RESEND = 4
BUZZ = 5
IDENTIFY = 6

BUZZ_SHORT = 1
BUZZ_TWICE = 2
BUZZ_LONG = 3
BUZZ_TOO_FAR_FORWARD = 4
BUZZ_TOO_FAR_BACK = 5
BUZZ_STAND_UP = 6

OK = 0
UNKNOWN_COMMAND = 1
BAD_REQUEST = 2
NOT_HELD = 3
UNABLE = 4
LOCKED = 5

# First byte of every packet: plain or sealed, and the type
PLAIN = 0x10
SEALED = 0x20
STREAM = 1
REQUEST = 2
ANSWER = 3
STATUS = 4
EVENT = 5
HELLO = 0x26
WELCOME = 0x27
NOTICE = 0x28

KNOWN_HOST = 0
NEW_HOST = 1

EVENT_CALIBRATE = 1
EVENT_SNOOZE = 2
EVENT_ASLEEP = 3
EVENT_AWAKE = 4

_STREAM = PLAIN | STREAM
_REQUEST = PLAIN | REQUEST
_ANSWER = PLAIN | ANSWER
_STATUS = PLAIN | STATUS
_EVENT = PLAIN | EVENT

_RESENT = 0x01
_CLIPPED = 0x02
_WORN = 0x01
_STARTED = 0x02

_STREAM_HEAD = "<BBBBIIHBB"
_ANSWER_LAYOUT = "<BBBBI"
_EVENT_LAYOUT = "<BBHII"
_STATUS_LAYOUT = "<BBBBBBHIIIHHBBH"
_PARAMETERS = {CONFIGURE: "<BB", START: "<", STOP: "<", RESEND: "<IH", BUZZ: "<B", IDENTIFY: "<"}

_MOST = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF}
_U32 = 0x100000000


class UnknownCommandError(ValueError):
    """A request that is well formed but names a command this version does not have."""


def later(seq: int, steps: int) -> int:
    """The sequence number, or ticks, `steps` after `seq` on the wrapping 32-bit circle."""
    return (seq + steps) % _U32


def ahead(newer: int, older: int) -> int:
    """How far `newer` is ahead of `older` on the 32-bit circle: -2^31 to 2^31 - 1."""
    return (newer - older + _U32 // 2) % _U32 - _U32 // 2


def acc_scale(acc_code: int) -> float:
    """m/s² per count."""
    return ACC_MG_PER_COUNT[acc_code] * 9.80665e-3


def gyro_scale(gyro_code: int) -> float:
    """rad/s per count."""
    return GYRO_MDPS_PER_COUNT[gyro_code] * 1e-3 * 3.141592653589793 / 180.0


class StreamPacket:
    """Up to 13 evenly spaced samples. `samples` is their raw bytes: acc xyz, gyro xyz, int16 little-endian."""

    def __init__(
        self,
        seq: int,
        ticks: int,
        span_ticks: int,
        rate_hz: int,
        acc_code: int,
        gyro_code: int,
        samples: bytes,
        resent: bool = False,
        clipped: bool = False,
    ) -> None:
        self.seq = seq
        self.ticks = ticks
        self.span_ticks = span_ticks
        self.rate_hz = rate_hz
        self.acc_code = acc_code
        self.gyro_code = gyro_code
        self.samples = samples
        self.resent = resent
        self.clipped = clipped


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


def encode_stream(packet: StreamPacket) -> bytes:
    """16 bytes of header and the samples. Raises ValueError for what no packet may say."""
    count, rest = divmod(len(packet.samples), SAMPLE_BYTES)
    if rest:
        raise ValueError(f"{len(packet.samples)} bytes are no whole samples")
    _check_samples(count, packet.span_ticks, packet.rate_hz)
    flags = (_RESENT if packet.resent else 0) | (_CLIPPED if packet.clipped else 0)
    head = _pack(
        _STREAM_HEAD,
        _STREAM,
        flags,
        _join_ranges(packet.acc_code, packet.gyro_code),
        packet.rate_hz,
        packet.seq,
        packet.ticks,
        packet.span_ticks,
        count,
        0,
    )
    return head + packet.samples


def decode_stream(data: bytes) -> StreamPacket:
    """The packet in one notification of the stream characteristic."""
    _check_kind(data, _STREAM, STREAM_HEAD_BYTES, "stream packet")
    _, flags, ranges, rate_hz, seq, ticks, span_ticks, count, _ = struct.unpack_from(_STREAM_HEAD, data, 0)
    acc_code, gyro_code = _acc_code(ranges), _gyro_code(ranges)
    _check_samples(count, span_ticks, rate_hz)
    if len(data) != STREAM_HEAD_BYTES + SAMPLE_BYTES * count:
        raise ValueError(f"a stream packet of {count} samples cannot have {len(data)} bytes")
    samples = bytes(data[STREAM_HEAD_BYTES:])
    resent, clipped = bool(flags & _RESENT), bool(flags & _CLIPPED)
    return StreamPacket(seq, ticks, span_ticks, rate_hz, acc_code, gyro_code, samples, resent, clipped)


def mark_resent(data: bytes) -> bytes:
    """The same stream packet with its resent flag set: what the ring holds needs no new encoding."""
    return data[:1] + bytes([data[1] | _RESENT]) + data[2:]


def encode_request(request: Request) -> bytes:
    """4 bytes and the command's parameters. Raises ValueError for what no request may say."""
    command = request.command
    if command not in _PARAMETERS:
        raise UnknownCommandError(f"there is no command {command}")
    head = _pack("<BBBB", _REQUEST, request.request_id, command, 0)
    if command == CONFIGURE:
        _check_rate(request.rate_hz)
        return head + _pack("<BB", request.rate_hz, _join_ranges(request.acc_code, request.gyro_code))
    if command == RESEND:
        _check_resend(request.count)
        return head + _pack("<IH", request.first, request.count)
    if command == BUZZ:
        _check_pattern(request.pattern)
        return head + _pack("<B", request.pattern)
    return head


def decode_request(data: bytes) -> Request:
    """The request in one write to the control characteristic. Raises UnknownCommandError or ValueError."""
    _check_kind(data, _REQUEST, 4, "request")
    request = Request(data[1], data[2])
    layout = _PARAMETERS.get(request.command)
    if layout is None:
        raise UnknownCommandError(f"there is no command {request.command}")
    if len(data) != 4 + struct.calcsize(layout):
        raise ValueError(f"a request of command {request.command} cannot have {len(data)} bytes")
    if request.command == CONFIGURE:
        request.rate_hz, ranges = struct.unpack_from(layout, data, 4)
        request.acc_code, request.gyro_code = _acc_code(ranges), _gyro_code(ranges)
        _check_rate(request.rate_hz)
    elif request.command == RESEND:
        request.first, request.count = struct.unpack_from(layout, data, 4)
        _check_resend(request.count)
    elif request.command == BUZZ:
        request.pattern = data[4]
        _check_pattern(request.pattern)
    return request


def encode_answer(answer: Answer) -> bytes:
    """8 bytes."""
    return _pack(_ANSWER_LAYOUT, _ANSWER, answer.request_id, answer.command, answer.code, answer.value)


def decode_answer(data: bytes) -> Answer:
    """The answer in one notification of the control characteristic."""
    _check_kind(data, _ANSWER, 8, "answer")
    if len(data) != 8:
        raise ValueError(f"an answer cannot have {len(data)} bytes")
    _, request_id, command, code, value = struct.unpack(_ANSWER_LAYOUT, data)
    return Answer(request_id, command, code, value)


def encode_event(event: Event) -> bytes:
    """12 bytes."""
    return _pack(_EVENT_LAYOUT, _EVENT, event.kind, event.number, event.ticks, event.value)


def decode_event(data: bytes) -> Event:
    """The event in one notification of the status characteristic."""
    _check_kind(data, _EVENT, 12, "event")
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
    return _pack(
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
        _join_ranges(status.acc_code, status.gyro_code),
        0,
    )


def decode_status(data: bytes) -> Status:
    """The status in one read or notification of the status characteristic."""
    _check_kind(data, _STATUS, 28, "status")
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
        _acc_code(ranges),
        _gyro_code(ranges),
        bool(flags & _WORN),
        bool(flags & _STARTED),
    )


def _pack(layout: str, *fields: int) -> bytes:
    # CircuitPython has no struct.error to catch, so the ranges are checked beforehand
    for at, field in enumerate(fields):
        if not 0 <= field <= _MOST[layout[at + 1]]:
            raise ValueError(f"{field} is out of its range")
    return struct.pack(layout, *fields)


def _check_kind(data: bytes, kind: int, least: int, what: str) -> None:
    if not data:
        raise ValueError(f"an empty {what}")
    if data[0] & 0xF0 != PLAIN:
        raise ValueError(f"a packet of form {data[0] >> 4}, where the plain one is 1")
    if data[0] != kind:
        raise ValueError(f"type {data[0] & 0x0F} is no {what}")
    if len(data) < least:
        raise ValueError(f"a {what} has at least {least} bytes, this one {len(data)}")


def _check_samples(count: int, span_ticks: int, rate_hz: int) -> None:
    if not 1 <= count <= PACKET_SAMPLES:
        raise ValueError(f"a stream packet has 1 to {PACKET_SAMPLES} samples, not {count}")
    if (count == 1) != (span_ticks == 0):
        raise ValueError(f"{count} samples cannot span {span_ticks} ticks")
    if rate_hz == 0:
        raise ValueError("a rate of 0 Hz")


def _check_rate(rate_hz: int) -> None:
    if rate_hz not in RATES_HZ:
        raise ValueError(f"the rate is 26, 52 or 104 Hz, not {rate_hz}")


def _check_resend(count: int) -> None:
    if count == 0:
        raise ValueError("a resend of no packets")


def _check_pattern(pattern: int) -> None:
    if pattern == 0:
        raise ValueError("patterns are counted from 1")


def _join_ranges(acc_code: int, gyro_code: int) -> int:
    ranges = acc_code | gyro_code << 4
    if _acc_code(ranges) != acc_code or _gyro_code(ranges) != gyro_code:
        raise ValueError(f"there are no ranges with the codes {acc_code} and {gyro_code}")
    return ranges


def _acc_code(ranges: int) -> int:
    if ranges & 0x0F >= len(ACC_RANGES_G):
        raise ValueError(f"there is no accelerometer range with the code {ranges & 0x0F}")
    return ranges & 0x0F


def _gyro_code(ranges: int) -> int:
    if ranges >> 4 >= len(GYRO_RANGES_DPS):
        raise ValueError(f"there is no gyroscope range with the code {ranges >> 4}")
    return ranges >> 4
