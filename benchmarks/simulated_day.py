"""Pelvic tilt and lumbar lordosis of simulated working days against what the bodies really did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.metrics import roll_deg
from analysis.model import (
    Activity,
    CalibrateRequest,
    Codes,
    Event,
    Floats,
    Input,
    PostureFrame,
    Quality,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from benchmarks.report import Section
from hardware.twin.posture import (
    BEND_LEFT,
    BEND_RIGHT,
    LEAN_BACK,
    LEAN_FORWARD,
    SIT_UPRIGHT,
    SIT_USUAL,
    SLUMP,
)
from hardware.twin.script import office_day
from hardware.twin.wearer import Truth, Wearer

SEEDS = (1, 2, 3, 4, 5)
RATE_HZ = 52.0
SEATED = {
    "upright": SIT_UPRIGHT,
    "usual": SIT_USUAL,
    "slouched": SLUMP,
    "leaning forward": LEAN_FORWARD,
    "leaning back": LEAN_BACK,
    "bent right": BEND_RIGHT,
    "bent left": BEND_LEFT,
}
_QUIET = CalibrateRequest(2.0, 8.0, Stance.STANDING)  # every script starts with 12 s of it


@dataclass(frozen=True, slots=True)
class Day:
    """One simulated day as the pipeline told it and as it was."""

    frames: PostureFrame
    events: tuple[Event, ...]
    activity: Codes  # the true one, where both angles are known
    seated: NDArray[np.intp]  # which of SEATED the body was nearest to, there
    is_moving: NDArray[np.bool_]  # by the pipeline's own flag, there
    tilt_error_deg: Floats
    lordosis_error_deg: Floats
    activity_is_right: float  # share of ticks
    rises: int  # true ones


def measure() -> Section:
    """Root mean square errors over all ticks after the calibration, for each of SEEDS and all of them."""
    days = [day(seed) for seed in SEEDS]
    rows = [(f"wearer {seed}", _told(one)) for seed, one in zip(SEEDS, days, strict=True)]
    tilt = np.concatenate([one.tilt_error_deg for one in days])
    lordosis = np.concatenate([one.lordosis_error_deg for one in days])
    for name, errors in (("pelvic tilt", tilt), ("lumbar lordosis", lordosis)):
        told = f"RMSE {_rms(errors):.2f}°, bias {errors.mean():+.2f}°, 95 % within {_p95(errors):.1f}°"
        rows.append((f"all, {name}", told))
    rows += [*_by_posture(days), *_by_what_was_done(days)]
    return Section(
        "Simulated working days against the truth",
        "Days of 8 hours with default sensor errors (bias, noise, drift, a crooked mounting, skin that moves), "
        "calibrated by 8 s of quiet standing. What the errors of a simulated body say of a real one is limited. By "
        "posture: the one on the seat that the body is nearest to. Lying is off by the simulated skin, which turns "
        "back by 2–6 % of the pelvis' tilt however the body got there: without it the errors are 0.7° and 1.4°.",
        rows,
    )


def _by_posture(days: Sequence[Day]) -> Iterator[tuple[str, str]]:
    """Both errors by how the body was held; lordosis is what the two sensors say of each other."""
    tilt = np.concatenate([one.tilt_error_deg for one in days])
    lordosis = np.concatenate([one.lordosis_error_deg for one in days])
    activity = np.concatenate([one.activity for one in days])
    seated = np.concatenate([one.seated for one in days])
    chosen = {name: (activity == Activity.SITTING) & (seated == number) for number, name in enumerate(SEATED)}
    chosen |= {kind.name.lower(): activity == kind for kind in Activity if kind is not Activity.SITTING}
    for name, ticks in chosen.items():
        if ticks.any():
            errors = f"tilt RMSE {_rms(tilt[ticks]):.2f}°, lordosis RMSE {_rms(lordosis[ticks]):.2f}°"
            yield f"posture: {name}", f"{errors}, bias {lordosis[ticks].mean():+.2f}°"


def _nearest(truth: Truth) -> NDArray[np.intp]:
    """(n,) the number of the posture of SEATED that the body is nearest to."""
    held = np.stack([truth.pelvic_tilt_deg, truth.lumbar_lordosis_deg, roll_deg(truth.q[Segment.LUMBAR])], axis=1)
    known = np.array([(one.tilt_deg, one.lordosis_deg, one.roll_deg + one.bend_deg) for one in SEATED.values()])
    nearest: NDArray[np.intp] = ((held[:, None, :] - known) ** 2).sum(axis=2).argmin(axis=1)
    return nearest


def _by_what_was_done(days: Sequence[Day]) -> Iterator[tuple[str, str]]:
    """Both errors by true activity, apart for moving and for still."""
    tilt = np.concatenate([one.tilt_error_deg for one in days])
    lordosis = np.concatenate([one.lordosis_error_deg for one in days])
    activity = np.concatenate([one.activity for one in days])
    is_moving = np.concatenate([one.is_moving for one in days])
    for kind in Activity:
        for moving, word in ((False, "still"), (True, "moving")):
            chosen = (activity == kind) & (is_moving == moving)
            if chosen.any():
                share = 100.0 * float(chosen.mean())
                told = f"tilt RMSE {_rms(tilt[chosen]):.2f}°, lordosis RMSE {_rms(lordosis[chosen]):.2f}°"
                yield f"{kind.name.lower()}, {word}", f"{told} ({share:.1f} % of the time)"


def day(seed: int, hours: float = 8.0) -> Day:
    """One wearer's day through the pipeline."""
    wearer = Wearer(office_day(seed, hours), seed)
    pipeline = Pipeline(PipelineSettings())
    outputs = pipeline.feed(_QUIET)
    for bundle in bundles(wearer):
        outputs += pipeline.feed(*bundle)
    outputs += pipeline.feed(SessionEnd(wearer.script.end_s))
    frames = _joined([output for output in outputs if isinstance(output, PostureFrame)])
    truth = wearer.truth(frames.t)
    tilt = frames.values["pelvic_tilt"] - truth.pelvic_tilt_deg
    lordosis = frames.values["lumbar_lordosis"] - truth.lumbar_lordosis_deg
    known = np.isfinite(tilt) & np.isfinite(lordosis)
    return Day(
        frames,
        tuple(output for output in outputs if isinstance(output, Event)),
        truth.activity[known],
        _nearest(truth)[known],
        (frames.quality[known] & Quality.MOVING) != 0,
        _wrapped(tilt[known]),
        _wrapped(lordosis[known]),
        float((frames.activity[known] == truth.activity[known]).mean()),
        len(wearer.rises(wearer.script.end_s)),
    )


