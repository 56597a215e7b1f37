"""An hour of two impersonated sensors of each family over the virtual radio, with everything that goes wrong.

python -m benchmarks.sensors --family dot --hours 1
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.model import Segment
from benchmarks.impersonated import DRIVERS, FAMILIES, Reading, reading
from benchmarks.report import Section
from benchmarks.trackers import Trackers
from benchmarks.troubles import AWAY_S, DISCONNECTS, DRIFTS, LOOSE_DRIFTS, LOSSES, STALL_S, STALLS, troubles
from hardware.twin.peripherals.others import OtherPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral
from hardware.twin.stage import Stage

HOURS = 1.0
SPEED = 60.0
STEP_S = 0.03  # a usual interval of a connection: what was measured meanwhile comes at its end
TRACKERS = "slimevr"  # which no radio of Bluetooth reaches


@dataclass(frozen=True, slots=True)
class Hour:
    """What came of one sensor."""

    taken: int  # samples
    dropped: int  # by the sensor on purpose while connected, or told too late for a sensor without stamps
    gaps: int
    missing: int  # samples in the gaps
    wrong: int  # gaps told as another number of samples, and by how many at most
    worst: int


def measure(hours: float = HOURS) -> Section:
    rows = [(family, _told(asyncio.run(lived(family, hours)))) for family in families()]
    return Section(
        "An hour of every family",
        f"Two impersonated sensors of each family for {hours:g} h of virtual time over the virtual radio (SlimeVR: "
        f"over UDP) and the bridge's own links, each with {DISCONNECTS} forced disconnects of {AWAY_S:g} s, {LOSSES} "
        f"losses of 0.5 to 1.5 s and {STALLS} stalls of {STALL_S:g} s an hour. Every sample carries its number. Both "
        f"sensors together; clocks with a crystal are wrong by {DRIFTS[0]:.2%}, those of sensors that only count by up "
        f"to {LOOSE_DRIFTS[0]:.1%}. SlimeVR's rotations bear no time, so what a stall delays is a gap, too.",
        rows,
    )


def families() -> list[str]:
    """All that can be impersonated."""
    return sorted([*FAMILIES, TRACKERS])


async def lived(name: str, hours: float) -> list[Hour]:
    if name == TRACKERS:
        end_s = 3600.0 * hours
        happens = {segment: troubles(segment, end_s) for segment in Segment}
        return [_hour(told, dropped) for told, dropped in await Trackers().live(end_s, LOOSE_DRIFTS, happens)]
    family, driver = FAMILIES[name], DRIVERS[name]
    end_s = 3600.0 * hours
    pair = family.pair(end_s, DRIFTS if driver.has_clock else LOOSE_DRIFTS)
    async with reading(pair, SPEED, name, step_s=STEP_S) as (stage, readings):
        tasks = [asyncio.create_task(_trouble(stage, segment, family.rate_hz, end_s)) for segment in Segment]
        await stage.run()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        dropped = {segment: getattr(stage.peripherals[segment], "lost", 0) for segment in Segment}
    return [_hour(told, dropped[segment]) for segment, told in readings.items()]


async def _trouble(stage: Stage, segment: Segment, rate_hz: float, end_s: float) -> None:
    worn = stage.peripherals[segment]
    for trouble in troubles(segment, end_s):
        await stage.clock.sleep_until(trouble.at_s)
        if trouble.kind == "leave":
            await stage.lose(segment, AWAY_S)
        elif trouble.kind == "lose" and isinstance(worn, OtherPeripheral | WitMotionPeripheral):
            worn.lose(round(trouble.size_s * rate_hz))
        elif trouble.kind == "stall" and isinstance(worn, OtherPeripheral):
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
    return (
        f"{taken} samples; {missing} missing ({dropped} dropped or late, the rest while away) in {gaps} gaps: {exact}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", choices=families(), help="all, if not given")
    parser.add_argument("--hours", type=float, default=HOURS)
    given = parser.parse_args()
    logging.getLogger("firmware_bridge").setLevel(logging.ERROR)  # of what is done here on purpose
    for family in [given.family] if given.family else families():
        print(f"{family}: {_told(asyncio.run(lived(family, given.hours)))}", flush=True)


if __name__ == "__main__":
    main()
