"""`python -m benchmarks.train_activity --mobgap DIR --cairo DIR`: fits the activity model and writes what ships.

Logistic regressions on half seconds of simulated people (benchmarks/activity_people.py), of the walking in mobgap's
example recordings and of people who only sit. How much of the evidence counts and what a change costs is then chosen
(benchmarks/activity_choice.py) by what tells other simulated people, office workers and these real ones best. With the
same data the same numbers come out. Nothing of HAPT is read here; which terms there are, and that there is memory of
what was seen, was developed with the errors on HAPT in view. `source` in the file that ships says what of it was
written by this command.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.align import Aligner
from analysis.detectors.activity_model import PARAMETERS, STATES, ActivityModel, term_of, to_json
from analysis.detectors.steps import STEP_S, Stepper, Steps, chord
from analysis.model import GRAVITY, Activity, Codes, Floats, Pose, Segment, Stance
from analysis.orientation import OrientationFilter
from benchmarks.activity_choice import (
    HASTE,
    ODDS,
    REFERENCE_DEG,
    SHARES,
    UNSURE,
    Judges,
    Trial,
    carried,
    chosen,
    of_pose,
    trial,
    worker,
)
from benchmarks.activity_people import Person, joined, person
from hardware.twin.recording import load_cairo

PEOPLE, JUDGES = 60, 8  # simulated, to fit to and to choose by
WORKERS = range(101, 103)  # seeds of office days to choose by; those that are measured are 1 to 5
WORKED_H = 0.75
_MOVES = ("stepping", "sideways", "turning", "spinning", "rhythm", "turned")
_SHAPE = (
    "lift_short",
    "lift",
    "lift_long",
    "lift_before",
    "sink_before",
    "level",
    "turned",
    "bent_before",
    "bent_after",
)
GAIT = (
    "stepping",
    "sideways",
    "turning",
    "rhythm",
    "turned",
    "bounce",
    "stepping_before",
    "stepping_after",
    "stepping·rhythm",
    "stepping·stepping",
    "stepping·sideways",
)  # turning round on the spot is no walking
OTHER = (*_MOVES, "bent_before", "bent_after", "lift_before", "sink_before", "turning·turning", "stepping·stepping")
CHANGE = (
    *_SHAPE, *_MOVES[:5], "stepping_before", "stepping_after", "lift·lift", "lift·stepping", "lift·bent_before",
    "lift·bent_after", "lift·lift_before", "lift·sink_before",
)  # fmt: skip
_RIDGE = 1e-3
_AT_S, _APART_S = 0.3, 1.25  # within the one it is a rise, beyond the other it is none
_UPRIGHT = (Activity.SITTING, Activity.STANDING, Activity.WALKING)
SOURCE = (
    "Fitted to {people} simulated people (benchmarks/activity_people.py), to the walking of {walkers} recordings of "
    "mobgap (Mico-Amigo et al. 2023, doi 10.5281/zenodo.7547125, Apache-2.0) and to the sitting of {sitters} people of "
    "the IMU Sitting Postures Dataset (Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, CC BY 4.0); usual, shares, "
    "odds, unsure and haste chosen by {judges} further simulated people, by {workers} simulated office workers "
    "(hardware.twin.eventful) and by the same walkers and sitters. Written, with nothing changed by hand, by "
    "python -m benchmarks.train_activity --mobgap DIR --cairo DIR. Log likelihood ratios in nats; 1 is the constant, "
    "a dot multiplies features, which analysis/detectors/steps.py explains."
)

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sample:
    """Half seconds of many people."""

    steps: Floats  # (n, features)
    activity: Codes  # (n,) truth in their middle
    tipped: dict[Segment, Floats]  # (n,) chords from an upright of another day
    rise_s: Floats  # (n,) to the middle of the next or last rise
    drop_s: Floats  # (n,)
    change_s: Floats  # (n,) to any change of activity
    is_stood: Flags  # (n,) the upright is that of standing


def sample_of(people: Iterable[Person], seed: int = 0) -> Sample:
    return together([_sampled(one, np.random.default_rng((seed, number))) for number, one in enumerate(people)])


def together(parts: Sequence[Sample]) -> Sample:
    return Sample(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.activity for part in parts]),
        {segment: np.concatenate([part.tipped[segment] for part in parts]) for segment in Segment},
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
    tipped = {}
    for segment in Segment:
        up = steps.up[segment]
        upright = up[steps.end_s < one.quiet_s].mean(axis=0)
        off = np.tan(np.radians(rng.normal(0.0, REFERENCE_DEG))) * np.cross(upright, rng.normal(size=3))
        tipped[segment] = chord(up, upright + off)
    changes = one.sensors.t[1:][np.diff(one.activity) != 0]
    rise_s, drop_s, change_s = (_away(middle, moments) for moments in (rises, drops, changes))
    is_stood = np.ones(len(steps), bool)
    return Sample(steps.features, one.activity[rows], tipped, rise_s, drop_s, change_s, is_stood)


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
            upright = steps.up[Segment.PELVIS][known & (steps.end_s < sum(recording.calibration[:2]))].mean(axis=0)
            count, never = int(known.sum()), np.full(int(known.sum()), np.inf)
            tipped = dict.fromkeys(Segment, np.full(count, np.nan))
            tipped[segment] = chord(steps.up[Segment.PELVIS][known], upright)
            activity = np.full(count, Activity.SITTING, np.int8)
            told = Sample(steps.features[known], activity, tipped, never, never, never, np.zeros(count, bool))
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


def regressed(columns: Floats, is_so: Flags, weight: Floats | None = None) -> Floats:
    """Weights (1 + k,) of a ridge-penalised logistic regression of columns (n, k), less the odds of the sample."""
    mean, spread = columns.mean(axis=0), columns.std(axis=0) + 1e-9
    x = np.column_stack([np.ones(len(columns)), (columns - mean) / spread])
    y, w = is_so.astype(np.float64), np.zeros(x.shape[1])
    mass = np.ones(len(y)) if weight is None else weight
    penalty = np.full(len(w), _RIDGE * mass.sum())
    penalty[0] = 0.0
    penalty *= 1e-1
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30.0, 30.0)))
        curve = mass * np.maximum(p * (1.0 - p), 1e-9)
        step = np.linalg.solve((x.T * curve) @ x + np.diag(penalty), x.T @ (mass * (y - p)) - penalty * w)
        w = w + step * min(1.0, 5.0 / (1e-9 + np.abs(step).max()))
        if np.abs(step).max() < 1e-7:
            break
    slopes = w[1:] / spread
    odds = np.log((mass * y).sum() / (mass * (1.0 - y)).sum())
    return np.concatenate([[w[0] - (slopes * mean).sum() - odds], slopes])


def _named(terms: Sequence[str], weights: Floats) -> dict[str, float]:
    return dict(zip(("1", *terms), (round(float(weight), 4) for weight in weights), strict=True))


def fit(sample: Sample, gaits: Sequence[Floats], source: str) -> ActivityModel:
    """The five sums of features, with shares and odds still to be chosen."""

    def told(terms: Sequence[str], is_so: Flags, among: Flags, more: Floats | None = None) -> dict[str, float]:
        features, so = sample.steps[among], is_so[among]
        if more is not None:
            features, so = np.concatenate([features, more]), np.concatenate([so, np.ones(len(more), bool)])
        return _named(terms, regressed(np.column_stack([term_of(term, features) for term in terms]), so))

    kind = {activity: sample.activity == activity for activity in Activity}
    down = kind[Activity.SITTING] | kind[Activity.LYING]
    up = kind[Activity.STANDING] | kind[Activity.WALKING]
    rises, drops = sample.rise_s < _AT_S, sample.drop_s < _AT_S
    far = sample.change_s > 2.5
    calm = np.isin(sample.activity, (Activity.SITTING, Activity.STANDING, Activity.LYING))
    walked = np.concatenate(gaits) if gaits else None
    postures = _postures(sample, far)
    return ActivityModel(
        source=source,
        usual=tuple(round(float(kind[state][sample.is_stood].mean()), 3) for state in STATES),
        shares=SHARES,
        odds=ODDS,
        unsure=UNSURE,
        haste=HASTE,
        gait=told(GAIT, kind[Activity.WALKING], np.ones(len(far), bool), walked),
        other=told(OTHER, kind[Activity.OTHER], kind[Activity.OTHER] | calm),
        rise=told(CHANGE, rises, rises | (down & (sample.rise_s > _APART_S))),
        drop=told(CHANGE, drops, drops | (up & (sample.drop_s > _APART_S))),
        **postures,
    )


def _postures(sample: Sample, far: Flags) -> dict[str, dict[str, float]]:
    pelvis, lumbar = sample.tipped[Segment.PELVIS], sample.tipped[Segment.LUMBAR]
    sits = (sample.activity == Activity.SITTING) & sample.is_stood
    stands = sample.activity == Activity.STANDING
    lies, upright = sample.activity == Activity.LYING, np.isin(sample.activity, _UPRIGHT)

    def square(tipped: Floats) -> Floats:
        return np.column_stack([tipped, tipped**2])

    def fitted(columns: Floats, is_so: Flags, is_not: Flags) -> Floats:
        among = far & (is_so | is_not) & np.isfinite(columns).all(axis=1)
        return regressed(columns[among], is_so[among])

    one, both = ("tipped", "tipped²"), ("pelvis", "pelvis²", "lumbar", "lumbar²", "pelvis·lumbar")
    together = np.column_stack([square(pelvis), square(lumbar), pelvis * lumbar])
    return {
        "lying": _named(one, fitted(square(pelvis), lies, upright)),
        "sitting_pelvis": _named(one, fitted(square(pelvis), sits, stands)),
        "sitting_lumbar": _named(one, fitted(square(lumbar), sits, stands)),
        "sitting_both": _named(both, fitted(together, sits, stands)),
    }


def judges(gaits: Sequence[Trial], seated: Sequence[Trial], first: int) -> Judges:
    """Simulated people from that number on, office workers, and these real people."""
    people = [person(seed) for seed in range(first, first + JUDGES)]
    return Judges(
        [trial(one, is_calibrated=True, seed=number) for number, one in enumerate(people)],
        [trial(one, is_calibrated=False, seed=number) for number, one in enumerate(people)],
        [carried(one, number) for number, one in enumerate(people)],
        [trial(worker(seed, WORKED_H), is_calibrated=True, seed=seed) for seed in WORKERS],
        seated,
        gaits,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mobgap", type=Path, required=True, help="a folder in the format of mobgap_example")
    parser.add_argument("--cairo", type=Path, required=True, help="a folder in the format of cairo_sitting")
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many to simulate and fit to")
    parser.add_argument("--out", type=Path, help="where the numbers go; by default where the package reads them")
    given = parser.parse_args(arguments)
    gaits, seated = walkers(given.mobgap), sitters(given.cairo)
    if not gaits or not seated:
        parser.error(
            "One of the folders holds no recordings to use; give those of mobgap's examples and of the sitters."
        )
    sample = together([sample_of(person(seed) for seed in range(given.people)), *(one for one, _ in seated)])
    told = SOURCE.format(
        people=given.people, walkers=len(gaits), sitters=len(seated) // 2, judges=JUDGES, workers=len(WORKERS)
    )
    model = fit(sample, [steps for steps, _ in gaits], told)
    model = chosen(model, judges([one for _, one in gaits], [one for _, one in seated], given.people))
    path = given.out or Path(str(files("analysis.detectors").joinpath(PARAMETERS)))
    path.write_bytes(to_json(model))
    print(f"Fitted to {given.people} simulated people and wrote {path.name}.")


if __name__ == "__main__":
    main()
