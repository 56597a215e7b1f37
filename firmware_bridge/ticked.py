"""Blocks of sensors whose packets carry the device's own clock."""

from __future__ import annotations

from analysis.schema import Samples
from firmware_bridge.driver import Run, Ticks
from firmware_bridge.numbering import Numbering

SETTLE_S = 1.0  # a new clock's first blocks wait this long, so that one late packet does not set it
LEAST_BLOCK_S = 0.12  # our own packets are longer at every rate
EARLY_S = 1.0  # a device's clock that is this far ahead of ours has jumped
_SAMPLE_BYTES = 12


class TickAssembler:
    """For sensors whose packets carry their own clock: a run is a block, and holes show in the device's time.

    Runs shorter than LEAST_BLOCK_S are joined, as a sensor may send each sample by itself.
    """

    def __init__(self, numbering: Numbering, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.lost = 0
        self.fit = numbering.fit
        self.numbering = numbering
        self._held: list[Run] = []  # until the clock has settled
        self._is_settling = True
        self._end_s: float | None = None  # device time at which the next sample is due
        self._joined: list[tuple[Run, Ticks]] = []  # what the next block will hold
        self._lost_before = 0  # it

    def opened(self) -> list[Samples]:
        return self._flush()  # the device's clock goes on over a loss of the link

    def feed(self, run: Run) -> list[Samples]:
        """Raises ValueError for a run without ticks: a driver that says it has a clock must send it."""
        if run.ticks is None:
            raise ValueError("a run without ticks from a driver with a clock")
        blocks: list[Samples] = []
        if run.ticks.is_restart or self._is_early(run, run.ticks):
            blocks = self.finish()
            self._is_settling = True
            self._end_s = None
        if not self._is_settling:
            return blocks + self._join(run, run.ticks)
        if self._held and run.arrived_s - self._held[0].arrived_s >= SETTLE_S:
            blocks += self._settle()
            blocks += self._join(run, run.ticks)
        else:
            self._held.append(run)
        return blocks

    def finish(self) -> list[Samples]:
        return [*self._settle(), *self._flush()]

    def _settle(self) -> list[Samples]:
        held, self._held = self._held, []
        self._is_settling = False
        points = [_newest_point(run, run.ticks) for run in held if run.ticks is not None and not run.ticks.is_late]
        if points:
            self.fit.anchor(*min(points, key=lambda point: point[1] - self.fit.slope * point[0]))
        return [block for run in held if run.ticks is not None for block in self._join(run, run.ticks)]

    def _is_early(self, run: Run, ticks: Ticks) -> bool:
        """It seems to come before it was measured, so the device's clock has jumped."""
        if self._is_settling or ticks.is_late:
            return False
        device_s, arrived_s = _newest_point(run, ticks)
        return arrived_s < self.fit.at(device_s) - EARLY_S

    def _join(self, run: Run, ticks: Ticks) -> list[Samples]:
        lost = self._missing(ticks)
        is_another = bool(self._joined) and self._joined[-1][0].scale != run.scale
        blocks = self._flush() if lost or is_another else []
        if not ticks.is_late:
            self.fit.observe(*_newest_point(run, ticks))
        self.lost += lost
        self._lost_before += lost
        self._end_s = ticks.start_s + run.n * ticks.spacing_s
        self._joined.append((run, ticks))
        if self._end_s - self._joined[0][1].start_s >= LEAST_BLOCK_S:
            blocks += self._flush()
        return blocks

    def _flush(self) -> list[Samples]:
        if not self._joined or self._end_s is None:
            return []
        joined, self._joined = self._joined, []
        lost, self._lost_before = self._lost_before, 0
        first, ticks = joined[0]
        counts, spacing_s = first.counts, ticks.spacing_s
        if len(joined) > 1:
            counts = b"".join(run.counts for run, _ in joined)
            last, last_ticks = joined[-1]
            span_s = last_ticks.start_s + (last.n - 1) * last_ticks.spacing_s - ticks.start_s
            spacing_s = span_s / (len(counts) // _SAMPLE_BYTES - 1)
        return [self.numbering.block(ticks.start_s, spacing_s, counts, first.scale, lost=lost, gap=lost > 0)]

    def _missing(self, ticks: Ticks) -> int:
        """Samples between the last run and this one."""
        if self._end_s is not None:
            hole_s = ticks.start_s - self._end_s
        elif self.numbering.timeline.end_s is not None:  # another clock: only ours knows
            hole_s = self.fit.at(ticks.start_s) - self.numbering.timeline.end_s
        else:
            return 0
        return max(0, round(hole_s / ticks.spacing_s))


def _newest_point(run: Run, ticks: Ticks) -> tuple[float, float]:
    """(device time, arrival) of the newest sample that the run's packet brought."""
    if ticks.newest_s is not None:
        return ticks.newest_s, run.arrived_s
    return ticks.start_s + (run.n - 1) * ticks.spacing_s, run.arrived_s
