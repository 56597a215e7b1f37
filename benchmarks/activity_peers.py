"""What is usual: a random forest on windows, and one smoothed by a Viterbi path, with the person measured left out.

They are fitted to the other people of the very recordings they are measured on; nothing of it ships. Of every axis of
force and turning, and of both along up and across it: mean, standard deviation, range and energy; and how far the mean
force is from upright. The forest tells the windows of 5 s that are asked for. For the path windows of 2.5 s slide, and
being on the way from one posture to another is a state of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from analysis import quaternion
from analysis.model import FRAME_HZ, Activity, Codes, Floats
from benchmarks.activity import ACTIVITY, WINDOW_S, Windows, spans_of
from benchmarks.activity_recordings import Recording, Seen

HOP_S = 0.5  # by which windows slide
SLIDING_S = 2.5
_TREES = 60
_EVERY = 3  # of the sliding windows of one posture is fitted to, and every one on the way to another
_LEAST = 1e-3  # probability: trees may all be wrong
_ON_THE_WAY = int(Activity.OTHER)  # which nobody here does otherwise
_FIRST_WAY = 7  # label; from here on they are of changes

Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Told:
    """What both peers tell of everybody."""

    windows: Windows  # by the forest, of one label each
    smoothed: list[Seen]


def peers(recordings: Sequence[Recording], uprights: Sequence[Floats], from_s: Sequence[float]) -> Told:
    """uprights: (3,) of each recording, mean force in upright standing or walking; nothing is asked before from_s."""
    shapes = [_Shape.of(*given) for given in zip(recordings, uprights, from_s, strict=True)]
    true, told, people = [], [], []
    smoothed: dict[int, Seen] = {}
    for person in sorted({one.person for one in shapes}):
        others = [one for one in shapes if one.person != person]
        forest = _fitted([one.asked for one in others], [one.asked_kind for one in others])
        sliding = _fitted([one.sliding[one.is_one] for one in others], [one.kinds[one.is_one] for one in others])
        known = np.array(sliding.classes_)
        usual, ways = _usual(others, known), _ways(others, known)
        for number, one in enumerate(shapes):
            if one.person != person:
                continue
            true.append(one.asked_kind)
            told.append(forest.predict(one.asked).astype(np.int8))
            people += [person] * len(one.asked)
            # Windows overlap: each counts for no more than its hop.
            likely = np.log(np.maximum(sliding.predict_proba(one.sliding), _LEAST) / usual) * HOP_S / SLIDING_S
            smoothed[number] = one.seen(known[viterbi(likely, np.log(usual), np.log(ways))])
    return Told(Windows(np.concatenate(true), np.concatenate(told), people), [smoothed[k] for k in sorted(smoothed)])


def _fitted(features: Sequence[Floats], kinds: Sequence[Codes]) -> RandomForestClassifier:
    forest = RandomForestClassifier(_TREES, min_samples_leaf=2, random_state=0, n_jobs=1)
    return forest.fit(np.concatenate(features), np.concatenate(kinds))


def rises_of(seen: Seen) -> list[float]:
    """Middles s of the ways from sitting to standing or walking."""
    rows = np.flatnonzero(seen.activity != _ON_THE_WAY)
    kinds, t = seen.activity[rows], seen.t[rows]
    is_rise = (kinds[:-1] == Activity.SITTING) & np.isin(kinds[1:], (Activity.STANDING, Activity.WALKING))
    middles: list[float] = ((t[:-1] + t[1:]) / 2)[is_rise].tolist()
    return middles


def viterbi(scores: Floats, begun: Floats, ways: Floats) -> Numbers:
    """The likeliest path (n,) through states with scores (n, k), first ones (k,) and ways (k, k) from row to column."""
    best, origins = begun + scores[0], np.zeros(scores.shape, np.intp)
    for row in range(1, len(scores)):
        come = best[:, None] + ways
        origins[row] = come.argmax(axis=0)
        best = come.max(axis=0) + scores[row]
    path = np.empty(len(scores), np.intp)
    path[-1] = best.argmax()
    for row in range(len(scores) - 1, 0, -1):
        path[row - 1] = origins[row, path[row]]
    return path


@dataclass(frozen=True, slots=True)
class _Shape:
    """One recording as features of its windows."""

    person: str
    from_s: float
    start_s: float
    kinds: Codes  # (m,) truth at every HOP_S; UNKNOWN where there is none
    sliding: Floats  # (m, features) of the windows about these
    is_one: NDArray[np.bool_]  # (m,) of one kind, and fitted to
    asked: Floats  # of the windows that are asked for
    asked_kind: Codes

    @classmethod
    def of(cls, one: Recording, upright: Floats, from_s: float) -> _Shape:
        table = _columns(one, upright)
        kind = np.where(one.label >= _FIRST_WAY, np.int8(_ON_THE_WAY), ACTIVITY[one.label])
        middle_s = np.arange(one.t[0], one.t[-1], HOP_S) + HOP_S / 2
        kinds = kind[np.minimum(np.searchsorted(one.t, middle_s), len(kind) - 1)]
        spans = spans_of(one, from_s)
        begun = [_rows(one.t, at - SLIDING_S / 2, SLIDING_S) for at in middle_s.tolist()]
        is_third = np.arange(len(begun)) % _EVERY == 0
        is_one = [
            code == _ON_THE_WAY or bool((kind[rows] == code).all()) for rows, code in zip(begun, kinds, strict=True)
        ]
        return cls(
            one.person,
            from_s,
            float(one.t[0]),
            kinds,
            _features(table, begun, upright),
            np.array(is_one) & (kinds != Activity.UNKNOWN) & (is_third | (kinds == _ON_THE_WAY)),
            _features(table, [_rows(one.t, at, WINDOW_S) for _, at in spans], upright),
            np.array([code for code, _ in spans], np.int8),
        )

    def seen(self, kinds: Codes) -> Seen:
        """As if told at the frames' rate."""
        activity = np.repeat(kinds.astype(np.int8), round(HOP_S * FRAME_HZ))
        t = self.start_s + np.arange(len(activity)) / FRAME_HZ
        return Seen(t, activity, np.zeros(len(t)), (), self.from_s)


