"""`python -m benchmarks.train_seated --data DIR`: fits the seated postures anew and writes the parameters that ship.

A mixed model by moments: how people's own means differ, posture by posture and together, and how repeats scatter
around them. Every person counts twice, as they are and as in a mirror, so that left and right are told alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from analysis.detectors.seated_model import ANGLES, PARAMETERS, SeatedModel, to_json
from analysis.errors import PostureError
from analysis.model import Floats
from benchmarks.seated_people import LABELS, Person, people_of

POSTURES = ("upright", "slouched", "leaning forward", "leaning back", "bent right", "bent left")  # as LABELS
FEWEST = 4  # people, to tell how people differ
_MIRROR: Floats = np.array([1.0, 1.0, -1.0, -1.0])
_MIRRORED = [0, 1, 2, 3, 5, 4]
_SOURCE = (
    "Fitted to {people} people of the IMU Sitting Postures Dataset (Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, "
    "CC BY 4.0), L5 and T12 only, by python -m benchmarks.train_seated. Degrees: pelvis forward, T12 forward, "
    "pelvis to the right, T12 to the right; people is posture by posture in the order of postures."
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What is not fitted but chosen, by leaving people out; the measure barely depends on any of them."""

    people_shrink: float = 0.2  # of the people's covariance towards its diagonal
    scatter_shrink: float = 0.3  # of each posture's scatter towards that of all
    floor: float = 1.5  # deg², what one calibration differs from the next and the sensors err
    tails: float = 5.0
    share: float = 0.1
    forget: float = 0.01


def fit(people: Sequence[Person], choices: Choices | None = None) -> SeatedModel:
    """The model of these people. Raises PostureError where too few of them showed every posture."""
    chosen = choices or Choices()
    postures = len(POSTURES)
    own = np.full((len(people), postures, ANGLES), np.nan)
    squares, degrees = np.zeros((postures, ANGLES, ANGLES)), np.zeros(postures)
    repeats = np.zeros((len(people), postures))
    for row, person in enumerate(people):
        for posture in range(postures):
            means = _trial_means(person, posture)
            if len(means):
                own[row, posture] = means.mean(axis=0)
                off = means - own[row, posture]
                squares[posture] += off.T @ off
                degrees[posture] += len(means) - 1
                repeats[row, posture] = len(means)
    complete = ~np.isnan(own).any(axis=(1, 2))
    if complete.sum() < FEWEST - 1:
        raise PostureError(f"Only {complete.sum()} people show every posture; give a folder with more of them.")
    both = np.concatenate([own[complete], (own[complete] * _MIRROR)[:, _MIRRORED]])
    scatter = squares / np.maximum(degrees, 1.0)[:, None, None]
    scatter = (scatter + (scatter * np.outer(_MIRROR, _MIRROR))[_MIRRORED]) / 2
    mixed = chosen.scatter_shrink
    scatter = (1 - mixed) * scatter + mixed * scatter.mean(axis=0) + chosen.floor * np.eye(ANGLES)
    mean = both.mean(axis=0)
    off = (both - mean).reshape(len(both), -1)
    raw = off.T @ off / max(len(off) - 2, 1)
    covariance = _people(raw, scatter / repeats[complete].mean(), chosen)
    return SeatedModel(POSTURES, mean, covariance, scatter, chosen.tails, chosen.share, chosen.forget)


def _trial_means(person: Person, posture: int) -> Floats:
    """(k, 4), of the trials that are scored: each once."""
    means = [
        one.angles_deg[one.trial == trial].mean(axis=0)
        for one in person.series
        for trial in np.unique(one.trial[one.is_scored & (one.label == posture)])
    ]
    return np.array(means).reshape(-1, ANGLES)


def _people(raw: Floats, sampling: Floats, chosen: Choices) -> Floats:
    """Covariance of people's true means: what was seen less what few repeats add to it, and never singular."""
    covariance = raw.copy()
    for posture, part in enumerate(sampling):
        rows = slice(posture * ANGLES, (posture + 1) * ANGLES)
        covariance[rows, rows] -= part
    own = np.diag(np.maximum(np.diag(covariance), 0.5))
    covariance = (1 - chosen.people_shrink) * covariance + chosen.people_shrink * own
    values, vectors = np.linalg.eigh(covariance)
    whole: Floats = (vectors * np.maximum(values, 0.05)) @ vectors.T
    return (whole + whole.T) / 2


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder in the format of cairo_sitting")
    try:
        people = people_of(parser.parse_args(arguments).data)
        text = to_json(fit(people), _SOURCE.format(people=len(people)))
    except PostureError as error:
        parser.error(str(error))
    path = Path(str(files("analysis.detectors").joinpath(PARAMETERS)))
    path.write_bytes(text)
    print(f"Fitted {len(LABELS)} postures of {len(people)} people and wrote {path.name}.")


if __name__ == "__main__":
    main()
