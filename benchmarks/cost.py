"""`python -m benchmarks.cost`: how many times real time the whole pipeline is, without the store, and what takes it."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

import analysis
from analysis.io.journal import BUNDLE_S
from analysis.model import CalibrateRequest, Input, SampleBlock, SessionEnd, Stance
from analysis.pipeline import Pipeline, PipelineSettings
from benchmarks.report import Section
from benchmarks.simulated_day import RATE_HZ, bundles
from hardware.twin.script import office_day
from hardware.twin.wearer import Wearer

SEED, HOURS = 1, 8.0
BLOCK = 13  # samples, a notification of our own sensor
LIVE_S = 600.0
_QUIET = CalibrateRequest(2.0, 8.0, Stance.STANDING)
_ROOT = Path(analysis.__file__).parent
# Parts by the modules they are made of; a folder stands for all in it. What stands first takes a module.
_PARTS = {
    "orientation": ("streams", "orientation", "intake", "strapdown", "groups", "inclination", "covariance", "rest"),
    "align": ("align",),
    "metrics": ("metrics", "frames", "mounting", "exposure"),
    "activity": (
        "detectors/activity",
        "detectors/hindsight",
        "detectors/upright",
        "detectors/steps",
        "detectors/step",
        "worn",
        "own_postures",
        "correcting",
        "corrections",
    ),
    "other detectors": ("detectors", "gait", "slips", "smoothness", "transition_phases"),
    "breaks": ("breaks", "break_flow", "desk"),
    "calibration": ("calibrator", "calibration", "bending", "flexion", "drift", "mending"),
    "pipeline": ("pipeline", "model", "registry"),
}
_ANYONES = ("quaternion",)  # belongs to whoever calls it


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one simulated day of both sensors, in one core's time."""

    day_s: float
    batch_s: float
    shares: Sequence[tuple[str, float]]  # of the batch, by part
    live_ms_per_block: float  # of one sensor

    @property
    def times_real_time(self) -> float:
        return self.day_s / self.batch_s


def measure() -> Section:
    """A day of both sensors in bundles as long as a reanalysis makes them, and some minutes of it block by block."""
    cost = cost_of(SEED, HOURS)
    rows = [
        ("both sensors in batch", f"{cost.times_real_time:.0f} × real time ({cost.batch_s:.2f} s)"),
        *((f"of that {part}", f"{100 * share:.0f} %") for part, share in cost.shares),
        (f"live, one block of {BLOCK} samples", f"{cost.live_ms_per_block:.2f} ms of one core"),
    ]
    return Section(
        "What the whole pipeline costs",
        f"A simulated day of {HOURS:g} hours, two sensors at {RATE_HZ:g} Hz, from samples to events and prompts, "
        "without the store; one core's time. The shares are the profiler's, to which many small calls seem dearer than "
        "they are.",
        rows,
    )


def cost_of(seed: int, hours: float) -> Cost:
    wearer = Wearer(office_day(seed, hours), seed)
    day: list[Sequence[Input]] = [[_QUIET], *bundles(wearer, BUNDLE_S), [SessionEnd(wearer.script.end_s)]]
    batch_s = _timed(day)
    profile = cProfile.Profile()
    profile.runcall(_timed, day)
    live: list[Sequence[Input]] = [[_QUIET], *([block] for block in _blocks(day))]
    return Cost(wearer.script.end_s, batch_s, _shares(pstats.Stats(profile)), 1e3 * _timed(live) / (len(live) - 1))


def _timed(feeds: Sequence[Sequence[Input]]) -> float:
    """Seconds of one core's time that a fresh pipeline takes."""
    pipeline = Pipeline(PipelineSettings())
    begun_s = time.process_time()
    for feed in feeds:
        pipeline.feed(*feed)
    return time.process_time() - begun_s


def _blocks(day: Sequence[Sequence[Input]]) -> list[SampleBlock]:
    """The day's first LIVE_S as sensors would send them, in the order of their ends."""
    cut = [
        SampleBlock(block.session_id, block.sensor_id, block.segment, 0, block.t[a:b], block.acc[a:b], block.gyr[a:b])
        for feed in day
        for block in feed
        if isinstance(block, SampleBlock) and block.t[0] < LIVE_S
        for a, b in ((first, first + BLOCK) for first in range(0, len(block.t), BLOCK))
    ]
    return [cut[place] for place in np.argsort([block.t[-1] for block in cut], kind="stable")]


def _shares(stats: pstats.Stats) -> list[tuple[str, float]]:
    """Each part's own time with that of what it calls outside the analysis, as a share of all."""
    spent: Counter[str] = Counter()
    for function, (_, _, own_s, _, callers) in stats.stats.items():  # type: ignore[attr-defined]  # typeshed omits it
        part = _part(function[0])
        if part:
            spent[part] += own_s
            continue
        for caller, (_, _, _, cumulative_s) in callers.items():
            spent[_part(caller[0])] += cumulative_s
    spent.pop("", None)
    total_s = sum(spent.values())
    return [(part, seconds / total_s) for part, seconds in spent.most_common()]


def _part(file: str) -> str:
    """Which part a file belongs to; empty for what is not ours or anyone's."""
    path = PurePath(file)
    if not path.is_relative_to(_ROOT):
        return ""
    module = path.relative_to(_ROOT).with_suffix("").as_posix()
    if module in _ANYONES:
        return ""
    return next((part for part, names in _PARTS.items() if any(_is_in(module, name) for name in names)), "other")


def _is_in(module: str, name: str) -> bool:
    return module == name or module.startswith((f"{name}/", f"{name}_"))


if __name__ == "__main__":
    for what, value in measure().rows:
        print(f"{what}: {value}")
