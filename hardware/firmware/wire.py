"""The protocol's vocabulary and its stream packets: hardware/protocol/protocol.md line by line.

`talk` has the other packets, and `seal` wraps all of them up.

Runs under CircuitPython on the sensor and under CPython in the twin: `struct` alone, plain classes,
annotations that are builtins. Every decoder raises ValueError with the reason.
"""

import struct

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

_RESENT = 0x01
_CLIPPED = 0x02

_STREAM_HEAD = "<BBBBIIHBB"

_MOST = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF}
_U32 = 0x100000000


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


def encode_stream(packet: StreamPacket) -> bytes:
    """16 bytes of header and the samples. Raises ValueError for what no packet may say."""
    count, rest = divmod(len(packet.samples), SAMPLE_BYTES)
    if rest:
        raise ValueError(f"{len(packet.samples)} bytes are no whole samples")
    _check_samples(count, packet.span_ticks, packet.rate_hz)
    flags = (_RESENT if packet.resent else 0) | (_CLIPPED if packet.clipped else 0)
    head = pack(
        _STREAM_HEAD,
        _STREAM,
        flags,
        join_ranges(packet.acc_code, packet.gyro_code),
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
    check_kind(data, _STREAM, STREAM_HEAD_BYTES, "stream packet")
    _, flags, ranges, rate_hz, seq, ticks, span_ticks, count, _ = struct.unpack_from(_STREAM_HEAD, data, 0)
    acc_code, gyro_code = acc_code_in(ranges), gyro_code_in(ranges)
    _check_samples(count, span_ticks, rate_hz)
    if len(data) != STREAM_HEAD_BYTES + SAMPLE_BYTES * count:
        raise ValueError(f"a stream packet of {count} samples cannot have {len(data)} bytes")
    samples = bytes(data[STREAM_HEAD_BYTES:])
    resent, clipped = bool(flags & _RESENT), bool(flags & _CLIPPED)
    return StreamPacket(seq, ticks, span_ticks, rate_hz, acc_code, gyro_code, samples, resent, clipped)


def mark_resent(data: bytes) -> bytes:
    """The same stream packet with its resent flag set: what the ring holds needs no new encoding."""
    return data[:1] + bytes([data[1] | _RESENT]) + data[2:]


def pack(layout: str, *fields: int) -> bytes:
    """struct.pack of unsigned fields; raises ValueError for one that is out of its range."""
    # CircuitPython has no struct.error to catch, so the ranges are checked beforehand
    for at, field in enumerate(fields):
        if not 0 <= field <= _MOST[layout[at + 1]]:
            raise ValueError(f"{field} is out of its range")
    return struct.pack(layout, *fields)


def check_kind(data: bytes, kind: int, least: int, what: str) -> None:
    """Raises ValueError for what does not begin as a plain packet of that kind, or is shorter than `least`."""
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


def join_ranges(acc_code: int, gyro_code: int) -> int:
    """Both codes in a byte; raises ValueError for codes that no range has."""
    ranges = acc_code | gyro_code << 4
    if acc_code_in(ranges) != acc_code or gyro_code_in(ranges) != gyro_code:
        raise ValueError(f"there are no ranges with the codes {acc_code} and {gyro_code}")
    return ranges


def acc_code_in(ranges: int) -> int:
    """Of the byte of both; raises ValueError for one that no range has."""
    if ranges & 0x0F >= len(ACC_RANGES_G):
        raise ValueError(f"there is no accelerometer range with the code {ranges & 0x0F}")
    return ranges & 0x0F


def gyro_code_in(ranges: int) -> int:
    """Of the byte of both; raises ValueError for one that no range has."""
    if ranges >> 4 >= len(GYRO_RANGES_DPS):
        raise ValueError(f"there is no gyroscope range with the code {ranges >> 4}")
    return ranges >> 4
