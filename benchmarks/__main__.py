"""`python -m benchmarks`: measures everything, prints it and writes results.md."""

from __future__ import annotations

from pathlib import Path

from benchmarks import (
    activity,
    breaks_day,
    calibration,
    cost,
    fuzz,
    gait,
    haptics,
    live,
    office_day,
    orientation,
    report,
    seated,
    sensors,
    simulated_day,
    slips,
    walking_heading,
)


def main() -> None:
    sections = [
        *live.measure(),
        cost.measure(),
        haptics.measure(),
        simulated_day.measure(),
        breaks_day.measure(),
        *office_day.measure(),
        *calibration.measure(),
        walking_heading.measure(),
        slips.measure(),
        activity.measure(),
        *seated.measure(),
        *gait.measure(),
        *orientation.measure(),
        sensors.measure(),
        fuzz.measure(),
    ]
    report.write(sections, Path(__file__).parent / "results.md")
    print(report.render(sections))


main()