def bundles(wearer: Wearer, bundle_s: float = 60.0) -> Iterator[list[Input]]:
    """Both sensors' samples in stretches of `bundle_s`."""
    sources = {segment: wearer.source(segment, RATE_HZ) for segment in Segment}
    for sequence, start_s in enumerate(np.arange(0.0, wearer.script.end_s, bundle_s).tolist()):
        bundle: list[Input] = []
        for segment, source in sources.items():
            counts = source.read(start_s, min(start_s + bundle_s, wearer.script.end_s))
            if len(counts.t):
                acc = counts.counts[:, :3].astype(np.float64) * source.acc_scale
                gyr = counts.counts[:, 3:].astype(np.float64) * source.gyr_scale
                bundle.append(SampleBlock("day", f"twin-{segment}", segment, sequence, counts.t, acc, gyr))
        yield bundle


def _told(one: Day) -> str:
    right = 100.0 * one.activity_is_right
    sitting = 100.0 * float((one.frames.activity == Activity.SITTING).mean())
    found = sum(event.kind == "rise" for event in one.events)
    return (
        f"tilt RMSE {_rms(one.tilt_error_deg):.2f}°, lordosis RMSE {_rms(one.lordosis_error_deg):.2f}°; "
        f"activity right in {right:.1f} % of the time ({sitting:.0f} % seated); {found} rises told, {one.rises} true"
    )


def _joined(frames: list[PostureFrame]) -> PostureFrame:
    return PostureFrame(
        np.concatenate([frame.t for frame in frames]),
        {name: np.concatenate([frame.values[name] for frame in frames]) for name in frames[0].values},
        np.concatenate([frame.activity for frame in frames]),
        np.concatenate([frame.quality for frame in frames]),
    )


def _wrapped(angles_deg: Floats) -> Floats:
    wrapped: Floats = np.mod(angles_deg + 180.0, 360.0) - 180.0
    return wrapped


def _rms(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _p95(errors: Floats) -> float:
    return float(np.percentile(np.abs(errors), 95))
