"""How well a calibration finds sensors that are clipped on at random, and whether it says so where it does not.

Every wearer is another body with other sensor errors, stands quietly, bends forward twice or more in an own way
(depth, pace and how straight differ), may walk some steps (not quite as the pelvis faces, and not quite evenly) and
then sits in several postures, in which the angles are compared with what the body did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis import quaternion
from analysis.model import (
    Activity,
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Event,
    Floats,
    Output,
    PostureFrame,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from benchmarks.report import Section
from hardware.twin.imu import NOMINAL_MOUNTING, ImuErrors
from hardware.twin.moves import Hold, Move, Shift, SitDown
from hardware.twin.posture import (
    BEND_LEFT,
    BEND_RIGHT,
    LEAN_FORWARD,
    SIT_UPRIGHT,
    SLUMP,
    STAND_UPRIGHT,
    Posture,
)
from hardware.twin.script import of_moves
from hardware.twin.steps_ahead import StepsAhead
from hardware.twin.wearer import Wearer

MOUNTINGS = 500
OFF_DEG = 5.0  # a calibration that is further off than this must have been refused
_RATE_HZ = 52.0
_STAND_S = 7.0
_START_S = 1.0
_STRAIGHT = 100  # wearers whose bends are not askew: what the method itself is worth
_LIMP = 0.06  # rad: step times are 8 % apart (SD), as those of the healthy person of the mobgap example
_FAULTS = 40  # wearers per way of doing it wrong
_OTHER = {Segment.PELVIS: Segment.LUMBAR, Segment.LUMBAR: Segment.PELVIS}


@dataclass(frozen=True, slots=True)
class Trial:
    """One wearer as measured."""

    reason: str  # why it was refused; empty where it was not
    axes_deg: dict[Segment, float]  # angle of the turn between the true and the found axes
    heading_deg: dict[Segment, float]  # its part about the vertical
    told_deg: dict[Segment, float]  # the standard error of the heading as stated
    tilt_error_deg: Floats  # (n,) of each tick afterwards
    lordosis_error_deg: Floats


@dataclass(frozen=True, slots=True)
class Performance:
    """What one wearer does, and the blocks that the sensors on it gave."""

    wearer: Wearer
    blocks: tuple[SampleBlock, ...]
    mountings: dict[Segment, Floats]  # (4,) segment → sensor
    bent_s: float  # the bends, and the steps if there are any, are over


def measure() -> list[Section]:
    """Random mountings with both forms of calibration, and bends done wrong."""
    quick = [tried(perform(seed, face_in=False), CalibrationKind.STANCE) for seed in range(MOUNTINGS)]
    bends = [tried(perform(seed), CalibrationKind.BENDS) for seed in range(MOUNTINGS)]
    stepped = [tried(perform(seed, steps=steps_ahead(seed)), CalibrationKind.STEPS) for seed in range(MOUNTINGS)]
    straight = [
        tried(perform(seed, forward_bends(np.random.default_rng((seed, 72)), askew=0.0)), CalibrationKind.BENDS)
        for seed in range(_STRAIGHT)
    ]
    rows = [
        *_rows("two bends", bends),
        *_rows("two bends and eight steps", stepped),
        *_rows("three bends", _bending(3)),
        *_rows("four bends", _bending(4)),
        *_rows("two quite straight bends", straight),
        *_rows("quick form, face out", quick),
    ]
    wrong = Section(
        "Bends done wrong",
        f"{_FAULTS} wearers a row; a calibration that came through is bad where an axis is off by more than "
        f"{OFF_DEG:.0f}°.",
        [
            *((name, _wrong_row([tried(one, CalibrationKind.BENDS) for one in trials])) for name, trials in _wrongly()),
            *(
                (name, _wrong_row([tried(one, CalibrationKind.STEPS) for one in trials]))
                for name, trials in _missteps()
            ),
        ],
    )
    return [
        Section(
            f"Calibration of {MOUNTINGS} random mountings against the truth",
            "Simulated wearers with default sensor errors. Each sensor is clipped on at any angle in its plane, with "
            "its face in or out, crooked by up to 15° and turned about the body by up to 25°. Bends are 25–50° in the "
            "hips and 20–45° in the back, askew by 1–2°, each anew. Who walks carries the pelvis askew by 1.5° (SD), "
            "T12 by another 1°, and steps unevenly by 8 % (SD); real gait is less even (docs/calibration.md). The "
            "quick form takes the case to lie flat on the back, face out, so it is only measured on such; it cannot "
            "see how far that is from true, nor say so.",
            rows,
        ),
        wrong,
    ]


def perform(
    seed: int,
    bends: Sequence[Posture] | None = None,
    *,
    steps: StepsAhead | None = None,
    swapped: bool = False,
    face_in: bool = True,
) -> Performance:
    """A wearer who stands, bends as told (by default forward, each time a little differently), may walk, and sits."""
    rng = np.random.default_rng((seed, 71))
    chosen = forward_bends(rng) if bends is None else bends
    moves: list[Move] = [Hold(_STAND_S)]
    for posture in chosen:
        down_s, up_s = rng.uniform(2.0, 3.0, 2).tolist()
        moves += [Shift(posture, down_s), Hold(0.6), Shift(STAND_UPRIGHT, up_s), Hold(1.0)]
    moves.append(Hold(3.0))
    if steps is not None:
        moves += [steps, Hold(2.0)]
    bent_s = sum(move.duration_s for move in moves)
    seated = (SIT_UPRIGHT, SLUMP, LEAN_FORWARD, BEND_RIGHT, BEND_LEFT)
    moves += [Hold(1.0), SitDown(), *(move for posture in seated for move in (Shift(posture.vary(rng)), Hold(3.0)))]
    wearer = Wearer(of_moves("bends", *moves), seed)
    mountings = {segment: random_mounting(rng, face_in=face_in) for segment in Segment}
    blocks = []
    for number, segment in enumerate(Segment):
        errors = replace(ImuErrors.default(2 * seed + number), mounting=mountings[segment])
        source = wearer.source(segment, _RATE_HZ, errors)
        counts = source.read(0.0, wearer.script.end_s)
        acc = counts.counts[:, :3].astype(np.float64) * source.acc_scale
        gyr = counts.counts[:, 3:].astype(np.float64) * source.gyr_scale
        named = _OTHER[segment] if swapped else segment
        blocks.append(SampleBlock("s", f"twin-{segment}", named, 0, counts.t, acc, gyr))
    return Performance(wearer, tuple(blocks), mountings, bent_s)


def forward_bends(rng: np.random.Generator, askew: float = 1.0, count: int = 2) -> list[Posture]:
    """As people bend: not twice the same, and (unless `askew` is 0) not quite straight."""
    tilt_deg, flexion_deg = rng.uniform(25.0, 50.0), rng.uniform(20.0, 45.0)
    return [
        Posture(
            Activity.STANDING,
            tilt_deg=tilt_deg + rng.normal(0.0, 3.0),
            lordosis_deg=-flexion_deg + rng.normal(0.0, 3.0),
            roll_deg=askew * rng.normal(0.0, 1.0),
            bend_deg=askew * rng.normal(0.0, 1.5),
            twist_deg=askew * rng.normal(0.0, 2.0),
        )
        for _ in range(count)
    ]


def steps_ahead(seed: int, count: int = 8) -> StepsAhead:
    """As people walk: at an own pace, not quite as the pelvis or the back faces, one foot a little late."""
    rng = np.random.default_rng((seed, 77))
    askew_deg, back_askew_deg = rng.normal(0.0, (1.5, 1.0)).tolist()
    return StepsAhead(count, rng.uniform(88.0, 112.0), askew_deg, back_askew_deg, rng.normal(0.0, _LIMP))


def random_mounting(rng: np.random.Generator, *, face_in: bool = True) -> Floats:
    """(4,) segment → sensor: any angle in the case's plane, crooked, and turned about the body.

    Face out, or (where it may be) as often face in.
    """
    heading = _about((0.0, 0.0, 1.0), rng.uniform(-25.0, 25.0))
    direction = rng.uniform(0.0, 2 * np.pi)
    crooked = _about((np.cos(direction), np.sin(direction), 0.0), rng.uniform(0.0, 15.0))
    clip = _about((0.0, 0.0, 1.0), rng.uniform(-180.0, 180.0))
    face = _about((1.0, 0.0, 0.0), 180.0 * rng.integers(2) * face_in)
    q = quaternion.multiply(NOMINAL_MOUNTING, quaternion.multiply(crooked, heading))
    return quaternion.multiply(clip, quaternion.multiply(face, q))


def tried(performance: Performance, kind: CalibrationKind) -> Trial:
    """The same sensors through the pipeline, calibrated in one of the forms."""
    stance = kind is CalibrationKind.STANCE
    duration_s = _STAND_S - 1.0 - _START_S if stance else performance.bent_s - _START_S
    pipeline = Pipeline(PipelineSettings())
    request = CalibrateRequest(_START_S, duration_s, Stance.STANDING, kind)
    outputs = pipeline.feed(request, *performance.blocks)
    outputs += pipeline.feed(SessionEnd(float(performance.blocks[0].t[-1])))
    made = {one.segment: one for one in outputs if isinstance(one, Calibration)}
    failed = [one for one in outputs if isinstance(one, Event) and one.kind == "calibration_failed"]
    errors = {segment: _error(one.mounting, performance.mountings[segment]) for segment, one in made.items()}
    tilt, lordosis = _angle_errors(performance, outputs)
    return Trial(
        reason=str(failed[0].values["reason"]) if failed else "",
        axes_deg={segment: axes for segment, (axes, _) in errors.items()},
        heading_deg={segment: heading for segment, (_, heading) in errors.items()},
        told_deg={segment: one.heading_error_deg for segment, one in made.items()},
        tilt_error_deg=tilt,
        lordosis_error_deg=lordosis,
    )


def _bending(count: int) -> list[Trial]:
    own = {seed: forward_bends(np.random.default_rng((seed, 76)), count=count) for seed in range(MOUNTINGS)}
    return [tried(perform(seed, bends), CalibrationKind.BENDS) for seed, bends in own.items()]


def _angle_errors(performance: Performance, outputs: Sequence[Output]) -> tuple[Floats, Floats]:
    """(n,) each, of the ticks after the bends, in degrees."""
    frames = [one for one in outputs if isinstance(one, PostureFrame)]
    t = np.concatenate([frame.t for frame in frames])
    truth = performance.wearer.truth(t)
    errors = []
    for name, true in (("pelvic_tilt", truth.pelvic_tilt_deg), ("lumbar_lordosis", truth.lumbar_lordosis_deg)):
        found = np.concatenate([frame.values[name] for frame in frames])
        error = (found - true + 180.0) % 360.0 - 180.0
        errors.append(error[(t > performance.bent_s) & np.isfinite(error)])
    return errors[0], errors[1]


def _error(found: Floats, true: Floats) -> tuple[float, float]:
    """(angle between both mountings, its part about the vertical), both in degrees and positive."""
    w, x, y, z = quaternion.multiply(quaternion.conjugate(true), found).tolist()
    whole = 2 * np.degrees(np.arctan2(np.sqrt(x * x + y * y + z * z), abs(w)))
    heading = 2 * np.degrees(np.arctan2(abs(z), abs(w)))
    return float(whole), float(heading)


def _rows(name: str, trials: Sequence[Trial]) -> list[tuple[str, str]]:
    done = [trial for trial in trials if not trial.reason]
    rows = [(f"{name}: accepted", f"{len(done)} of {len(trials)}; refused: {_reasons(trials)}")]
    if not done:
        return rows
    tilt = np.concatenate([trial.tilt_error_deg for trial in done])
    lordosis = np.concatenate([trial.lordosis_error_deg for trial in done])
    for segment in Segment:
        axes = np.array([trial.axes_deg[segment] for trial in done])
        heading = np.array([trial.heading_deg[segment] for trial in done])
        told = _rms(np.array([trial.told_deg[segment] for trial in done]))
        stated = "" if np.isnan(told) else f", stated {told:.2f}°"
        rows.append(
            (
                f"{name}: axes of the {segment}",
                f"RMSE {_rms(axes):.2f}°, worst {axes.max():.1f}°; heading alone RMSE {_rms(heading):.2f}°{stated}",
            )
        )
    unreported = sum(max(trial.axes_deg.values()) > OFF_DEG for trial in done)
    rows += [
        (f"{name}: pelvic tilt afterwards", f"RMSE {_rms(tilt):.2f}°"),
        (f"{name}: lumbar lordosis afterwards", f"RMSE {_rms(lordosis):.2f}°"),
        (f"{name}: accepted with an axis off by more than {OFF_DEG:.0f}°", f"{unreported}"),
    ]
    return rows


def _wrongly() -> Iterator[tuple[str, list[Performance]]]:
    """Every way of doing it wrong that a wearer has, each with several wearers."""
    right = Posture(Activity.STANDING, roll_deg=12.0, bend_deg=25.0)
    forward = Posture(Activity.STANDING, tilt_deg=35.0, lordosis_deg=-35.0)
    back = Posture(Activity.STANDING, tilt_deg=-12.0, lordosis_deg=14.0)
    ways: dict[str, tuple[Posture, ...]] = {
        "no bend": (),
        "only one bend": (forward,),
        "the second bend to the side": (forward, right),
        "both bends to the side": (right, right),
        "both bends backward": (back, back),
        "a twist of 40° in both bends": (replace(forward, twist_deg=40.0),) * 2,
        "bends turned 20° to each side": (replace(forward, roll_deg=12.0), replace(forward, roll_deg=-12.0)),
        "stiff hips": (replace(forward, tilt_deg=2.0),) * 2,
        "hardly any bend": (replace(forward, tilt_deg=8.0, lordosis_deg=-6.0),) * 2,
    }
    for name, bends in ways.items():
        yield name, [perform(1000 + seed, bends) for seed in range(_FAULTS)]
    yield "sensors exchanged", [perform(1000 + seed, swapped=True) for seed in range(_FAULTS)]


def _missteps() -> Iterator[tuple[str, list[Performance]]]:
    """Right bends, and steps that do not fit them."""
    ways: dict[str, StepsAhead | None] = {
        "no steps where there should be": None,
        "only three steps": StepsAhead(3),
        "steps 20° askew": StepsAhead(8, pelvis_askew_deg=20.0),
        "steps 90° askew": StepsAhead(8, pelvis_askew_deg=90.0),
        "steps backward": StepsAhead(8, pelvis_askew_deg=180.0),
    }
    for name, steps in ways.items():
        yield name, [perform(1000 + seed, steps=steps) for seed in range(_FAULTS)]


def _wrong_row(trials: Sequence[Trial]) -> str:
    done = [trial for trial in trials if not trial.reason]
    bad = sum(max(trial.axes_deg.values()) > OFF_DEG for trial in done)
    return f"{len(trials) - len(done)} of {len(trials)} refused, {bad} came through bad; {_reasons(trials)}"


def _reasons(trials: Sequence[Trial]) -> str:
    """How often each first clause was said, numbers left out."""
    said = Counter("".join(sign for sign in trial.reason.split(";")[0] if not sign.isdigit()) for trial in trials)
    return ", ".join(f"{count} × “{reason}”" for reason, count in said.most_common() if reason) or "none"


def _about(axis: tuple[float, float, float], angle_deg: float) -> Floats:
    half = np.radians(angle_deg) / 2
    return np.array([np.cos(half), *(np.sin(half) * np.array(axis))])


def _rms(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2)))
