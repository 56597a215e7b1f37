"""Stamps of a device's own clock on its packets → where their samples stand on it."""

from __future__ import annotations

from collections import deque
from statistics import median

from firmware_bridge.driver import Ticks

EARLY_S = 1.0  # a packet that seems to come this long before it was measured has a stamp that cannot be
LATE_S = 30.0  # on one link, where a stall delays packets
LATE_AFTER_LOSS_S = 3.0  # on a new link, for which the device measured its packets a moment ago
ODD = 3  # impossible stamps in a row that go on from each other are a clock that was set anew
_DRIFT = 0.02
_REMEMBERED = 15  # spacings, of which the median tells which packets follow each other
_SUMMED = 512  # packets that do, over which the spacing is the mean: stamps of 1 ms would else miss 0.1 %
_NEAR = 0.1  # of the median
_LEAST_STEP = 0.6  # of what n samples take: a shorter step holds bytes that are no samples


class PacketClock:
    """For packets of n samples with one wrapping stamp. A core: all it knows of our clock is when packets came.

    The spacing of samples is the mean over packets that follow each other, and which do is told by the median of what
    the last packets imply: a lost packet is a hole and no slow sample, and a device that keeps another rate than it was
    asked for is believed after a few packets.
    """

    def __init__(self, *, ticks_hz: float, wrap: int, rate_hz: float, stamps_last: bool = False) -> None:
        """`stamps_last`: the stamp is the last sample's, not the first one's."""
        self._ticks_hz = ticks_hz
        self._wrap = wrap
        self._stamps_last = stamps_last
        self._spacings: deque[float] = deque([1.0 / rate_hz] * (_REMEMBERED // 2 + 1), maxlen=_REMEMBERED)
        self._spacing_s = 1.0 / rate_hz
        self._steps: deque[tuple[int, int]] = deque()  # (ticks, samples) of the last packets that follow each other
        self._sums = (0, 0)  # of them
        self._ticks: int | None = None  # unwrapped, of the last packet placed
        self._n = 0
        self._floor_s = 0.0  # the least that arrivals were ahead of stamps
        self._arrived_s = 0.0
        self._is_reopened = False
        self._odd: list[int] = []

    def opened(self) -> None:
        """A link has just been made; the device may have been restarted before it."""
        self._is_reopened = self._ticks is not None
        self._odd.clear()

    def place(self, stamp: int, n: int, arrived_s: float) -> Ticks | None:
        """Where n samples stand; None for a stamp that was told before or cannot be."""
        if self._ticks is None:
            return self._begin(stamp, n, arrived_s)
        if (stamp - self._ticks) % self._wrap == 0:
            return None
        ticks = self._likeliest(stamp, arrived_s)
        if self._is_possible(ticks, n, arrived_s):
            self._learn(ticks, n)
            return self._go_on(ticks, n, arrived_s, is_restart=False)
        if self._is_reopened:
            return self._begin(stamp, n, arrived_s)
        self._odd = [*self._odd, stamp] if not self._odd or self._follows(self._odd[-1], stamp) else [stamp]
        return self._begin(stamp, n, arrived_s) if len(self._odd) >= ODD else None

    def _follows(self, stamp: int, later: int) -> bool:
        return 0 < (later - stamp) % self._wrap / self._ticks_hz < EARLY_S

    def _begin(self, stamp: int, n: int, arrived_s: float) -> Ticks:
        self._floor_s = arrived_s - stamp / self._ticks_hz
        return self._go_on(stamp, n, arrived_s, is_restart=True)

    def _likeliest(self, stamp: int, arrived_s: float) -> int:
        """The unwrapped stamp that our clock finds likeliest, not before the last one."""
        last = self._ticks or 0
        ticks = last + (stamp - last) % self._wrap
        due_ticks = (arrived_s - self._floor_s) * self._ticks_hz
        return ticks + max(0, round((due_ticks - ticks) / self._wrap)) * self._wrap

    def _is_possible(self, ticks: int, n: int, arrived_s: float) -> bool:
        step_s = (ticks - (self._ticks or 0)) / self._ticks_hz
        count = n if self._stamps_last else self._n
        if count > 1 and step_s < _LEAST_STEP * count * self._spacing_s:
            return False
        drift_s = _DRIFT * max(0.0, arrived_s - self._arrived_s)
        late_s = arrived_s - ticks / self._ticks_hz - self._floor_s
        most_late_s = LATE_AFTER_LOSS_S if self._is_reopened else LATE_S
        return -EARLY_S - drift_s <= late_s <= most_late_s + drift_s

    def _learn(self, ticks: int, n: int) -> None:
        count = n if self._stamps_last else self._n
        step = ticks - (self._ticks or 0)
        spacing_s = step / self._ticks_hz / count
        self._spacings.append(spacing_s)
        usual_s = median(self._spacings)
        if abs(usual_s - self._spacing_s) > _NEAR * usual_s:
            self._steps.clear()
            self._sums = (0, 0)
            self._spacing_s = usual_s
        if abs(spacing_s - usual_s) > _NEAR * usual_s:
            return
        self._steps.append((step, count))
        old = self._steps.popleft() if len(self._steps) > _SUMMED else (0, 0)
        self._sums = (self._sums[0] + step - old[0], self._sums[1] + count - old[1])
        if len(self._steps) > _REMEMBERED // 2:
            self._spacing_s = self._sums[0] / self._sums[1] / self._ticks_hz

    def _go_on(self, ticks: int, n: int, arrived_s: float, *, is_restart: bool) -> Ticks:
        lead_s = arrived_s - ticks / self._ticks_hz
        step_s = 0.0 if self._ticks is None else arrived_s - self._arrived_s
        self._floor_s = min(lead_s, self._floor_s + _DRIFT * max(0.0, step_s))
        self._ticks, self._n, self._arrived_s = ticks, n, arrived_s
        self._is_reopened = False
        self._odd.clear()
        start_s = ticks / self._ticks_hz - ((n - 1) * self._spacing_s if self._stamps_last else 0.0)
        return Ticks(start_s, self._spacing_s, is_restart=is_restart)
