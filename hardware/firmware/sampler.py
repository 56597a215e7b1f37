"""What the FIFO gave, as stream packets whose samples stand on the device's clock.

The IMU's oscillator spaces the samples, whatever Python does; the crystal says how fast that oscillator runs. Whole
numbers throughout: a float of CircuitPython has 22 bits.
"""

import struct

from hardware.firmware import wire

_ONE = 4096  # parts of a tick
_FIRST_WINDOW = 256  # samples, until the rate is first measured
_LAST_WINDOW = 4096


class ImuClock:
    """Which tick of the crystal each sample was taken at.

    When `produced` samples have been taken at tick `now`, the last of them was taken in (now - period, now]: each
    reading narrows where the samples stand, and a long run of them how far apart they are.
    """

    def __init__(self, rate_hz: int) -> None:
        self.period = wire.TICKS_HZ * _ONE // rate_hz  # parts of a tick
        self._count = 0  # samples so far
        self._at = 0  # where the last of them stands, in parts
        self._window = _FIRST_WINDOW
        self._mark = (0, 0)

    def observe(self, count: int, now_ticks: int) -> None:
        """`count` more samples have been taken, the last at most one period before `now_ticks`."""
        now = now_ticks * _ONE
        if not self._count:
            self._count, self._at = count, now - self.period // 2
            self._mark = (self._count, self._at)
            return
        self._count += count
        self._at = min(max(self._at + count * self.period, now - self.period), now)
        passed = self._count - self._mark[0]
        if passed >= self._window:
            measured = (self._at - self._mark[1]) // passed
            self.period += (measured - self.period) // (1 if self._window == _FIRST_WINDOW else 2)
            self._mark = (self._count, self._at)
            self._window = min(2 * self._window, _LAST_WINDOW)

    def resume(self, count: int, now_ticks: int) -> int:
        """After a hole `count` samples are there, the last of them just taken; returns how many the hole swallowed."""
        if not self._count:
            return 0
        before, self._at = self._at, now_ticks * _ONE - self.period // 2
        self._count += count
        self._mark = (self._count, self._at)
        return max(0, (self._at - before + self.period // 2) // self.period - count)

    def ticks(self, back: int) -> int:
        """The tick of the sample that lies `back` samples before the last."""
        return (self._at - back * self.period) // _ONE


class Sampler:
    """FIFO reads into encoded packets, full but before a hole, a stop or other settings."""

    def __init__(self, rate_hz: int, acc_code: int, gyro_code: int, next_seq: int = 0) -> None:
        self.next_seq = next_seq
        self.lost = 0  # samples that an over-run of the FIFO cost
        self.rate_hz = rate_hz
        self.acc_code = acc_code
        self.gyro_code = gyro_code
        self._clock = ImuClock(rate_hz)
        self._waiting = b""

    @property
    def settings(self) -> tuple[int, int, int]:
        return self.rate_hz, self.acc_code, self.gyro_code

    def configure(self, rate_hz: int, acc_code: int, gyro_code: int) -> list[bytes]:
        """From the next sample on; returns the packet that this closes."""
        if (rate_hz, acc_code, gyro_code) == self.settings:
            return []
        closed = self.close()
        self.rate_hz, self.acc_code, self.gyro_code = rate_hz, acc_code, gyro_code
        self._clock = ImuClock(rate_hz)
        return closed

    def restart(self) -> list[bytes]:
        """The IMU has been started anew with the same settings; returns the packet that this closes."""
        closed = self.close()
        period = self._clock.period
        self._clock = ImuClock(self.rate_hz)
        self._clock.period = period
        return closed

    def feed(self, samples: bytes, has_overrun: bool, now_ticks: int) -> list[bytes]:
        """The packets that these samples fill. `now_ticks` is when the FIFO was read, not wrapped."""
        count = len(samples) // wire.SAMPLE_BYTES
        packets = []
        if has_overrun:
            packets += self.close()
            self.lost += self._clock.resume(count, now_ticks)
        elif count:
            self._clock.observe(count, now_ticks)
        self._waiting += samples
        full = wire.PACKET_SAMPLES * wire.SAMPLE_BYTES
        while len(self._waiting) >= full:
            packets.append(self._take(full))
        return packets

    def close(self) -> list[bytes]:
        """The packet that was being filled, if there is one."""
        return [self._take(len(self._waiting))] if self._waiting else []

    def _take(self, size: int) -> bytes:
        samples, left = self._waiting[:size], len(self._waiting) - size
        back = left // wire.SAMPLE_BYTES
        last = self._clock.ticks(back)
        first = self._clock.ticks(back + size // wire.SAMPLE_BYTES - 1)
        self._waiting = self._waiting[size:]
        values = struct.unpack(f"<{size // 2}h", samples)
        packet = wire.StreamPacket(
            self.next_seq,
            wire.later(first, 0),
            last - first,
            self.rate_hz,
            self.acc_code,
            self.gyro_code,
            samples,
            False,
            max(values) == 32767 or min(values) == -32768,
        )
        self.next_seq = wire.later(self.next_seq, 1)
        return wire.encode_stream(packet)
