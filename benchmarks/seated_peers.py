"""Usual classifiers of scikit-learn, to be measured beside our own on the same windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier

from analysis.model import Floats

Labels = NDArray[np.intp]
Told = Callable[[Floats], Labels]


def _random_forest(angles_deg: Floats, labels: Labels) -> Told:
    forest = RandomForestClassifier(200, min_samples_leaf=5, random_state=0).fit(_features(angles_deg), labels)
    return lambda angles_deg: np.asarray(forest.predict(_features(angles_deg)), np.intp)


def _discriminant(angles_deg: Floats, labels: Labels) -> Told:
    plane = LinearDiscriminantAnalysis().fit(angles_deg, labels)
    return lambda angles_deg: np.asarray(plane.predict(angles_deg), np.intp)


def _features(angles_deg: Floats) -> Floats:
    """The four angles (n, 4) and what lies between pelvis and T12, (n, 6)."""
    return np.concatenate([angles_deg, angles_deg[:, [1, 3]] - angles_deg[:, [0, 2]]], axis=1)


PEERS: Mapping[str, Callable[[Floats, Labels], Told]] = {
    "random forest": _random_forest,
    "linear discriminant analysis": _discriminant,
}