def _rows(t: Floats, start_s: float, lasts_s: float) -> slice:
    """So long a window from then on, or from where the recording still has as much."""
    count = int(np.searchsorted(t, t[0] + lasts_s))
    first = int(np.clip(np.searchsorted(t, start_s - 1e-6), 0, max(len(t) - count, 0)))
    return slice(first, first + count)


def _columns(one: Recording, upright: Floats) -> Floats:
    """(n, 10): force and turning by axis, and along up and across it."""
    up = quaternion.normalise(upright)
    parts = [one.acc, one.gyr]
    for vectors in (one.acc, one.gyr):
        along = vectors @ up
        across = np.sqrt(np.maximum((vectors * vectors).sum(axis=1) - along**2, 0.0))
        parts += [along[:, None], across[:, None]]
    return np.concatenate(parts, axis=1)


def _features(table: Floats, windows: Sequence[slice], upright: Floats) -> Floats:
    """(k, 41) of these rows."""
    up = quaternion.normalise(upright)
    rows = []
    for window in windows:
        part = table[window]
        mean = part.mean(axis=0)
        tilt = np.degrees(np.arccos(np.clip(quaternion.normalise(mean[:3]) @ up, -1.0, 1.0)))
        rows.append(np.concatenate([mean, part.std(axis=0), np.ptp(part, axis=0), (part**2).mean(axis=0), [tilt]]))
    return np.array(rows).reshape(-1, 4 * table.shape[1] + 1)


def _usual(shapes: Sequence[_Shape], known: Codes) -> Floats:
    """How often each kind is fitted to."""
    kinds = np.concatenate([one.kinds[one.is_one] for one in shapes])
    return np.array([(kinds == kind).mean() for kind in known.tolist()])


def _ways(shapes: Sequence[_Shape], known: Codes) -> Floats:
    """Probabilities of going over from one hop to the next, as labelled; what has no label goes on as it was."""
    counts = np.ones((len(known), len(known)))
    for one in shapes:
        kinds = one.kinds[one.kinds != Activity.UNKNOWN]
        place = np.searchsorted(known, kinds)
        np.add.at(counts, (place[:-1], place[1:]), 1.0)
    ways: Floats = counts / counts.sum(axis=1, keepdims=True)
    return ways
