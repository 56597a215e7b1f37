"""Which of the candidates are contacts: the best sequence, and how likely each stride is over all of them.

Candidates lie at ticks of GRID_HZ; each is worth something as a contact and, added or taken away, as a left one. Feet
take turns, and intervals unlike the walk's own step time cost; after a longer pause either foot may come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.model import GRID_HZ, Floats

# Worth lost per squared natural logarithm of the interval over the walk's step time: who turns, halts or shuffles takes
# longer for a step, hardly ever less: by likelihood both people of the mobgap example lose nothing by long ones.
HURRIED, TARDY = 2.25, 0.25
SHORTEST_S, LONGEST_S = 0.2, 1.2  # between contacts; after a longer pause either foot may come
LONGEST_STRIDE_S = 3.0  # that count (Mobilise-D)
# So much worth more makes a sequence e times as likely. At this the candidates of the healthy person of the mobgap
# example are contacts as often as they are likely (least log loss, to a hundredth of it from 0.17 to 0.22); those of
# the other one, who has multiple sclerosis, at twice that or more.
NAT = 0.18
_SHORTEST, _LONGEST = round(SHORTEST_S * GRID_HZ), round(LONGEST_S * GRID_HZ)
_STRIDE = round(LONGEST_STRIDE_S * GRID_HZ)
_LEAST_LIKELY = 1e-4
_LARGE = 1e100

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Candidates:
    """In order of time."""

    at: Places  # (n,) ticks
    worth: Floats  # (n,) as a contact
    side: Floats  # (n,) more as a left one, less as a right one
    step_s: float  # of the walk

    def lost(self) -> list[float]:
        """By the ticks between two contacts."""
        spans = (d / GRID_HZ / self.step_s for d in range(1, _LONGEST + 1))
        return [0.0, *((HURRIED if span < 1.0 else TARDY) * math.log(span) ** 2 for span in spans)]


def best_sequence(given: Candidates) -> tuple[Places, NDArray[np.bool_]]:
    """The places of the contacts among the candidates, and which of them are left."""
    lost = given.lost()
    ticks, worths, sides = given.at.tolist(), given.worth.tolist(), given.side.tolist()
    best: list[tuple[float, float]] = []  # of the sequences that end here, right and left
    before: list[tuple[tuple[int, int], tuple[int, int]]] = []
    top, top_end = 0.0, (-1, 0)  # the best of the sequences that ended more than LONGEST_S ago
    oldest = 0
    for k, tick in enumerate(ticks):
        while tick - ticks[oldest] > _LONGEST:
            top, top_end = max((top, top_end), *((best[oldest][foot], (oldest, foot)) for foot in (0, 1)))
            oldest += 1
        totals, ends = [], []
        for foot, sign in ((0, -1.0), (1, 1.0)):
            total, end = top, top_end
            for j in range(oldest, k):
                apart = tick - ticks[j]
                if apart >= _SHORTEST and best[j][1 - foot] - lost[apart] > total:
                    total, end = best[j][1 - foot] - lost[apart], (j, 1 - foot)
            totals.append(total + worths[k] + sign * sides[k])
            ends.append(end)
        best.append((totals[0], totals[1]))
        before.append((ends[0], ends[1]))
    last = max(((total, (k, foot)) for k, pair in enumerate(best) for foot, total in enumerate(pair)), default=None)
    chosen: list[tuple[int, int]] = []
    place = last[1] if last is not None and last[0] > 0 else (-1, 0)
    while place[0] >= 0:
        chosen.append(place)
        place = before[place[0]][place[1]]
    chosen.reverse()
    return np.array([k for k, _ in chosen], np.intp), np.array([foot == 1 for _, foot in chosen], np.bool_)


def likely_strides(given: Candidates) -> tuple[Places, Places, Floats]:
    """Every stride of two steps and up to LONGEST_STRIDE_S: its first and last candidate, and how likely it is.

    Sums over all sequences, each as likely as e to its worth in NATs, forward and back.
    """
    count = len(given.at)
    if not count:
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0)
    units = np.stack([given.worth - given.side, given.worth + given.side], axis=1) / NAT
    lost = np.array(given.lost()) / NAT
    ahead = _summed(given.at.tolist(), units, lost)
    back = _summed((-given.at[::-1]).tolist(), units[::-1], lost)[::-1]
    total = float(np.logaddexp.reduce(np.concatenate([[0.0], ahead.ravel()])))
    after = back - units  # of all that may follow a contact
    steps = [_steps(given.at, by, lost, ahead, back, after, total) for by in range(1, _furthest(given.at) + 1)]
    found: list[tuple[Places, int, Floats]] = []
    for one, (into, _) in enumerate(steps, start=1):
        for other, (_, out_of) in enumerate(steps[: len(steps) - one], start=1):
            size = count - one - other
            if size <= 0:
                continue
            likely = (into[:size] * out_of[one : one + size]).sum(axis=1)
            lasts = given.at[one + other :] - given.at[:size]
            first = np.flatnonzero((likely > _LEAST_LIKELY) & (lasts <= _STRIDE))
            found.append((first, one + other, likely[first]))
    if not found:
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0)
    firsts = np.concatenate([first for first, _, _ in found])
    lasts = np.concatenate([first + by for first, by, _ in found])
    return firsts, lasts, np.concatenate([likely for _, _, likely in found])


def _summed(ticks: list[int], units: Floats, lost: Floats) -> Floats:
    """Natural logarithms (n, 2) of the likelihoods of all sequences that end with each candidate, right and left."""
    rights, lefts = np.exp(units).T.tolist()
    kept = np.exp(-lost).tolist()
    right: list[float] = []  # times e to the power of `scale`
    left: list[float] = []
    told, scales = [], []
    paused, oldest, scale = 1.0, 0, 0.0  # of the sequences that ended more than LONGEST_S ago, and of none
    for k, tick in enumerate(ticks):
        while tick - ticks[oldest] > _LONGEST:
            paused += right[oldest] + left[oldest]
            oldest += 1
        to_right = to_left = paused
        for j in range(oldest, k):
            apart = tick - ticks[j]
            if apart >= _SHORTEST:
                to_right += left[j] * kept[apart]
                to_left += right[j] * kept[apart]
        right.append(to_right * rights[k])
        left.append(to_left * lefts[k])
        told.append((right[-1], left[-1]))
        scales.append(scale)
        if right[-1] + left[-1] > _LARGE:  # no number grows too large in a long walk
            right, left = ([one / _LARGE for one in side] for side in (right, left))
            paused, scale = paused / _LARGE, scale + math.log(_LARGE)
    logs: Floats = np.log(np.array(told)) + np.array(scales)[:, None]
    return logs


def _furthest(at: Places) -> int:
    """So many candidates may lie within a stride, less one."""
    return int((np.searchsorted(at, at + _STRIDE, side="right") - np.arange(len(at))).max()) - 1


def _steps(
    at: Places, by: int, lost: Floats, ahead: Floats, back: Floats, after: Floats, total: float
) -> tuple[Floats, Floats]:
    """Of steps from each candidate to the one `by` places on: how likely, by the foot of the second one (n − by, 2),
    and how likely after the first one, by its foot.
    """
    apart = at[by:] - at[:-by]
    cost = np.where(apart < _SHORTEST, np.inf, lost[np.minimum(apart, _LONGEST)])[:, None]
    is_near = (apart <= _LONGEST)[:, None]
    begun, ended = ahead[:-by], back[by:]
    came = np.where(is_near, begun[:, ::-1] - cost, np.logaddexp(begun[:, :1], begun[:, 1:]))
    goes = np.where(is_near, ended[:, ::-1] - cost, np.logaddexp(ended[:, :1], ended[:, 1:]))
    return np.exp(came + ended - total), np.exp(goes - after[:-by])
