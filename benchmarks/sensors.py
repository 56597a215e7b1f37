"""An hour of two impersonated sensors of each family over the virtual radio, with everything that goes wrong.

python -m benchmarks.sensors --family dot --hours 1
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from analysis.model import Segment
from benchmarks.impersonated import DRIVERS, FAMILIES, Reading, reading
from benchmarks.report import Section
from hardware.twin.peripherals.others import OtherPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral
from hardware.twin.stage import Stage

HOURS = 1.0
SPEED = 60.0
STEP_S = 0.03  # a usual interval of a connection: what was measured meanwhile comes at its end
DRIFTS = (0.0004, -0.0004)  # of clocks with a crystal
LOOSE_DRIFTS = (0.007, -0.003)  # of sensors that only count
DISCONNECTS, LOSSES, STALLS = 6, 12, 12  # in an hour, for each sensor
AWAY_S, STALL_S = 20.0, 0.6


@dataclass(frozen=True, slots=True)
class Hour:
    """What came of one sensor."""

    taken: int  # samples
    dropped: int  # on purpose by the sensor, while connected
    gaps: int
    missing: int  # samples in the gaps
    wrong: int  # gaps told as another number of samples, and by how many at most
    worst: int


def measure(hours: float = HOURS) -> Section:
    rows = [(family, _told(asyncio.run(lived(family, hours)))) for family in sorted(FAMILIES)]
    return Section(
        "An hour of every family",
        f"Two impersonated sensors of each family for {hours:g} h of virtual time over the virtual radio and the "
        f"bridge's own links, each with {DISCONNECTS} forced disconnects of {AWAY_S:g} s, {LOSSES} losses of 0.5 to "
        f"1.5 s and {STALLS} stalls of {STALL_S:g} s an hour. Every sample carries its number. Both sensors together; "
        f"clocks with a crystal are wrong by {DRIFTS[0]:.2%}, those of sensors that only count by up to "
        f"{LOOSE_DRIFTS[0]:.1%}.",
        rows,
    )


async def lived(name: str, hours: float) -> list[Hour]:
    family, driver = FAMILIES[name], DRIVERS[name]
    end_s = 3600.0 * hours
    pair = family.pair(end_s, DRIFTS if driver.has_clock else LOOSE_DRIFTS)
    async with reading(pair, SPEED, name, step_s=STEP_S) as (stage, readings):
        troubles = [asyncio.create_task(_trouble(stage, segment, family.rate_hz, end_s)) for segment in Segment]
        await stage.run()
        for trouble in troubles:
            trouble.cancel()
        await asyncio.gather(*troubles, return_exceptions=True)
        dropped = {segment: getattr(stage.peripherals[segment], "lost", 0) for segment in Segment}
    return [_hour(told, dropped[segment]) for segment, told in readings.items()]


async def _trouble(stage: Stage, segment: Segment, rate_hz: float, end_s: float) -> None:
    """At times of its own, the same in every run; 30 s are left without any for the clocks to be found."""
    rng = Random(f"{segment}")
    worn = stage.peripherals[segment]
    kinds = ["leave"] * DISCONNECTS + ["lose"] * LOSSES + ["stall"] * STALLS
    rng.shuffle(kinds)
    for k, kind in enumerate(kinds):
        await stage.clock.sleep_until(30.0 + (end_s - 60.0) * (k + rng.uniform(0.2, 0.4)) / len(kinds))
        if kind == "leave":
            await stage.lose(segment, AWAY_S)
        elif kind == "lose" and isinstance(worn, OtherPeripheral | WitMotionPeripheral):
            worn.lose(round(rng.uniform(0.5, 1.5) * rate_hz))
        elif kind == "stall" and isinstance(worn, OtherPeripheral):
            worn.stall(STALL_S)


def _hour(told: Reading, dropped: int) -> Hour:
    gaps = told.gaps
    errors = [abs(missing - lost) for missing, lost in gaps]
    return Hour(
        taken=len(told.numbers),
        dropped=dropped,
        gaps=len(gaps),
        missing=sum(missing for missing, _ in gaps),
        wrong=int(np.count_nonzero(errors)),
        worst=max(errors, default=0),
    )


def _told(hours: Sequence[Hour]) -> str:
    taken, gaps, missing, wrong = (
        sum(getattr(hour, key) for hour in hours) for key in ("taken", "gaps", "missing", "wrong")
    )
    if not missing:
        return f"{taken} samples, none lost"
    dropped = sum(hour.dropped for hour in hours)
    exact = (
        "all told exactly"
        if not wrong
        else (f"{gaps - wrong} told exactly, the others wrong by at most {max(hour.worst for hour in hours)}")
    )
    return f"{taken} samples; {missing} missing ({dropped} dropped, the rest while away) in {gaps} gaps: {exact}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", choices=sorted(FAMILIES), help="all, if not given")
    parser.add_argument("--hours", type=float, default=HOURS)
    given = parser.parse_args()
    logging.getLogger("firmware_bridge").setLevel(logging.ERROR)  # of what is done here on purpose
    for family in [given.family] if given.family else sorted(FAMILIES):
        print(f"{family}: {_told(asyncio.run(lived(family, given.hours)))}", flush=True)


if __name__ == "__main__":
    main()
