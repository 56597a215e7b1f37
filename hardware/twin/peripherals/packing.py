"""Samples to stream packets of our own protocol, as the firmware makes them; a core without I/O."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hardware.firmware import wire
from hardware.twin.source import Counts, SampleSource

POWER_ON_RATE_HZ = 52
POWER_ON_ACC_CODE = 1  # ±4 g
POWER_ON_GYRO_CODE = 2  # ±500 °/s

_INT16 = np.iinfo(np.int16)

Packet = tuple[int, int, bytes]  # sequence number, number of samples, encoded


class Packer:
    """Counts of a source into encoded packets, numbered from `next_seq`.

    A source at 104, 52 or 26 Hz can be had at that rate or a slower one of the three, by leaving
    samples out. Any other source is a recording and keeps its rate, divided down to 104 Hz or less.
    """

    def __init__(self, source: SampleSource, next_seq: int = 0) -> None:
        self.next_seq = next_seq
        self._source_hz = source.rate_hz
        self._newest: tuple[int, float] | None = None  # index and true time of the newest sample
        self._acc_scale = source.acc_scale
        self._gyr_scale = source.gyr_scale
        self._stride = self._stride_for(POWER_ON_RATE_HZ) or math.ceil(self._source_hz / max(wire.RATES_HZ))
        self.acc_code = POWER_ON_ACC_CODE
        self.gyro_code = POWER_ON_GYRO_CODE
        self._index: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._counts: NDArray[np.int16] = np.empty((0, 6), dtype=np.int16)

    @property
    def rate_hz(self) -> int:
        """Nominal rate of the packets."""
        return round(self._source_hz / self._stride)

    @property
    def settings(self) -> tuple[int, int, int]:
        """Rate, accelerometer code, gyroscope code."""
        return self.rate_hz, self.acc_code, self.gyro_code

    def can(self, rate_hz: int) -> bool:
        """Whether the source can be had at this rate."""
        return self._stride_for(rate_hz) is not None

    def configure(self, rate_hz: int, acc_code: int, gyro_code: int) -> list[Packet]:
        """Change the settings from the next sample on; the packet that this closes. `can` must hold."""
        stride = self._stride_for(rate_hz)
        if stride is None:
            raise ValueError(f"a source of {self._source_hz} Hz cannot be had at {rate_hz} Hz")
        if (stride, acc_code, gyro_code) == (self._stride, self.acc_code, self.gyro_code):
            return []
        closed = self.close()
        self._stride, self.acc_code, self.gyro_code = stride, acc_code, gyro_code
        return closed

    def ticks_at(self, t: float) -> int:
        """The device's clock at true time `t`, as the ticks of the samples imply it."""
        index, index_s = self._newest or (0, 0.0)
        return wire.later(self._ticks(index) + int((t - index_s) * wire.TICKS_HZ), 0)

    def pass_by(self, counts: Counts) -> None:
        """Samples that are taken and not packed; the device's clock goes on."""
        if len(counts.index):
            self._newest = int(counts.index[-1]), float(counts.t[-1])

    def feed(self, counts: Counts) -> list[Packet]:
        """The packets that these samples fill."""
        self.pass_by(counts)
        kept = counts.index % self._stride == 0
        self._index = np.concatenate([self._index, counts.index[kept]])
        self._counts = np.concatenate([self._counts, self._in_ranges(counts.counts[kept])])
        packets: list[Packet] = []
        while len(self._index):
            run = self._run_length()
            if run == len(self._index) and run < wire.PACKET_SAMPLES:
                break  # not full, and nothing says yet that it will not be
            packets.append(self._take(run))
        return packets

    def close(self) -> list[Packet]:
        """The packet that was being filled, if there is one."""
        return [self._take(len(self._index))] if len(self._index) else []

    def _stride_for(self, rate_hz: int) -> int | None:
        stride = round(self._source_hz / rate_hz)
        is_one_of_ours = round(self._source_hz) in wire.RATES_HZ
        return stride if is_one_of_ours and stride >= 1 and round(self._source_hz / stride) == rate_hz else None

    def _run_length(self) -> int:
        """How many of the waiting samples, at most a packet's, are evenly spaced."""
        gaps = np.diff(self._index[: wire.PACKET_SAMPLES])
        holes = np.flatnonzero(gaps != self._stride)
        return int(holes[0]) + 1 if len(holes) else min(len(self._index), wire.PACKET_SAMPLES)

    def _take(self, n: int) -> Packet:
        index, counts = self._index[:n], self._counts[:n]
        self._index, self._counts = self._index[n:], self._counts[n:]
        first, last = (self._ticks(int(index[0])), self._ticks(int(index[-1])))
        packet = wire.StreamPacket(
            seq=self.next_seq,
            ticks=wire.later(first, 0),
            span_ticks=last - first,
            rate_hz=self.rate_hz,
            acc_code=self.acc_code,
            gyro_code=self.gyro_code,
            samples=counts.astype("<i2").tobytes(),
            clipped=bool(np.any((counts == _INT16.min) | (counts == _INT16.max))),
        )
        self.next_seq = wire.later(self.next_seq, 1)
        return packet.seq, n, wire.encode_stream(packet)

    def _ticks(self, index: int) -> int:
        return round(index * wire.TICKS_HZ / self._source_hz)

    def _in_ranges(self, counts: NDArray[np.int16]) -> NDArray[np.int16]:
        acc = self._acc_scale / wire.acc_scale(self.acc_code)
        gyr = self._gyr_scale / wire.gyro_scale(self.gyro_code)
        return rescale(counts, acc, gyr)


def rescale(counts: NDArray[np.int16], acc_factor: float, gyr_factor: float) -> NDArray[np.int16]:
    """(n, 6) counts in another range, rounded, saturated as a converter saturates."""
    if math.isclose(acc_factor, 1.0, rel_tol=1e-6) and math.isclose(gyr_factor, 1.0, rel_tol=1e-6):
        return counts
    factors = np.array([acc_factor] * 3 + [gyr_factor] * 3)
    saturated: NDArray[np.int16] = np.clip(np.rint(counts * factors), _INT16.min, _INT16.max).astype(np.int16)
    return saturated
