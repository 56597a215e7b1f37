"""Half seconds of people whose activity is known: simulated ones, mobgap's walkers and people who only sit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.align import Aligner
from analysis.detectors.steps import STEP_S, Stepper, Steps, chord
from analysis.model import GRAVITY, Activity, Codes, Floats, Pose, Segment, Stance
from analysis.orientation import OrientationFilter
from benchmarks.activity_judges import REFERENCE_DEG, Trial, of_pose
from benchmarks.activity_people import Person, joined
from hardware.twin.recording import load_cairo

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sample:
    """Half seconds of many people."""

    steps: Floats  # (n, features)
    activity: Codes  # (n,) truth in their middle
    tipped: dict[Segment, Floats]  # (n,) chords from an upright of another day …
    tipped_before: dict[Segment, Floats]  # … LOOK steps earlier …
    tipped_after: dict[Segment, Floats]  # … and later
    rise_s: Floats  # (n,) to the middle of the next or last rise
    drop_s: Floats  # (n,)
    change_s: Floats  # (n,) to any change of activity
    is_stood: Flags  # (n,) the upright is that of standing


def samples_of(people: Iterable[Person], seed: int = 0) -> list[Sample]:
    """Of each of them."""
    return [_sampled(one, np.random.default_rng((seed, number))) for number, one in enumerate(people)]


def together(parts: Sequence[Sample]) -> Sample:
    def put(of: Sequence[dict[Segment, Floats]]) -> dict[Segment, Floats]:
        return {segment: np.concatenate([one[segment] for one in of]) for segment in Segment}

    return Sample(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.activity for part in parts]),
        put([part.tipped for part in parts]),
        put([part.tipped_before for part in parts]),
        put([part.tipped_after for part in parts]),
        np.concatenate([part.rise_s for part in parts]),
        np.concatenate([part.drop_s for part in parts]),
        np.concatenate([part.change_s for part in parts]),
        np.concatenate([part.is_stood for part in parts]),
    )


def _sampled(one: Person, rng: np.random.Generator) -> Sample:
    steps = steps_of(one.sensors)
    middle = steps.end_s - STEP_S / 2
    rows = np.clip(np.searchsorted(one.sensors.t, middle), 0, len(one.activity) - 1)
    rises, drops = changes_of(one)
    uprights = {}
    for segment in Segment:
        upright = steps.now.up[segment][steps.end_s < one.quiet_s].mean(axis=0)
        off = np.tan(np.radians(rng.normal(0.0, REFERENCE_DEG))) * np.cross(upright, rng.normal(size=3))
        uprights[segment] = upright + off
    tipped, before, after = (
        {segment: chord(held.up[segment], upright) for segment, upright in uprights.items()}
        for held in (steps.now, steps.before, steps.after)
    )
    changes = one.sensors.t[1:][np.diff(one.activity) != 0]
    rise_s, drop_s, change_s = (_away(middle, moments) for moments in (rises, drops, changes))
    is_stood = np.ones(len(steps), bool)
    return Sample(steps.features, one.activity[rows], tipped, before, after, rise_s, drop_s, change_s, is_stood)


def sitters(folder: Path) -> list[tuple[Sample, Trial]]:
    """People of the IMU Sitting Postures Dataset, who only sit: each sensor for itself, from upright sitting."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        recording = load_cairo(path)
        for segment, source in recording.sources.items():
            counts = source.read(0.0, recording.trials[-1].end_s)
            raw = counts.counts.astype(np.float64)
            pose = pose_of(counts.t, raw[:, :3] * source.acc_scale, raw[:, 3:] * source.gyr_scale)
            steps = steps_of(pose)
            known = steps.is_known
            upright = steps.now.up[Segment.PELVIS][known & (steps.end_s < sum(recording.calibration[:2]))].mean(axis=0)
            count, never = int(known.sum()), np.full(int(known.sum()), np.inf)
            tipped = dict.fromkeys(Segment, np.full(count, np.nan))
            tipped[segment] = chord(steps.now.up[Segment.PELVIS][known], upright)
            activity = np.full(count, Activity.SITTING, np.int8)
            told = Sample(
                steps.features[known], activity, tipped, tipped, tipped, never, never, never, np.zeros(count, bool)
            )
            found.append((told, _seated(pose, upright, sum(recording.calibration[:2]))))
    return found


