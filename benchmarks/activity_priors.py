"""Where the choice of the activity model's numbers starts, and what it is drawn back to: what simulated people show.

Odds are counted: how often half a second of one activity is followed by another, against staying. Shares are what
successive half seconds tell that those before did not: of n values with autocorrelations ρₖ as much as of
n / (1 + 2 Σ ρₖ) independent ones. What nothing shows is a round number with its reason beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.detectors.activity_model import ActivityModel, Haste, Odds, Shares, Unsure, lying_nats, nats, sitting_nats
from analysis.detectors.steps import STEP_S, Steps
from analysis.model import Activity, Codes, Floats, Segment

_SIT, _STAND, _WALK, _LIE, _OTHER = (
    Activity.SITTING,
    Activity.STANDING,
    Activity.WALKING,
    Activity.LYING,
    Activity.OTHER,
)
_UP, _DOWN = (_STAND, _WALK, _OTHER), (_SIT, _LIE)
_TELLING = 1.0  # nats: less than e to one is no news
_FURTHEST = 6.0  # nats: in one half second of 400 anything at all may happen
_MISSED = 0.03  # of the rises and drops: what the goal of recall leaves
_RISES = 60 / (16 * 3600 / STEP_S)  # a half second of those awake (60 ± 22 a day, 10.1016/j.apergo.2009.04.005)
_SHOWN = 3.0  # nats: 20 to 1
_QUICKEST = 0.01  # of the stays are shorter than what is hasty
_LAGS = 120  # half seconds
_UNRELATED = 0.05  # autocorrelation that is as good as none

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shown:
    """One simulated person in half seconds."""

    steps: Steps
    activity: Codes  # (n,)
    tipped: dict[Segment, Floats]  # (n,)


def begun(model: ActivityModel, people: Sequence[Shown]) -> tuple[Shares, Odds, Unsure, Haste]:
    """Shares, odds and the rest as these people show them."""
    runs = [one.activity for one in people]

    def odds(before: Sequence[Activity], after: Sequence[Activity]) -> float:
        return _rounded(_odds(runs, before, after))

    change = odds(_DOWN, _UP)
    haste = _haste(runs)
    shares = _shares(model, people)
    return (
        shares,
        Odds(
            change=change,
            unseen_change=_rounded(_RISES * _MISSED),
            start_walking=odds([_STAND], [_WALK]),
            stop_walking=odds([_WALK], [_STAND]),
            start_other=odds([_STAND, _WALK], [_OTHER]),
            stop_other=odds([_OTHER], [_STAND]),
            lie_down=odds([_SIT], [_LIE]),
            sit_from_walking=1.0,
            sit_from_other=1.0,
        ),
        Unsure(posture=shares.posture, change=_rounded(change * _MISSED), seen=1.0, shown=_SHOWN, first=_SHOWN),
        haste,
    )


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


def _shares(model: ActivityModel, people: Sequence[Shown]) -> Shares:
    def told(sums: Callable[[Shown], Floats], is_so: Callable[[Codes], Flags], among: Sequence[Activity]) -> float:
        return _rounded(_news([(sums(one), is_so(one.activity), np.isin(one.activity, among)) for one in people]))

    calm = (_SIT, _STAND)
    return Shares(
        gait=told(lambda one: nats(model.gait, one.steps), lambda kind: kind == _WALK, tuple(Activity)),
        other=told(lambda one: nats(model.other, one.steps), lambda kind: kind == _OTHER, (*calm, _LIE, _OTHER)),
        lying=told(lambda one: lying_nats(model, one.tipped), lambda kind: kind == _LIE, (*calm, _LIE)),
        posture=told(lambda one: np.nan_to_num(sitting_nats(model, one.tipped)), lambda kind: kind == _SIT, calm),
        telling=_TELLING,
        furthest=_FURTHEST,
    )


def _news(series: Sequence[tuple[Floats, Flags, Flags]]) -> float:
    """1 / (1 + 2 Σ ρₖ) of what is left of the sums once it is known what is so; unjudged half seconds are left out."""
    products, counts = np.zeros(_LAGS + 1), np.zeros(_LAGS + 1)
    means = {}
    for kind in (False, True):
        of_kind = np.concatenate([np.clip(told, -_FURTHEST, _FURTHEST)[ok & (so == kind)] for told, so, ok in series])
        means[kind] = float(of_kind.mean())
    for told, so, ok in series:
        left = np.where(ok, np.clip(told, -_FURTHEST, _FURTHEST) - np.where(so, means[True], means[False]), 0.0)
        for lag in range(min(_LAGS, len(left) - 1) + 1):
            both = ok[: len(ok) - lag] & ok[lag:] & (so[: len(so) - lag] == so[lag:])
            products[lag] += float((left[: len(left) - lag] * left[lag:])[both].sum())
            counts[lag] += int(both.sum())
    related = products / np.maximum(counts, 1.0)
    related = related / related[0]
    ends = np.flatnonzero(related < _UNRELATED)
    return float(1.0 / (1.0 + 2.0 * related[1 : ends[0] if len(ends) else None].sum()))
