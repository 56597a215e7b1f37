"""Polar H10 chest strap: accelerations alone, stamped in ns. See drivers/polar.py for the protocol."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.model import Segment
from firmware_bridge import pmd
from firmware_bridge.driver import Driver, Write
from firmware_bridge.drivers.polar import ACC_G, BATTERY, PolarParser
from firmware_bridge.pmd import Measures


def _start(rate_hz: float) -> tuple[Write, ...]:
    return (Write(pmd.CONTROL, pmd.started(Measures.ACC, rate_hz, ACC_G, channels=False)),)


def _matches(name: str, _services: Sequence[str]) -> bool:
    return name.startswith("Polar H10")


def _place(_name: str) -> Segment | None:
    return None  # the name ends with a serial number


DRIVER = Driver(
    family="polar_h10",
    service=pmd.SERVICE,
    channels=(pmd.CONTROL, pmd.DATA),
    rates_hz=(25.0, 50.0, 100.0, 200.0),
    has_clock=True,
    max_drift=0.002,
    matches=_matches,
    place=_place,
    parser=lambda sensor_id, rate_hz: PolarParser(sensor_id, rate_hz, has_gyroscope=False),
    start=_start,
    listens_first=True,
    stop=(Write(pmd.CONTROL, pmd.stopped(Measures.ACC)),),  # or it stays on and empties its cell
    reads=(BATTERY,),
    ranges="±8 g",
    has_gyroscope=False,
)
