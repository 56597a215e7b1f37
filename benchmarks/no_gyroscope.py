"""What sensors without a gyroscope tell of simulated days, beside the same sensors with one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.metrics import wrapped_deg
from analysis.model import (
    GRAVITY,
    Activity,
    CalibrateRequest,
    Codes,
    Event,
    Floats,
    Input,
    Output,
    PostureFrame,
    Quality,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from benchmarks.office_day import matched
from benchmarks.report import Section
from benchmarks.simulated_day import bundles
from hardware.twin.eventful import eventful_day
from hardware.twin.wearer import Wearer

SEEDS = (1, 2, 3)
HOURS = 2.0
LACKING = {
    "with gyroscopes": (),
    "without": tuple(Segment),
    "pelvis without": (Segment.PELVIS,),
    "lumbar without": (Segment.LUMBAR,),
}
KNOWN_FROM_S = 15.0
_QUIET = CalibrateRequest(2.0, 8.0, Stance.STANDING)  # every script starts with 12 s of it
_SHOWN = (Activity.SITTING, Activity.STANDING, Activity.WALKING)


@dataclass(frozen=True, slots=True)
class Told:
    """One day as some sensors told it."""

    true: Codes  # (n,) Activity
    activity: Codes  # (n,)
    tilt_error_deg: Floats  # (n,) of the pelvis; NaN where not told
    lordosis_error_deg: Floats
    is_moving: NDArray[np.bool_]  # (n,) by the pipeline's own flag
    rises: tuple[int, int, int]  # found, true, told

    @property
    def seated_or_standing(self) -> NDArray[np.bool_]:
        return np.isin(self.true, (Activity.SITTING, Activity.STANDING))


def bare(block: SampleBlock) -> SampleBlock:
    """As a sensor that counts in mg and has no gyroscope would tell it."""
    acc = np.round(block.acc / GRAVITY * 1000.0) / 1000.0 * GRAVITY
    return replace(block, acc=acc, gyr=np.full_like(block.gyr, np.nan))


def measure() -> Section:
    days = [told(seed) for seed in SEEDS]
    rows = [row for name in LACKING for row in _rows(name, [day[name] for day in days])]
    return Section(
        "Sensors without a gyroscope",
        f"{len(SEEDS)} people's eventful days of {HOURS:g} hours, worn throughout and calibrated once by 8 s of quiet "
        "standing; a sensor without a gyroscope counts in mg, as a Polar H10 does. Moving is what the frames' own "
        "quality says: beyond 60°/s with gyroscopes, beyond 10°/s without, so the shares differ.",
        rows,
    )


def told(seed: int, hours: float = HOURS) -> dict[str, Told]:
    """One person's day, by which sensors lack a gyroscope."""
    wearer = Wearer(eventful_day(seed, hours, comes_off=False), seed)
    inputs = list(bundles(wearer))
    return {name: _held_against(wearer, _outputs(inputs, lacking)) for name, lacking in LACKING.items()}


def _outputs(inputs: Sequence[Sequence[Input]], lacking: Sequence[Segment]) -> list[Output]:
    pipeline = Pipeline(PipelineSettings())
    outputs = pipeline.feed(_QUIET)
    for bundle in inputs:
        blocks = [block for block in bundle if isinstance(block, SampleBlock)]
        outputs += pipeline.feed(*(bare(block) if block.segment in lacking else block for block in blocks))
    return outputs + pipeline.feed(SessionEnd(max(float(block.t[-1]) for block in blocks)))


def _held_against(wearer: Wearer, outputs: Sequence[Output]) -> Told:
    frames = [output for output in outputs if isinstance(output, PostureFrame)]
    t = np.concatenate([frame.t for frame in frames])
    known = t >= KNOWN_FROM_S
    truth = wearer.truth(t[known])

    def value(name: str) -> Floats:
        return np.concatenate([frame.values[name] for frame in frames])[known]

    quality = np.concatenate([frame.quality for frame in frames])[known]
    events = {(one.kind, one.start_s): one for one in outputs if isinstance(one, Event)}.values()
    rises = np.array([rise.seat_off_s for rise in wearer.rises(wearer.script.end_s)])
    told_rises = np.array(sorted(one.start_s for one in events if one.kind == "rise"))
    return Told(
        truth.activity,
        np.concatenate([frame.activity for frame in frames])[known],
        wrapped_deg(value("pelvic_tilt") - truth.pelvic_tilt_deg),
        wrapped_deg(value("lumbar_lordosis") - truth.lumbar_lordosis_deg),
        (quality & Quality.MOVING) != 0,
        (len(matched(rises, told_rises)), len(rises), len(told_rises)),
    )


def _rows(name: str, days: Sequence[Told]) -> Iterator[tuple[str, str]]:
    found, true, rises = (sum(counts) for counts in zip(*(day.rises for day in days), strict=True))
    seats = [day.seated_or_standing for day in days]
    right = _share([day.activity == day.true for day in days])
    posed = _share([(day.activity == day.true)[seat] for day, seat in zip(days, seats, strict=True)])
    yield (
        name,
        f"sitting against standing right in {posed:.1f} % of both, every activity in {right:.1f} %; "
        f"{found} of {true} rises found, {rises - found} told that were none",
    )
    for activity in _SHOWN:
        parts = [_error(days, activity, is_moving) for is_moving in (False, True)]
        yield f"{name}: {activity.name.lower()}", "; ".join(part for part in parts if part)


def _error(days: Sequence[Told], activity: Activity, is_moving: bool) -> str:
    chosen = [(day.true == activity) & (day.is_moving == is_moving) for day in days]
    tilt = np.concatenate([day.tilt_error_deg[rows] for day, rows in zip(days, chosen, strict=True)])
    lordosis = np.concatenate([day.lordosis_error_deg[rows] for day, rows in zip(days, chosen, strict=True)])
    if np.isfinite(tilt).sum() < 100:
        return ""
    share = 100.0 * len(tilt) / sum(int((day.true == activity).sum()) for day in days)
    word = "moving" if is_moving else "still"
    return f"{word} ({share:.0f} %): tilt RMSE {_rms(tilt):.1f}°, lordosis {_rms(lordosis):.1f}°"


def _share(parts: Sequence[NDArray[np.bool_]]) -> float:
    return 100.0 * float(np.concatenate(parts).mean())


def _rms(errors: Floats) -> float:
    return float(np.sqrt(np.nanmean(errors**2)))
