"""From the sensor's clock to the session's.

A packet can be late but never early, so the truth lies along the lower envelope of (device time, arrival).
ClockFit draws that line; Timeline turns it into sample times that never jump but at a real gap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

WINDOW_S = 30.0  # OpenMuse, 2026: a windowed fit of 30 s, renewed each second, was the steadiest of five methods
BIN_S = 1.0
TRUST_S = 20.0  # the slope may differ from what it was by all of `max_drift` once the window is this long
MAX_SLEW = 0.03  # how much faster or slower than the fit a block may run while an error is made up for


class SessionClock:
    """Seconds since the session's start, monotonic, and the start in UTC."""

    def __init__(self, monotonic: Callable[[], float], started_at: float) -> None:
        """`monotonic` tells seconds from any origin; `started_at` is now, in s since the Unix epoch (UTC)."""
        self.started_at = started_at
        self._monotonic = monotonic
        self._origin_s = monotonic()

    def now(self) -> float:
        return self._monotonic() - self._origin_s


@dataclass(frozen=True, slots=True)
class _Point:
    device_s: float
    arrived_s: float


class ClockFit:
    """arrival = a + slope · device, the highest line below the earliest arrivals of the last WINDOW_S.

    That line minimises the summed latency (Moon, Skelly and Towsley 1999), so stalls and bursts weigh nothing.
    Device times must not decrease.
    """

    def __init__(self, max_drift: float, *, window_s: float = WINDOW_S) -> None:
        """`max_drift` is the most by which the device's clock may be fast or slow: 0.001 = 1 ms/s."""
        self.slope = 1.0
        self._prior = 1.0  # the slope before this window told anything
        self._is_learnt = False  # the slope, over TRUST_S
        self._window_s = window_s
        self._max_drift = max_drift
        self._bins: deque[_Point] = deque()  # the earliest arrival of each BIN_S
        self._best: _Point | None = None  # of the bin still open
        self._bin = 0
        self._pivot = _Point(0.0, 0.0)  # a point of the line, near the newest times to keep its digits

    @property
    def is_anchored(self) -> bool:
        return self._best is not None

    @property
    def residual_ms(self) -> float | None:
        """Root mean square of how far the earliest arrival of each second lies above the line."""
        if len(self._bins) < 2:
            return None
        squares = sum((point.arrived_s - self.at(point.device_s)) ** 2 for point in self._bins)
        return 1e3 * sqrt(squares / len(self._bins))

    def at(self, device_s: float) -> float:
        """Session time of a device time, s."""
        return self._pivot.arrived_s + self.slope * (device_s - self._pivot.device_s)

    def anchor(self, device_s: float, arrived_s: float) -> None:
        """Start again at one point; the slope is kept, for it is the device's own."""
        self._bins.clear()
        self._prior = self.slope
        self._pivot = self._best = _Point(device_s, arrived_s)
        self._bin = int(device_s // BIN_S)

    def observe(self, device_s: float, arrived_s: float) -> None:
        """The sample of `device_s` arrived at `arrived_s`. Refits whenever a bin is full."""
        if self._best is None:
            self.anchor(device_s, arrived_s)
            return
        if int(device_s // BIN_S) != self._bin:
            self._bin = int(device_s // BIN_S)
            self._bins.append(self._best)
            self._best = _Point(device_s, arrived_s)
            while len(self._bins) > 1 and self._bins[0].device_s < device_s - self._window_s:
                self._bins.popleft()
            self._refit()
        elif arrived_s - self.at(device_s) < self._best.arrived_s - self.at(self._best.device_s):
            self._best = _Point(device_s, arrived_s)

    def _refit(self) -> None:
        first, newest = self._bins[0], self._bins[-1]
        hull = _lower_hull([(p.device_s - first.device_s, p.arrived_s - first.arrived_s) for p in self._bins])
        span_s = hull[-1][0]
        if span_s >= TRUST_S or (span_s > 0 and not self._is_learnt):  # a short window tells less than a long one told
            mean_s = sum(p.device_s - first.device_s for p in self._bins) / len(self._bins)
            room = self._max_drift * min(1.0, span_s / TRUST_S)
            slope = min(max(_slope_under(hull, mean_s), self._prior - room), self._prior + room)
            self.slope = min(max(slope, 1.0 - self._max_drift), 1.0 + self._max_drift)
            self._is_learnt = self._is_learnt or span_s >= TRUST_S
        x, y = min(hull, key=lambda point: point[1] - self.slope * point[0])
        ahead_s = newest.device_s - first.device_s - x
        self._pivot = _Point(newest.device_s, first.arrived_s + y + self.slope * ahead_s)


def _lower_hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The lower convex hull of points in order of x (Andrew's monotone chain)."""
    hull: list[tuple[float, float]] = []
    for x, y in points:
        while len(hull) > 1:
            (x1, y1), (x2, y2) = hull[-2], hull[-1]
            if (x2 - x1) * (y - y1) > (y2 - y1) * (x - x1):
                break
            hull.pop()
        hull.append((x, y))
    return hull


def _slope_under(hull: list[tuple[float, float]], mean: float) -> float:
    """The slope of the hull's edge below `mean`."""
    for (x1, y1), (x2, y2) in pairwise(hull):
        if x2 >= mean and x2 > x1:
            return (y2 - y1) / (x2 - x1)
    return 1.0


class Timeline:
    """Times of blocks along a ClockFit: each starts where the last one ended, except after a gap."""

    def __init__(self, fit: ClockFit, *, max_slew: float = MAX_SLEW) -> None:
        self.end_s: float | None = None  # where the next sample would stand, s since the session's start
        self._fit = fit
        self._max_slew = max_slew

    def place(self, device_s: float, spacing_s: float, n: int, *, gap: bool) -> tuple[float, float]:
        """(t0, dt) of `n` samples from `device_s` on, `spacing_s` apart on the device's clock."""
        start_s = self._fit.at(device_s)
        natural_s = self._fit.slope * spacing_s
        if self.end_s is None:
            t0 = start_s
        elif gap:
            t0 = max(start_s, self.end_s)
        else:
            t0 = self.end_s
        wanted_s = (start_s + n * natural_s - t0) / n
        dt = min(max(wanted_s, natural_s * (1.0 - self._max_slew)), natural_s * (1.0 + self._max_slew))
        self.end_s = t0 + n * dt
        return t0, dt
