"""What the FIFO gave, as stream packets whose samples stand on the device's clock.

The IMU's oscillator spaces the samples, whatever Python does; the crystal says how fast that oscillator runs. Whole
numbers throughout: a float of CircuitPython has 22 bits.
"""

import struct

from hardware.firmware import wire

_ONE = 4096  # parts of a tick
_FIRST_WINDOW = 64  # samples, until the rate is first measured
_LAST_WINDOW = 4096
_ROOM = 32  # the oscillator may be off by a 32nd of its rate,
_SLEPT = 512  # after a rest by a 512th of what it was,
_CREEP = 8192  # and within a window, as it warms, by an 8192nd


class ImuClock:
    """Which tick of the crystal each sample was taken at.

    When `produced` samples have been taken at tick `now`, the last of them was taken in (now - period, now]. So each
    reading narrows where the samples stand, and a long run of them how far apart they are; between two readings both
    bounds go apart by what is not known of the rate. A sample is taken to stand in their middle.
    """

    def __init__(self, rate_hz: int) -> None:
        nominal = wire.TICKS_HZ * _ONE // rate_hz
        self._least, self._most = nominal - nominal // _ROOM, nominal + nominal // _ROOM  # parts between two samples
        self._count = 0  # samples so far
        self._early = self._late = 0  # the last of them stands between, in parts
        self._mark = (0, 0, 0)  # where the window began: count, early, late
        self._window = _FIRST_WINDOW

    @property
    def period(self) -> int:
        """Parts of a tick from one sample to the next."""
        return (self._least + self._most) // 2

    def restart(self) -> None:
        """The samples begin anew, of the same oscillator."""
        self._widen(self.period // _SLEPT)
        self._count = 0
        self._window = _FIRST_WINDOW

    def observe(self, count: int, now_ticks: int) -> None:
        """`count` more samples have been taken, the last at most one period before `now_ticks`."""
        now = now_ticks * _ONE
        if not self._count:
            self._begin(count, now)
            return
        self._count += count
        early = max(self._early + count * self._least, now - self._most)
        late = min(self._late + count * self._most, now)
        self._early, self._late = min(early, late), max(early, late)  # crossed, they tell how far they are wrong
        if self._count - self._mark[0] >= self._window:
            self._measure()

    def resume(self, count: int, now_ticks: int) -> int:
        """After a hole `count` samples are there, the last of them just taken; returns how many the hole swallowed."""
        if not self._count:
            return 0
        before = self._at()
        self._begin(self._count + count, now_ticks * _ONE)
        return max(0, (self._at() - before + self.period // 2) // self.period - count)

    def ticks(self, back: int) -> int:
        """The tick of the sample that lies `back` samples before the last."""
        return (self._at() - back * self.period) // _ONE

    def _begin(self, count: int, now: int) -> None:
        self._count, self._early, self._late = count, now - self._most, now
        self._mark = (self._count, self._early, self._late)

    def _at(self) -> int:
        return (self._early + self._late) // 2

    def _measure(self) -> None:
        """The window's own bounds of the period, and where they agree those from before it."""
        passed = self._count - self._mark[0]
        least, most = (self._early - self._mark[2]) // passed, (self._late - self._mark[1]) // passed + 1
        creep = self.period // _CREEP
        self._least, self._most = max(least, self._least - creep), min(most, self._most + creep)
        if self._least > self._most:
            self._least, self._most = least, most
        self._widen((creep - (self._most - self._least)) // 2)
        self._mark = (self._count, self._early, self._late)
        self._window = min(2 * self._window, _LAST_WINDOW)

    def _widen(self, parts: int) -> None:
        if parts > 0:
            self._least, self._most = self._least - parts, self._most + parts


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
        self._due = None  # type: int | None  # tick where the next packet begins, if it goes on from this one

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
        self._due = None
        return closed

    def restart(self) -> list[bytes]:
        """The IMU has been started anew with the same settings; returns the packet that this closes."""
        closed = self.close()
        self._clock.restart()
        self._due = None
        return closed

    def feed(self, samples: bytes, has_overrun: bool, now_ticks: int) -> list[bytes]:
        """The packets that these samples fill. `now_ticks` is when the FIFO was read, not wrapped."""
        count = len(samples) // wire.SAMPLE_BYTES
        packets = []
        if has_overrun:
            packets += self.close()
            self.lost += self._clock.resume(count, now_ticks)
            self._due = None
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
        period = self._clock.period // _ONE
        if self._due is not None:  # a correction comes in by quarters, or the host would take it for a hole
            shift = min(max(first, self._due - period // 4), self._due + period // 4) - first
            first, last = first + shift, last + shift
        self._due = last + period
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
