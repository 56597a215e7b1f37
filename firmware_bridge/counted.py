"""Blocks of sensors that send nothing but samples: their count is their clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from statistics import median

from analysis.schema import Samples
from firmware_bridge.driver import Run, Scale
from firmware_bridge.numbering import Numbering

BLOCK_S = 0.2
SETTLE_S = 1.0  # a new clock's first blocks wait this long, so that one late packet does not set it
JUMP_S = 0.1  # RGu0's recording has a stall of 239 ms that catches up all but some 120 ms: three notifications lost
LATES = 5  # blocks: a second, whose earliest packet is compared with that of the second after a gap
SECONDS = 30  # over which it is looked how late that one usually is
_SAMPLE_BYTES = 12


class CountAssembler:
    """For sensors that send nothing but samples: their count is their clock, and a gap shows only in time.

    Samples that come more than JUMP_S off the clock are held back. If one comes on time within SETTLE_S it was a
    stall, and all goes on as if nothing had been; else samples were lost, as many as close the gap.
    """

    def __init__(self, numbering: Numbering, rate_hz: float, rates_hz: Sequence[float], group: int = 1) -> None:
        """`group` samples are sent or lost together."""
        self.rate_hz = rate_hz
        self._group = group
        self.lost = 0
        self.fit = numbering.fit
        self._size = _block_samples(rate_hz)
        self.numbering = numbering
        self._rates_hz = rates_hz
        self._scale = Scale(0.0, 0.0)  # fixed in a family without a clock; told by its first run
        self._counts = bytearray()  # of the samples not yet told
        self._pieces: deque[tuple[float, int]] = deque()  # (arrival, n) of the same
        self._n = 0
        self._origin_s = 0.0  # count clock: device time = origin + index / rate
        self._index = 0  # of the first sample not yet told
        self._lost_before = 0
        self._lates: list[float] = []  # of this second's blocks
        self._usual: deque[float] = deque([0.0], maxlen=SECONDS)  # the least of each of the last seconds
        self._is_settling = True
        self._doubt_at: int | None = None  # the samples from here on may stand elsewhere
        self._doubt_s = 0.0

    def opened(self) -> list[Samples]:
        blocks = self.finish()
        self._is_settling = True
        return blocks

    def feed(self, run: Run) -> list[Samples]:
        blocks: list[Samples] = []
        self._scale = run.scale
        at = 0
        while at < run.n:
            if self._doubt_at is not None and run.arrived_s - self._doubt_s >= SETTLE_S:
                blocks += self._settle(self._doubt_at)
            take = min(run.n - at, self._size - self._n % self._size)
            if self._doubt_at is not None or self._is_off(run.arrived_s, take):
                take = 1  # so that the doubt begins and ends at the same sample, however the run was cut
            is_off = self._is_off(run.arrived_s, take)
            self._counts += run.counts[at * _SAMPLE_BYTES : (at + take) * _SAMPLE_BYTES]
            self._append(run.arrived_s, take)
            at += take
            if not is_off:
                self._doubt_at = None
                blocks += self._whole_blocks()
            elif self._doubt_at is None:
                self._doubt_at, self._doubt_s = self._n - take, run.arrived_s
        return blocks

    def finish(self) -> list[Samples]:
        blocks = self._settle(self._doubt_at) if self._doubt_at is not None else []
        if self._n:
            blocks.append(self._block(self._n))
        return blocks

    def _device_s(self, ahead: int) -> float:
        return self._origin_s + (self._index + ahead) / self.rate_hz

    def _is_off(self, arrived_s: float, n: int) -> bool:
        """Whether the last of n more samples would stand elsewhere than it came, or nobody can say yet."""
        return self._is_settling or abs(arrived_s - self.fit.at(self._device_s(self._n + n - 1))) > JUMP_S

    def _append(self, arrived_s: float, n: int) -> None:
        self._n += n
        if self._pieces and self._pieces[-1][0] == arrived_s:
            n += self._pieces.pop()[1]
        self._pieces.append((arrived_s, n))

    def _settle(self, doubt_at: int) -> list[Samples]:
        """Decide where the samples from `doubt_at` on stand, and tell all blocks that are then whole."""
        blocks = [self._block(doubt_at)] if doubt_at else []
        self._doubt_at = None
        group = 1 if self._is_settling else self._group  # a new link may begin at any sample
        self._is_settling = False
        rate_hz = self._rate_seen()
        if rate_hz != self.rate_hz:
            self._origin_s, self._index = self._device_s(0), 0
            self.rate_hz, self._size = rate_hz, _block_samples(rate_hz)
            self._anchor()
        elif not self.fit.is_anchored:
            self._anchor()
        else:
            late_s = min(arrived_s - self.fit.at(device_s) for device_s, arrived_s in self._points(self._n))
            if late_s < -JUMP_S:
                self._anchor()
            else:
                missing = (late_s - median(self._usual)) * self.rate_hz / self.fit.slope
                self._lose(round(missing / group) * group)
        return blocks + self._whole_blocks()

    def _anchor(self) -> None:
        device_s, arrived_s = min(self._points(self._n), key=lambda point: point[1] - self.fit.slope * point[0])
        self.fit.anchor(device_s, arrived_s)
        end_s = self.numbering.timeline.end_s
        if end_s is not None:
            missing_s = self.fit.at(self._device_s(0)) - end_s
            if missing_s > JUMP_S:
                self._lost_before = round(missing_s * self.rate_hz / self.fit.slope)
                self.lost += self._lost_before

    def _lose(self, samples: int) -> None:
        if samples > 0:
            self._index += samples
            self._lost_before = samples
            self.lost += samples

    def _rate_seen(self) -> float:
        """The nominal rate nearest to what came in the later part of the doubt, free of the burst after a stall."""
        later = [piece for piece in self._pieces if piece[0] >= self._doubt_s + 0.4 * SETTLE_S]
        if not later or later[-1][0] - later[0][0] < 0.3 * SETTLE_S:
            return self.rate_hz
        first_s = later[0][0]
        seen_hz = sum(n for arrived_s, n in later if arrived_s > first_s) / (later[-1][0] - first_s)
        return min(self._rates_hz, key=lambda rate: max(rate / seen_hz, seen_hz / rate))

    def _note_late(self, late_s: float) -> None:
        self._lates.append(min(max(0.0, late_s), JUMP_S))
        if len(self._lates) == LATES:
            self._usual.append(min(self._lates))
            self._lates.clear()

    def _points(self, n: int) -> list[tuple[float, float]]:
        """(device time, arrival) of the last sample of each piece among the first n samples."""
        points, seen = [], 0
        for arrived_s, count in self._pieces:
            seen = min(seen + count, n)
            points.append((self._device_s(seen - 1), arrived_s))
            if seen == n:
                break
        return points

    def _whole_blocks(self) -> list[Samples]:
        blocks = []
        while self._n >= self._size:
            blocks.append(self._block(self._size))
        return blocks

    def _block(self, n: int) -> Samples:
        """The first n samples; they must be out of doubt."""
        if self.fit.is_anchored:
            device_s, arrived_s = min(self._points(n), key=lambda point: point[1] - self.fit.slope * point[0])
            self.fit.observe(device_s, arrived_s)
            self._note_late(arrived_s - self.fit.at(device_s))
        counts = bytes(self._counts[: n * _SAMPLE_BYTES])
        lost, self._lost_before = self._lost_before, 0
        block = self.numbering.block(
            self._device_s(0), 1.0 / self.rate_hz, counts, self._scale, lost=lost, gap=lost > 0
        )
        del self._counts[: n * _SAMPLE_BYTES]
        self._index += n
        self._n -= n
        while n:
            arrived_s, count = self._pieces.popleft()
            if count > n:
                self._pieces.appendleft((arrived_s, count - n))
            n -= min(n, count)
        return block


def _block_samples(rate_hz: float) -> int:
    return max(2, round(BLOCK_S * rate_hz))