def _seated(pose: Pose, upright: Floats, from_s: float) -> Trial:
    """Who sits from then on, calibrated in sitting."""
    mounted = quaternion.between(np.array([0.0, 0.0, 1.0]), quaternion.normalise(upright))
    segments = replace(pose, q={segment: quaternion.multiply(q, mounted) for segment, q in pose.q.items()})
    true = np.full(len(pose.t), Activity.SITTING, np.int8)
    return of_pose(pose, segments, true, Stance.SITTING, from_s)


def steps_of(sensors: Pose) -> Steps:
    steps = Stepper().feed(sensors, sensors)
    if steps is None:
        raise ValueError("a recording must last a few seconds")
    return steps


def changes_of(one: Person) -> tuple[Floats, Floats]:
    """When the hips were half-way up, and half-way down, s."""
    t, z = one.sensors.t, one.height
    rises, drops = [], []
    for row in (np.flatnonzero(np.diff(one.activity)) + 1).tolist():
        before, after = Activity(int(one.activity[row - 1])), Activity(int(one.activity[row]))
        if before is Activity.SITTING and after in (Activity.STANDING, Activity.WALKING, Activity.OTHER):
            first, last = max(row - 75, 0), min(row + 110, len(z))
            part = z[first:last]
            rises.append(t[first + int(np.argmax(part >= (part[0] + part[-1]) / 2))])
        if after is Activity.SITTING and before in (Activity.STANDING, Activity.WALKING, Activity.OTHER):
            first, last = max(row - 150, 0), min(row + 60, len(z))
            part = z[first:last]
            high = z[max(row - 110, 0)]
            drops.append(t[last - 1 - int(np.argmax(part[::-1] > (high + part[-1]) / 2))])
    return np.array(rises), np.array(drops)


def _away(t: Floats, moments: Floats) -> Floats:
    if not len(moments):
        return np.full(len(t), np.inf)
    away: Floats = np.abs(t[:, None] - moments).min(axis=1)
    return away


def walkers(folder: Path) -> list[tuple[Floats, Trial]]:
    """Features (n, features) of the walking bouts of mobgap's recordings, and the recordings as trials of these."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            hz = float(arrays["fs_hz"])
            for name in [name.removesuffix("_bouts") for name in arrays.files if name.endswith("_bouts")]:
                acc = arrays[f"{name}_acc_g"].astype(np.float64) * GRAVITY
                gyr = np.radians(arrays[f"{name}_gyr_dps"].astype(np.float64))
                pose = pose_of(np.arange(len(acc)) / hz, acc, gyr)
                steps, bouts = steps_of(pose), arrays[f"{name}_bouts"]
                walks = _inside(pose.t, bouts)
                true = np.where(walks, np.int8(Activity.WALKING), np.int8(Activity.UNKNOWN))
                features = steps.features[_inside(steps.end_s - STEP_S / 2, bouts)]
                found.append((features, of_pose(pose, pose, true, None, 0.0)))
    return found


def _inside(t: Floats, bouts: Floats) -> Flags:
    """Half a second or more inside of any."""
    inside: Flags = np.logical_or.reduce([(t > bout[0] + 0.5) & (t < bout[1] - 0.5) for bout in bouts])
    return inside


def pose_of(t: Floats, acc: Floats, gyr: Floats, segment: Segment = Segment.PELVIS) -> Pose:
    """One sensor's samples on the pose's grid."""
    turned = OrientationFilter(segment)
    aligner = Aligner()
    poses = [*aligner.feed([*turned.feed(t, acc, gyr), *turned.flush()]), *aligner.flush()]
    return joined(poses)
