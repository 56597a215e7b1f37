"""Which seated posture four angles speak for: a Gaussian model that gets to know its wearer as it goes.

People differ more from each other than from themselves: one person's slouch is another's lean. So every posture
has a mean that varies between people, together with those of the other postures (a person effect of 24 numbers), and
a scatter around it between repeats. Before anything is seen all people are possible; each window then narrows down
who this is, without being told which posture it was: the posterior over the 24 numbers is a Gaussian, updated for each
posture in turn and merged again by moments (assumed density filtering). Distances are judged by Student's t, because
people do odd things more often than a normal distribution admits.

Parameters: seated_model.json, fitted by `python -m benchmarks.train_seated`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis.model import Floats, Stance

ANGLES = 4  # ° of pelvis forward, T12 forward, pelvis to the right, T12 to the right
PARAMETERS = "seated_model.json"
_HELD_DEG = 4.0  # a posture within so much is still the same one; repeats of one posture vary by 1.3–2.7°

# A seated upright against a standing one: pelvis −14 ± 7°, lordosis −12.5 ± 7° (as in activity.py), so T12 −1.5 ± 5°.
SEATED_MEAN_DEG: Floats = np.array([-14.0, -1.5, 0.0, 0.0])
SEATED_SCATTER_DEG2: Floats = np.array([[49.0, 12.5, 0, 0], [12.5, 25.0, 0, 0], [0, 0, 4.0, 0], [0, 0, 0, 4.0]])


@dataclass(frozen=True, slots=True)
class SeatedModel:
    """Every number of the model, in degrees; the angles are against the wearer's own seated upright."""

    postures: tuple[str, ...]  # (p,) names
    mean: Floats  # (p, 4)
    people: Floats  # (4p, 4p) covariance of people's own means, posture by posture
    scatter: Floats  # (p, 4, 4) covariance of repeats around a person's own mean
    tails: float  # degrees of freedom of Student's t
    share: float  # of an observation that the first window of a held posture is; the k-th is a k-th of that
    forget: float  # share of what was learned about the wearer that fades meanwhile, likewise


@dataclass(frozen=True, slots=True)
class _Parameters:
    source: str
    postures: tuple[str, ...]
    mean: list[list[float]]
    people: list[list[float]]
    scatter: list[list[list[float]]]
    tails: float
    share: float
    forget: float


def shipped() -> SeatedModel:
    """The model with the parameters that are part of the package."""
    return from_json(files("analysis.detectors").joinpath(PARAMETERS).read_bytes())


def from_json(text: bytes) -> SeatedModel:
    """Raises msgspec.ValidationError where the text is not a parameter file."""
    read = msgspec.json.decode(text, type=_Parameters)
    return SeatedModel(
        read.postures,
        np.array(read.mean, dtype=np.float64),
        np.array(read.people, dtype=np.float64),
        np.array(read.scatter, dtype=np.float64),
        read.tails,
        read.share,
        read.forget,
    )


def to_json(model: SeatedModel, source: str) -> bytes:
    """The parameter file: one row of a matrix a line; `source` says what it was fitted to."""
    rows: dict[str, Any] = {
        "source": source,
        "postures": list(model.postures),
        "tails": model.tails,
        "share": model.share,
        "forget": model.forget,
        "mean": (model.mean.round(3) + 0.0).tolist(),
        "scatter": (model.scatter.round(3) + 0.0).tolist(),
        "people": (model.people.round(3) + 0.0).tolist(),
    }
    parts = [f'  "{name}": {_lines(value)}' for name, value in rows.items()]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _lines(value: Any) -> str:
    told = msgspec.json.encode(value).decode()
    if isinstance(value, list) and isinstance(value[0], list):
        return "[\n" + ",\n".join("    " + msgspec.json.encode(row).decode() for row in value) + "\n  ]"
    return told


class Wearer:
    """What is known of one wearer's postures, window by window."""

    def __init__(self, model: SeatedModel, stance: Stance = Stance.SITTING) -> None:
        """`stance`: what the angles' zero is. From standing the seated upright itself has to be learned."""
        self._model = model
        postures = len(model.postures)
        mean, people = model.mean.ravel(), model.people
        if stance is Stance.STANDING:
            mean = mean + np.tile(SEATED_MEAN_DEG, postures)
            people = people + np.tile(SEATED_SCATTER_DEG2, (postures, postures))
        self._prior = mean, people
        self._mean, self._cov = mean, people
        self._held: tuple[Floats, int] | None = None  # the posture held, and for how many windows

    def probabilities(self, angles_deg: Floats) -> Floats:
        """Of each posture (p,), for the angles (4,) of one window and all that was learned before it."""
        off, spread = self._against(angles_deg)
        return self._judged(_squared(off, np.linalg.inv(spread)), spread)

    def learn(self, angles_deg: Floats) -> Floats:
        """The same probabilities; afterwards the wearer is known a little better."""
        model, size = self._model, len(self._mean)
        off, spread = self._against(angles_deg)
        weight = 1.0 / self._windows_held(angles_deg)
        dulled = spread + model.scatter * (1.0 / (model.share * weight) - 1.0)
        inverse, dulled_inverse = np.linalg.inv(np.array([spread, dulled]))
        distance = _squared(off, inverse)
        told = self._judged(distance, spread)
        # What fits badly is believed less, as Student's t has it.
        belief = np.minimum(1.0, (model.tails + ANGLES) / (model.tails + distance))
        columns = self._cov.reshape(size, -1, ANGLES).transpose(1, 0, 2)  # (p, 4p, 4)
        gains = columns @ (belief[:, None, None] * dulled_inverse)
        moves = (gains @ off[:, :, None])[:, :, 0]  # (p, 4p)
        move = told @ moves
        apart = moves - move
        likely_gains = (told[:, None, None] * gains).transpose(1, 0, 2).reshape(size, size)
        cov = self._cov - likely_gains @ self._cov + apart.T @ (told[:, None] * apart)
        cov = (cov + cov.T) / 2
        mean = self._mean + move
        fading = model.forget * weight
        self._mean = mean + (self._prior[0] - mean) * fading
        self._cov = cov + (self._prior[1] - cov) * fading
        return told

    def _windows_held(self, angles_deg: Floats) -> int:
        """Including this one. An hour in one posture must not pass for hundreds of witnesses."""
        first, count = self._held or (angles_deg, 0)
        if np.abs(angles_deg - first).max() > _HELD_DEG:
            first, count = angles_deg, 0
        self._held = first, count + 1
        return count + 1

    def _against(self, angles_deg: Floats) -> tuple[Floats, Floats]:
        """How far off each posture's mean (p, 4), and the covariance to expect of that (p, 4, 4)."""
        postures = len(self._model.postures)
        blocks = self._cov.reshape(postures, ANGLES, postures, ANGLES)
        own = np.einsum("iaib->iab", blocks)
        return angles_deg - self._mean.reshape(postures, ANGLES), own + self._model.scatter

    def _judged(self, distance: Floats, spread: Floats) -> Floats:
        """For distances squared (p,)."""
        tails = self._model.tails
        likely = (1.0 + distance / tails) ** (-0.5 * (tails + ANGLES)) / np.sqrt(np.linalg.det(spread))
        told: Floats = likely / likely.sum()
        return told


def _squared(off: Floats, inverse: NDArray[np.floating[Any]]) -> Floats:
    """Mahalanobis distances squared (p,), by the inverse (p, 4, 4) of the covariances."""
    squared: Floats = (off * (inverse @ off[:, :, None])[:, :, 0]).sum(axis=1)
    return squared
