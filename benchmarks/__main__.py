"""`python -m benchmarks`: measures everything, prints it and writes results.md."""

from __future__ import annotations

from pathlib import Path

from benchmarks import calibration, cost, gait, live, orientation, report, seated, simulated_day


def main() -> None:
    sections = [
        *live.measure(),
        cost.measure(),
        simulated_day.measure(),
        *calibration.measure(),
        *seated.measure(),
        *gait.measure(),
        *orientation.measure(),
    ]
    report.write(sections, Path(__file__).parent / "results.md")
    print(report.render(sections))


main()
