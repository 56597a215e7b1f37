"""`python -m benchmarks.orientation --data DIR --json FILE`: how well filters know which way is up.

Mean over the whole recordings of each one's RMSE of up in movement, in degrees, at the recorded rate and as int16 at
100 Hz and 52 Hz; ours beside the peers on the same samples in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.errors import PostureError
from analysis.model import Floats, Segment
from analysis.orientation import OrientationFilter
from analysis.smoother import smoothed
from benchmarks.orientation_trials import DELAY_S, Trial, resampled, trials_of
from benchmarks.report import Section

Filter = Callable[[Trial], Floats]  # (n, 4) sensor → world
Scores = Mapping[str, Mapping[str, float]]  # degrees by filter and rate

RATES_HZ = {"native": None, "100hz_int16": 100.0, "52hz_int16": 52.0}
_BLOCK_S = 0.2
_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What one folder gave."""

    trials: int
    causal: Scores
    acausal: Scores
    jumps: Scores  # recordings with jumps in time, of which no filter is told; by filter and recording
    samples_per_s: Mapping[str, float]
    block_us: float  # cost of one block of 0.2 s at 52 Hz

    def as_json(self) -> dict[str, object]:
        return {
            "trials": self.trials,
            "causal": self.causal,
            "acausal": self.acausal,
            "with_jumps_in_time": self.jumps,
            "samples_per_s": self.samples_per_s,
            "us_per_block_52hz": self.block_us,
        }


def ours(trial: Trial, delay_s: float = DELAY_S) -> Floats:
    """The causal filter, told the recording's delay, (n, 4); its samples are whole, so it leaves none out."""
    filter_ = OrientationFilter(Segment.PELVIS, delay_s=delay_s)
    return np.concatenate([part.q for part in [*filter_.feed(trial.t, trial.acc, trial.gyr), *filter_.flush()]])


def ours_smoothed(trial: Trial, delay_s: float = DELAY_S) -> Floats:
    return smoothed(trial.t, trial.acc, trial.gyr, delay_s=delay_s).q


def figures_of(folder: Path) -> Figures:
    """Every measurement; some two minutes for the public half of BROAD."""
    from benchmarks import orientation_peers as peers  # only `make bench` has installed them

    trials = trials_of(folder)
    whole = [trial for trial in trials if trial.is_whole]
    if not whole:
        raise PostureError(f"Every recording in {folder} has jumps in time; give one that is whole.")
    causal: dict[str, Filter] = {
        "ours": ours,
        "vqf": peers.vqf,
        "madgwick": peers.madgwick,
        "imufusion": peers.fusion,
        "ours_no_delay": lambda trial: ours(trial, 0.0),
        "vqf_our_timing": lambda trial: peers.vqf_timed(trial, DELAY_S),
    }
    acausal: dict[str, Filter] = {
        "ours": ours_smoothed,
        "offline_vqf": peers.offline_vqf,
        "ours_no_delay": lambda trial: ours_smoothed(trial, 0.0),
        "offline_vqf_our_timing": lambda trial: peers.offline_vqf_timed(trial, DELAY_S),
    }
    sets = {name: whole if rate is None else [resampled(one, rate) for one in whole] for name, rate in RATES_HZ.items()}
    broken = [trial for trial in trials if not trial.is_whole]
    return Figures(
        len(whole),
        {name: _mean_rmse_deg(told, sets) for name, told in causal.items()},
        {name: _mean_rmse_deg(told, sets) for name, told in acausal.items()},
        {
            name: {trial.name: trial.rmse_deg(told(trial)) for trial in broken}
            for name, told in (("ours", ours), ("vqf", peers.vqf))
        },
        {
            "ours_batch": _samples_per_s(ours, whole),
            "ours_blocks": _samples_per_s(_ours_in_blocks, whole),
            "vqf_batch": _samples_per_s(peers.vqf, whole),
        },
        1e6 * _BLOCK_S * 52.0 / _samples_per_s(_ours_in_blocks, sets["52hz_int16"][:4]),
    )


def _mean_rmse_deg(told: Filter, sets: Mapping[str, Sequence[Trial]]) -> dict[str, float]:
    return {rate: float(np.mean([one.rmse_deg(told(one)) for one in trials])) for rate, trials in sets.items()}


def _ours_in_blocks(trial: Trial) -> Floats:
    filter_ = OrientationFilter(Segment.PELVIS, delay_s=DELAY_S)
    size = max(1, round(_BLOCK_S * trial.rate_hz))
    told = []
    for first in range(0, len(trial.acc), size):
        rows = slice(first, first + size)
        told += filter_.feed(trial.t[rows], trial.acc[rows], trial.gyr[rows])
    return np.concatenate([part.q for part in [*told, *filter_.flush()]])


def _samples_per_s(told: Filter, trials: Sequence[Trial]) -> float:
    """Of one core's time, the best of some runs."""
    count = sum(len(trial.acc) for trial in trials)
    best_s = float("inf")
    for _ in range(_REPEATS):
        begun_s = time.process_time()
        for trial in trials:
            told(trial)
        best_s = min(best_s, time.process_time() - begun_s)
    return count / best_s


def measure() -> list[Section]:
    """Causal, acausal and throughput."""
    folder = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "broad"
    if not folder.is_dir():
        return [Section("Which way is up", "Not measured: set UPSTAND_SHARED to the folder of the recordings.", [])]
    return sections(figures_of(folder))


def sections(figures: Figures) -> list[Section]:
    how = (
        f"{figures.trials} whole recordings of BROAD: mean of their RMSE in movement, native rate / 100 Hz int16 / "
        "52 Hz int16 (low-passed without delay, ±16 g, ±2000 °/s). Ours was tuned on these recordings. BROAD's "
        f"samples are {1e3 * DELAY_S:g} ms behind its reference, which ours is told and makes up for, and ours takes "
        "the mean rate between two samples where the peers take the last. What that alone is worth: `no_delay` is ours "
        "without the first, `our_timing` is the peer with both."
    )
    jumps = [
        (name, ", ".join(f"{told} {scores[name]:.2f}°" for told, scores in figures.jumps.items()))
        for name in figures.jumps["ours"]
    ]
    speed = [(name, f"{1e-6 * value:.2f} million samples/s") for name, value in figures.samples_per_s.items()]
    return [
        Section("Which way is up, causal", how, _rows(figures.causal)),
        Section("Which way is up, with the future", "The same recordings.", _rows(figures.acausal)),
        Section("Which way is up, with jumps in time", "Scored where the jump has settled; native rate.", jumps),
        Section(
            "Throughput of orientation",
            f"At the native rate, best of {_REPEATS}; blocks are of {_BLOCK_S:g} s.",
            [*speed, ("ours, one block at 52 Hz", f"{figures.block_us:.0f} µs")],
        ),
    ]


def _rows(scores: Scores) -> list[tuple[str, str]]:
    return [(name, " / ".join(f"{value:.3f}°" for value in by_rate.values())) for name, by_rate in scores.items()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder in the format of BROAD")
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    given = parser.parse_args(arguments)
    try:
        figures = figures_of(given.data)
    except PostureError as error:
        parser.error(str(error))
    given.json.write_text(json.dumps(figures.as_json(), indent=2) + "\n", encoding="utf-8")
    for section in sections(figures):
        for what, value in section.rows:
            print(f"{section.title}: {what}: {value}")


if __name__ == "__main__":
    main()
