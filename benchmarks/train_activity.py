"""`python -m benchmarks.train_activity --mobgap DIR --cairo DIR`: fits the activity model and writes what ships.

Logistic regressions on half seconds of simulated people (benchmarks/activity_people.py), of the walking in mobgap's
example recordings and of people who only sit. Where upright ends and lying begins is published. How much of the
evidence counts and what a change costs starts from round numbers (benchmarks/activity_priors.py) and is then chosen
(benchmarks/activity_choice.py) by what tells other simulated people, office workers and these real ones best.
With the same data the same numbers come out, some minutes later. Nothing of HAPT is read here; which terms there are,
that there is memory of what was seen, and how the first seconds are taken, was developed with the errors on HAPT in
view.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np

from analysis.detectors.activity_model import (
    PARAMETERS,
    STATES,
    ActivityModel,
    Haste,
    Odds,
    Shares,
    Unsure,
    at_most_plain,
    sitting_nats,
    summed,
    term_of,
    to_json,
)
from analysis.model import Activity, Floats, Segment
from benchmarks.activity_choice import chosen
from benchmarks.activity_judges import Judges, Trial, day, simulated
from benchmarks.activity_people import person
from benchmarks.activity_priors import begun
from benchmarks.activity_samples import Flags, Sample, samples_of, sitters, together, walkers
from hardware.twin import person as desk
from hardware.twin.eventful import eventful_day
from hardware.twin.script import office_day

PEOPLE, JUDGES = 120, 80  # simulated, to fit to and to choose by
_WORKERS, _DESKBOUND, _CALM = range(101, 107), range(201, 207), range(301, 303)  # seeds; those measured are 0 to 11
LYING_DEG = 64.9  # from upright; told all lying from all sitting of 30 people by a hip sensor (W2768551517)
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
STRETCH = ("swaying", "swaying_before", "swaying_earlier", "swaying·swaying", "swaying_before·swaying_earlier")
CHANGE = (
    *_SHAPE, *_MOVES[:5], "stepping_before", "stepping_after", "lift·lift", "lift·stepping", "lift·bent_before",
    "lift·bent_after", "lift·lift_before", "lift·sink_before",
)  # fmt: skip
_RIDGE = 1e-3
_AT_S, _APART_S = 0.3, 1.25  # within the one it is a rise, beyond the other it is none
_STILL = 0.15  # of 1: 3 degrees a second, or 0.07 m/s²
_UPRIGHT = (Activity.SITTING, Activity.STANDING, Activity.WALKING)
_ANY = (  # until it is chosen
    Shares(1.0, 1.0, 1.0, 1.0, 1.0, 6.0, 6.0),
    Odds(*[1.0] * 9),
    Unsure(1.0, 1.0, 1.0, 1.0),
    Haste(1.0, 1.0),
)
SOURCE = (
    "Fitted to {people} simulated people (benchmarks/activity_people.py), to the walking of {walkers} recordings of "
    "mobgap (Mico-Amigo et al. 2023, doi 10.5281/zenodo.7547125, Apache-2.0) and to the sitting of {sitters} people of "
    "the IMU Sitting Postures Dataset (Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, CC BY 4.0); lying begins at "
    "{lying} degrees from upright (W2768551517, 30 people); shares, odds, unsure and haste chosen by {judges} further "
    "simulated people, by {days} simulated days at work (hardware.twin) and by the "
    "same walkers and sitters. Written, with nothing changed by hand, by python -m benchmarks.train_activity --mobgap "
    "DIR --cairo DIR. Log likelihood ratios in nats; 1 is the constant, a dot multiplies features, which "
    "analysis/detectors/steps.py explains."
)


def regressed(columns: Floats, is_so: Flags, known: Floats | None = None) -> Floats:
    """Weights (1 + k,) of a ridge-penalised logistic regression of columns (n, k), less the odds of the sample.

    known: nats (n,) that something else tells, and these add to.
    """
    mean, spread = columns.mean(axis=0), columns.std(axis=0) + 1e-9
    x = np.column_stack([np.ones(len(columns)), (columns - mean) / spread])
    y, w = is_so.astype(np.float64), np.zeros(x.shape[1])
    told = np.zeros(len(y)) if known is None else known
    penalty = np.full(len(w), 0.1 * _RIDGE * len(y))
    penalty[0] = 0.0
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-np.clip(told + x @ w, -30.0, 30.0)))
        curve = np.maximum(p * (1.0 - p), 1e-9)
        step = np.linalg.solve((x.T * curve) @ x + np.diag(penalty), x.T @ (y - p) - penalty * w)
        w = w + step * min(1.0, 5.0 / (1e-9 + np.abs(step).max()))
        if np.abs(step).max() < 1e-7:
            break
    slopes = w[1:] / spread
    odds = np.log(y.sum() / (1.0 - y).sum())
    return np.concatenate([[w[0] - (slopes * mean).sum() - odds], slopes])


def _named(terms: Sequence[str], weights: Floats) -> dict[str, float]:
    return dict(zip(("1", *terms), (round(float(weight), 4) for weight in weights), strict=True))


def fit(sample: Sample, gaits: Sequence[Floats], source: str) -> ActivityModel:
    """All sums of features, with shares and odds still to be chosen."""

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
    rising, dropping = rises | (down & (sample.rise_s > _APART_S)), drops | (up & (sample.drop_s > _APART_S))
    model = ActivityModel(
        source=source,
        usual=_usual(kind, sample.is_stood),
        shares=_ANY[0],
        odds=_ANY[1],
        unsure=_ANY[2],
        haste=_ANY[3],
        gait=told(GAIT, kind[Activity.WALKING], np.ones(len(far), bool), walked),
        other=told(OTHER, kind[Activity.OTHER], (kind[Activity.OTHER] & ~_still(sample)) | calm),
        stretch=told(STRETCH, kind[Activity.OTHER], kind[Activity.OTHER] | kind[Activity.STANDING]),
        rise=told(CHANGE, rises, rising),
        drop=told(CHANGE, drops, dropping),
        rise_posture={},
        drop_posture={},
        **_postures(sample, far),
    )
    return msgspec.structs.replace(
        model,
        rise_posture=_around(model, sample, model.rise, rises, rising),
        drop_posture=_around(model, sample, model.drop, drops, dropping),
    )


def _usual(kind: Mapping[Activity, Flags], among: Flags) -> tuple[float, ...]:
    """How often each of STATES is, but sitting and standing as often: sensors are clipped on standing."""
    often = {state: float(kind[state][among].mean()) for state in STATES}
    often[Activity.SITTING] = often[Activity.STANDING] = (often[Activity.SITTING] + often[Activity.STANDING]) / 2
    return tuple(round(often[state], 3) for state in STATES)


def _still(sample: Sample) -> Flags:
    """Where the first sensor hardly moves, whatever its wearer does; a back may stretch above a still pelvis."""
    moving = [term_of(term, sample.steps) for term in ("turning", "stepping")]
    return np.maximum(*moving) <= _STILL


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
        "lying": _through(LYING_DEG, _named(one, fitted(square(pelvis), lies, upright))),
        "sitting_pelvis": _named(one, fitted(square(pelvis), sits, stands)),
        "sitting_lumbar": _named(one, fitted(square(lumbar), sits, stands)),
        "sitting_both": _named(both, fitted(together, sits, stands)),
    }


def _around(
    model: ActivityModel, sample: Sample, change: dict[str, float], is_so: Flags, among: Flags
) -> dict[str, float]:
    """What sitting or standing before and after it adds to what the force says of a change."""
    before, after = (sitting_nats(model, tipped) for tipped in (sample.tipped_before, sample.tipped_after))
    columns = at_most_plain(np.column_stack([before, after]))
    among = among & sample.is_stood & np.isfinite(columns).all(axis=1)
    known = summed(change, sample.steps[among])
    return _named(("before", "after"), regressed(columns[among], is_so[among], known))


def _through(angle_deg: float, weights: dict[str, float]) -> dict[str, float]:
    """The same slopes with the constant that makes either as likely at that angle from upright."""
    tipped = 2.0 * np.sin(np.radians(angle_deg) / 2.0)
    return {**weights, "1": round(-float(weights["tipped"] * tipped + weights["tipped²"] * tipped**2), 4)}


def judges(gaits: Sequence[Trial], seated: Sequence[Trial], first: int) -> Judges:
    """Simulated people from that number on, days at work, and these real people."""
    days = [day(eventful_day(seed, 0.75, comes_off=False), seed) for seed in _WORKERS]
    days += [day(desk.Person(None, seed, 1.0).script, seed) for seed in _DESKBOUND]
    days += [day(office_day(seed, 1.0), seed) for seed in _CALM]
    return Judges(simulated([person(seed) for seed in range(first, first + JUDGES)]), days, seated, gaits)


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
    shown = samples_of(person(seed) for seed in range(given.people))
    sample = together([*shown, *(one for one, _ in seated)])
    told = SOURCE.format(
        people=given.people,
        walkers=len(gaits),
        sitters=len(seated) // 2,
        lying=LYING_DEG,
        judges=JUDGES,
        days=len(_WORKERS) + len(_DESKBOUND) + len(_CALM),
    )
    model = fit(sample, [steps for steps, _ in gaits], told)
    shares, odds, unsure, haste = begun([one.activity for one in shown])
    model = msgspec.structs.replace(model, shares=shares, odds=odds, unsure=unsure, haste=haste)
    model = chosen(model, judges([one for _, one in gaits], [one for _, one in seated], given.people))
    path = given.out or Path(str(files("analysis.detectors").joinpath(PARAMETERS)))
    path.write_bytes(to_json(model))
    print(f"Fitted to {given.people} simulated people and wrote {path.name}.")


if __name__ == "__main__":
    main()
