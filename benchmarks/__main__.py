"""`python -m benchmarks [NAME …]`: measures everything, or what is named, prints it and writes it into results.md."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
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
    lying,
    no_gyroscope,
    office_day,
    orientation,
    report,
    seated,
    sensors,
    simulated_day,
    slips,
    walking_heading,
)
from benchmarks.report import Section

MEASURED: Mapping[str, Callable[[], Section | list[Section]]] = {
    "live": live.measure,
    "cost": cost.measure,
    "haptics": haptics.measure,
    "simulated_day": simulated_day.measure,
    "breaks_day": breaks_day.measure,
    "office_day": office_day.measure,
    "no_gyroscope": no_gyroscope.measure,
    "calibration": calibration.measure,
    "walking_heading": walking_heading.measure,
    "slips": slips.measure,
    "activity": activity.measure,
    "lying": lying.measure,
    "seated": seated.measure,
    "gait": gait.measure,
    "orientation": orientation.measure,
    "sensors": sensors.measure,
    "fuzz": fuzz.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASURED)}; all without one")
    names = parser.parse_args().names or list(MEASURED)
    unknown = [name for name in names if name not in MEASURED]
    if unknown:
        parser.error(f"There is nothing called {unknown[0]!r} to measure; choose of {', '.join(MEASURED)}.")
    sections: list[Section] = []
    for name in names:
        measured = MEASURED[name]()
        sections += measured if isinstance(measured, list) else [measured]
    page = Path(__file__).parent / "results.md"
    kept = "" if len(names) == len(MEASURED) else page.read_text(encoding="utf-8")
    page.write_text(report.merged(kept, sections), encoding="utf-8")
    print(report.render(sections))


main()
