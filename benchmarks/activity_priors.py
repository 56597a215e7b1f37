"""Where the choice of the activity model's numbers starts, and what it is drawn back to.

How often a change is missed and how soon after another one comes is counted in simulated people. The rest are round
numbers near those that earlier choices came to, the last of them by the same judges: it moves one number at a time, and
from what single half seconds show, which a posture that is held repeats a hundred times, it does not get as far.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.detectors.activity_model import Haste, Odds, Shares, Unsure
from analysis.detectors.steps import STEP_S
from analysis.model import Activity, Codes

_SIT, _STAND, _WALK, _LIE, _OTHER = (
    Activity.SITTING,
    Activity.STANDING,
    Activity.WALKING,
    Activity.LYING,
    Activity.OTHER,
)
_UP, _DOWN = (_STAND, _WALK, _OTHER), (_SIT, _LIE)
_MISSED = 0.03  # of the rises and drops: what the goal of recall leaves
_RISES = 60 / (16 * 3600 / STEP_S)  # a half second of those awake (60 ± 22 a day, 10.1016/j.apergo.2009.04.005)
_SHOWN = 3.0  # nats: 20 to 1
_QUICKEST = 0.01  # of the stays are shorter than what is hasty
# Of a posture in each half second: who only reaches for something, 6 s at most, is not there for long. Judges hardly
# tell 0.02 from 0.2, so it is not chosen.
_COUNTED = 0.1
_AGAIN = 0.002  # after some four minutes
_FURTHEST = 6.0  # e^6: anything may happen
_SHARES = Shares(gait=0.9, other=0.4, lying=0.9, posture=_COUNTED, again=_AGAIN, plain=4.0, furthest=_FURTHEST)
_ODDS = Odds(
    change=0.009,
    unseen_change=float(f"{_RISES * _MISSED:.2g}"),
    start_walking=0.15,
    stop_walking=0.9,
    start_other=0.0002,
    stop_other=0.3,
    lie_down=0.06,
    sit_from_walking=1.0,
    sit_from_other=1.0,
)


def begun(runs: Sequence[Codes]) -> tuple[Shares, Odds, Unsure, Haste]:
    """Shares, odds and the rest, from where they are chosen. Each run is what one person did in every half second."""
    missed = _rounded(_odds(runs, _DOWN, _UP) * _MISSED)
    return _SHARES, _ODDS, Unsure(again=_AGAIN, change=missed, seen=1.0, shown=_SHOWN), _haste(runs)


def _rounded(value: float) -> float:
    return float(f"{float(value):.2g}")


def _odds(runs: Sequence[Codes], before: Sequence[Activity], after: Sequence[Activity]) -> float:
    """Of going over from one half second to the next, against staying with either."""
    went = sum(int((np.isin(run[:-1], before) & np.isin(run[1:], after)).sum()) for run in runs)
    stayed = sum(int((np.isin(run[:-1], before) & np.isin(run[1:], before)).sum()) for run in runs)
    return went / stayed


def _haste(runs: Sequence[Codes]) -> Haste:
    """What is too soon after a rise or a drop, and how much rarer another is within that time."""
    stays: list[int] = []
    for run in runs:
        edges = np.flatnonzero(np.diff(np.isin(run, _DOWN).astype(np.int8)))
        stays += np.diff(edges).tolist()
    steps = max(float(np.quantile(stays, _QUICKEST)), 1.0)
    ended = float(np.mean(np.array(stays) <= steps))
    return Haste(_rounded(steps), _rounded(ended / (1.0 - np.exp(-steps / np.mean(stays)))))
