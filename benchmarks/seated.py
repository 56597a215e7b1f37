"""`python -m benchmarks.seated --data DIR --json FILE`: how often the seated posture is told right.

By default with the parameters that ship; with `--leave-one-out` each person is told by parameters fitted to all others
in the folder. The windows of a person are told in recorded order and the detector gets to know the person as it goes,
without labels, as it does live; `alone` in the tables is the same model without that.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.detectors.seated_model import SEATED_MEAN_DEG, SEATED_SCATTER_DEG2, SeatedModel, Wearer, shipped
from analysis.errors import PostureError
from analysis.model import Floats, Stance
from benchmarks.report import Section
from benchmarks.seated_people import LABELS, Person, people_of
from benchmarks.train_seated import FEWEST, fit

Labels = NDArray[np.intp]
Trained = Callable[[Floats, Labels], Callable[[Floats], Labels]]  # angles in degrees (n, 4) and what they were
Judge = Callable[[Person], Labels]  # the windows of every series, one after another
_RESAMPLED = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """What was told of every scored window, and what it was."""

    told: Labels  # (n,)
    true: Labels  # (n,)
    person: Labels  # (n,)

    @property
    def accuracy(self) -> float:
        return float((self.told == self.true).mean())

    @property
    def f1(self) -> dict[str, float]:
        """By label; NaN for one that neither is nor is told."""
        pairs = self.confusion
        both, sums = np.diag(pairs), pairs.sum(axis=0) + pairs.sum(axis=1)
        return {
            label: float(2 * hit / total) if total else float("nan")
            for label, hit, total in zip(LABELS, both, sums, strict=True)
        }

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Windows; row: what it was, column: what was told."""
        pairs = np.zeros((len(LABELS), len(LABELS)), np.int64)
        np.add.at(pairs, (self.true, self.told), 1)
        return pairs

    @property
    def by_person(self) -> Floats:
        is_right = self.told == self.true
        return np.array([is_right[self.person == one].mean() for one in np.unique(self.person)])

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of the accuracy over other people like these: people drawn anew, with a fixed seed."""
        means = np.random.default_rng(0).choice(self.by_person, (_RESAMPLED, len(self.by_person))).mean(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        return float(low), float(high)


def score(people: Sequence[Person], judge_for: Callable[[int], Judge]) -> Score:
    """`judge_for(k)` tells the postures of person k."""
    told, true, person = [], [], []
    for number, one in enumerate(people):
        is_scored = np.concatenate([series.is_scored for series in one.series])
        told.append(judge_for(number)(one)[is_scored])
        true.append(np.concatenate([series.label for series in one.series])[is_scored])
        person.append(np.full(int(is_scored.sum()), number, np.intp))
    return Score(np.concatenate(told), np.concatenate(true), np.concatenate(person))


def by_model(
    model: SeatedModel,
    *,
    is_learning: bool = True,
    stance: Stance = Stance.SITTING,
    move_deg: Floats | float = 0.0,
) -> Judge:
    """As the detector tells them; not learning, every window stands alone. `move_deg` is added to all angles."""

    def judge(person: Person) -> Labels:
        told = []
        for series in person.series:
            wearer = Wearer(model, stance)
            tell = wearer.learn if is_learning else wearer.probabilities
            told += [int(np.argmax(tell(angles + move_deg))) for angles in series.angles_deg]
        return np.array(told, np.intp)

    return judge


def shipped_score(people: Sequence[Person]) -> Score:
    judge = by_model(shipped())
    return score(people, lambda _: judge)


def left_out_score(people: Sequence[Person], *, is_learning: bool = True) -> Score:
    """Each person told by a model of all the others."""
    return score(people, lambda k: by_model(fit([*people[:k], *people[k + 1 :]]), is_learning=is_learning))


def standing_score(people: Sequence[Person]) -> Score:
    """People left out, as if each had been calibrated standing: their angles moved by what sitting down may do."""
    moves = np.random.default_rng(0).multivariate_normal(SEATED_MEAN_DEG, SEATED_SCATTER_DEG2, len(people))

    def judge_for(k: int) -> Judge:
        model = fit([*people[:k], *people[k + 1 :]])
        return by_model(model, stance=Stance.STANDING, move_deg=moves[k])

    return score(people, judge_for)


def peer_scores(people: Sequence[Person]) -> dict[str, Score]:
    """What usual classifiers make of the same windows, each trained without the person it tells."""
    from benchmarks.seated_peers import PEERS  # only `make bench` has installed them

    return {name: score(people, partial(_by_peer, trained, people)) for name, trained in PEERS.items()}


def _by_peer(trained: Trained, people: Sequence[Person], k: int) -> Judge:
    series = [one for person in (*people[:k], *people[k + 1 :]) for one in person.series]
    angles_deg = np.concatenate([one.angles_deg[one.is_scored] for one in series])
    told = trained(angles_deg, np.concatenate([one.label[one.is_scored] for one in series]))
    return lambda person: np.concatenate([told(one.angles_deg) for one in person.series])


def measure() -> list[Section]:
    """Ours and the peers', and what is mistaken for what."""
    folder = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "cairo_sitting"
    if not folder.is_dir():
        return [Section("Seated posture", "Not measured: set UPSTAND_SHARED to the folder of the recordings.", [])]
    people = people_of(folder)
    ours = left_out_score(people)
    rows = [
        ("ours, people left out", _told(ours)),
        ("ours, every window alone, people left out", _told(left_out_score(people, is_learning=False))),
        ("ours, people left out, zero at a standing upright (drawn, not recorded)", _told(standing_score(people))),
        *((f"{name}, people left out", _told(one)) for name, one in peer_scores(people).items()),
        ("published: CNN, four sensors", "0.865"),
        ("ours, parameters that ship (fitted to these people)", _told(shipped_score(people))),
    ]
    mistaken = [
        (label, ", ".join(f"{n} {told}" for n, told in zip(counts.tolist(), LABELS, strict=True) if n))
        for label, counts in zip(LABELS, ours.confusion, strict=True)
    ]
    how = (
        f"{len(people)} people of the IMU Sitting Postures Dataset, {len(ours.true)} windows of 4 s, L5 and T12, "
        "through the pipeline, calibrated on upright trials only; an upright trial is told against the other two. "
        "Accuracy with 95 % over people, then F1 of each posture. Ours learns about each person as it goes, "
        "without labels."
    )
    return [
        Section("Seated posture", how, rows),
        Section("Seated posture: what was told", "Windows by true posture, people left out.", mistaken),
    ]


def _told(one: Score) -> str:
    low, high = one.interval
    f1 = ", ".join(f"{label} {value:.2f}" for label, value in one.f1.items())
    return f"{one.accuracy:.3f} ({low:.3f} to {high:.3f}); {f1}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder in the format of cairo_sitting")
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    parser.add_argument("--leave-one-out", action="store_true", help="fit anew without the person who is told")
    given = parser.parse_args(arguments)
    try:
        people = people_of(given.data)
    except PostureError as error:
        parser.error(str(error))
    if given.leave_one_out and len(people) < FEWEST:
        parser.error(f"--leave-one-out needs {FEWEST} people or more; use the parameters that ship.")
    one = left_out_score(people) if given.leave_one_out else shipped_score(people)
    figures = {
        "accuracy": one.accuracy,
        "f1": {label: None if math.isnan(value) else value for label, value in one.f1.items()},
        "windows": len(one.true),
        "people": len(people),
    }
    given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(_told(one))


if __name__ == "__main__":
    main()
