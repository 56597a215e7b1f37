"""Runs of samples become Samples messages of about 0.2 s, each with its place in the session's time.

Cores: the same bytes, cut into packets in any way, make the same messages.
"""

from __future__ import annotations

from typing import Protocol

from analysis.model import Segment
from analysis.schema import Samples
from firmware_bridge.clock import ClockFit
from firmware_bridge.counted import CountAssembler
from firmware_bridge.driver import Driver, Run
from firmware_bridge.numbering import Numbering, Session
from firmware_bridge.ticked import TickAssembler


class Assembler(Protocol):
    """Runs of one sensor → blocks. One per segment and session, over losses of the link."""

    rate_hz: float  # nominal
    lost: int
    fit: ClockFit
    numbering: Numbering

    def opened(self) -> list[Samples]:
        """A link has just been made: what comes next may stand anywhere in time."""
        ...

    def feed(self, run: Run) -> list[Samples]: ...

    def finish(self) -> list[Samples]:
        """What is still held back."""
        ...


def assembler(
    driver: Driver,
    session: Session,
    sensor_id: str,
    segment: Segment,
    rate_hz: float,
    *,
    after: Assembler | None = None,
) -> Assembler:
    """The assembler that fits the sensor's clock, or its lack of one. `after` is of the sensor worn here before."""
    numbering = Numbering(session, sensor_id, segment, driver.max_drift, after=after.numbering if after else None)
    if driver.has_clock:
        return TickAssembler(numbering, rate_hz)
    return CountAssembler(numbering, rate_hz, driver.rates_hz, driver.group)
