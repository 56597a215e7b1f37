"""Our own sensor's stream packets as the host reads them (hardware/protocol/protocol.md), and its clock."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import pi

from analysis.model import GRAVITY
from firmware_bridge.driver import Run, Scale, Ticks
from firmware_bridge.errors import PacketError
from firmware_bridge.packet import RawPacket

NUMBERS = 1 << 32  # of packets and ticks, before they begin again
TICKS_HZ = 32768
MOST_SAMPLES = 13
MOST_LATE_S = 3.0  # how late a live packet may be after a reconnection; more means a restart of the sensor
_STREAM_HEAD = struct.Struct("<BBBBIIHBB")
_SAMPLE_BYTES = 12

# LSM6DS3TR-C data sheet, sensitivities: mg and mdps per count by range code
_SCALES = {
    acc | gyr << 4: Scale(acc=mg * 1e-3 * GRAVITY, gyr=mdps * 1e-3 * pi / 180)
    for acc, mg in enumerate((0.061, 0.122, 0.244, 0.488))
    for gyr, mdps in enumerate((4.375, 8.75, 17.5, 35.0, 70.0))
}


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
        raise PacketError(packet.sensor_id, "not a plain stream packet", data)
    if not 1 <= n <= MOST_SAMPLES or len(data) != _STREAM_HEAD.size + n * _SAMPLE_BYTES:
        raise PacketError(packet.sensor_id, "stream packet of a wrong length", data)
    scale = _SCALES.get(ranges)
    if scale is None or rate_hz == 0 or (n == 1) != (span_ticks == 0):
        raise PacketError(packet.sensor_id, "stream packet with an impossible header", data)
    counts = data[_STREAM_HEAD.size :]
    return StreamPacket(seq, ticks, span_ticks, n, rate_hz, scale, bool(flags & 1), counts, packet.arrived_s)


def ahead(newer: int, older: int) -> int:
    """How far `newer` is ahead of `older` on the 32-bit circle: -2^31 to 2^31 - 1."""
    return (newer - older + NUMBERS // 2) % NUMBERS - NUMBERS // 2


class DeviceClock:
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
        step = ahead(packet.ticks, last % NUMBERS)
        host_ticks = (packet.arrived_s - self._live_s) * TICKS_HZ - (last - self._live_ticks)
        return last + step + round((host_ticks - step) / NUMBERS) * NUMBERS
