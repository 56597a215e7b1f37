"""Postural shifts and fidgets while sitting.

A shift is a fast change from one posture to another that is kept; a fidget leaves a posture fast and comes back to
about the same one (here: nearer than SHIFT_DEG); a slow drift is neither. The words are Duarte & Zatsiorsky's (1999,
"Patterns of center of pressure migration during prolonged unconstrained standing"), carried over from the feet to the
seated pelvis and back. At their desks people make 9 shifts and 13 fidgets in 15 min (n = 20, Davidson & Callaghan
2025, 10.1016/j.apergo.2024.104374). The thresholds are our own choice, so counts can be compared with one's own other
days rather than with that study.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.detectors import Detector
from analysis.detectors.seconds import Timed, ticks_of
from analysis.frames import SECOND
from analysis.model import FRAME_HZ, Activity, Event, Floats, PostureFrame

ANGLES = ("pelvic_tilt", "lumbar_lordosis", "pelvic_obliquity", "lateral_bend")
SPEEDS = ("pelvis_speed", "trunk_speed")

# The same posture taken again differs by 1.3–2.7° (standard deviation; IMU Sitting Postures Dataset, 22 people), so
# that of two 5° apart one can say that they are two. It is also the width of the bands the product speaks in.
SHIFT_DEG = 5.0
FIDGET_DEG = 2.0  # breath and sway move a seated back by less than 1°
STILL_DEG = 1.5  # within this the posture is kept …
STILL_BINS = 4  # … for 2 s
TURNED = 0.5  # of a change the sensors must have felt as turning; a new calibration moves angles and nothing else
LONGEST_S = 15.0  # who has not come to rest by then is taken as they are
FOLLOW_S = 15.0  # the rest posture follows a drift with this time constant
SILENCE_S = 10.0  # a posture is remembered through so much of unknown
# Who has come to rest with the pelvis tipped further than this has lain down, which may not be known yet: it told all
# lying from all sitting of 30 people by a sensor at the hip (W2768551517).
LAIN_DEG = 64.9

_PELVIS = (ANGLES.index("pelvic_tilt"), ANGLES.index("pelvic_obliquity"))
_BIN = 5  # ticks: half a second
_BIN_S = _BIN / FRAME_HZ
_FEWEST = 3  # ticks with a posture, for a bin to be known
_LONGEST, _SILENCE = round(LONGEST_S / _BIN_S), round(SILENCE_S / _BIN_S)  # bins

_LINES = 2 + len(ANGLES) + 1  # tick, activity, angles, degrees turned since the last tick

Angles = tuple[float, float, float, float]  # by ANGLES


class _Bin(NamedTuple):
    """Half a second of a known seated posture, in degrees by ANGLES."""

    number: int
    mean: Angles
    low: Angles
    high: Angles
    turned_deg: float  # by pelvis and trunk together


@dataclass(slots=True)
class _Movement:
    """Away from the rest posture."""

    first: int  # bin
    peak_deg: float
    turned_deg: list[float]  # in the two bins before it and in every one since


class Shifts:
    """Ticks of posture in, shifts and fidgets out, each told once it is over: two seconds after its end."""

    def __init__(self) -> None:
        self._held: Floats = np.empty((_LINES, 0))  # ticks of the newest bin
        self._rest: Angles | None = None
        self._recent: deque[_Bin] = deque(maxlen=STILL_BINS)
        self._movement: _Movement | None = None
        self._newest = 0  # the last bin with a known posture

    def feed(self, frame: PostureFrame) -> list[Event]:
        return [event for _, event in self._told(frame)]

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        told = self._told(frame)
        if not told:
            return []
        ticks = ticks_of(frame)  # a bin is whole with its last tick, or the first one after it
        places = np.searchsorted(ticks, [number * _BIN + _BIN - 1 for number, _ in told])
        return [(int(ticks[place]) // SECOND, event) for place, (_, event) in zip(places, told, strict=True)]

    def close(self, at_s: float) -> list[Event]:
        """A movement that was not over is not told: nobody knows what became of it."""
        del at_s
        return []

    def _told(self, frame: PostureFrame) -> list[tuple[int, Event]]:
        """Events beside the numbers of the bins that told them."""
        if not len(frame.t):
            return []
        lines = np.concatenate([self._held, _lines(frame)], axis=1)
        number = lines[0] // _BIN
        is_over = lines[0, -1] % _BIN == _BIN - 1
        whole = len(number) if is_over else int(np.searchsorted(number, number[-1]))
        self._held = lines[:, whole:]
        return self._bins(lines[:, :whole])

    def _bins(self, lines: Floats) -> list[tuple[int, Event]]:
        """Whole bins of ticks (_LINES, n)."""
        if not lines.shape[1]:
            return []
        numbers, cells = _cells(lines)
        activity, angles, turned = cells[1], cells[2:-1], cells[-1]
        is_seated = activity == Activity.SITTING
        known = is_seated & ~np.isnan(cells).any(axis=0)
        count = known.sum(axis=0)
        mean = _sum(np.where(known, angles, 0.0)) / np.maximum(count, 1)
        told = (
            numbers.tolist(),
            ((activity > Activity.UNKNOWN) & ~is_seated).any(axis=0).tolist(),
            (count >= _FEWEST).tolist(),
            zip(*mean.tolist(), strict=True),
            zip(*np.where(known, angles, np.inf).min(axis=1).tolist(), strict=True),
            zip(*np.where(known, angles, -np.inf).max(axis=1).tolist(), strict=True),
            _sum(np.where(known, turned, 0.0)).tolist(),
        )
        events: list[tuple[int, Event]] = []
        for number, is_elsewhere, is_known, *seen in zip(*told, strict=True):
            if is_elsewhere:
                self._leave()
            elif is_known:
                events += [(number, event) for event in self._take(_Bin(number, *seen))]
        return events

    def _leave(self) -> None:
        """Up from the seat, or too long unknown: nothing is remembered."""
        self._rest = self._movement = None
        self._recent.clear()

    def _take(self, new: _Bin) -> list[Event]:
        silent = new.number - self._newest - 1  # bins
        if silent > _SILENCE:
            self._leave()
        elif silent and self._rest is not None:
            new = new._replace(turned_deg=math.inf)  # nobody knows how much
        self._newest = new.number
        self._recent.append(new)
        if self._rest is None:
            if self._is_settled(new.number):
                self._rest = self._settled_at()
            return []
        away_deg = _away_deg(new, self._rest)
        if self._movement is None:
            if away_deg <= FIDGET_DEG:
                self._rest = _followed(self._rest, new.mean)
                return []
            self._movement = _Movement(new.number, away_deg, [one.turned_deg for one in self._recent][-3:])
            return []
        self._movement.turned_deg.append(new.turned_deg)
        self._movement.peak_deg = max(self._movement.peak_deg, away_deg)
        if self._is_settled(new.number) or new.number - self._movement.first >= _LONGEST:
            return self._settle(self._rest, self._movement)
        return []

    def _settle(self, rest: Angles, movement: _Movement) -> list[Event]:
        """The movement is over: which was it?"""
        now = self._settled_at()
        changes = [b - a for a, b in zip(rest, now, strict=True)]
        change_deg = max(abs(change) for change in changes)
        self._rest, self._movement = now, None
        if any(abs(now[place]) > LAIN_DEG for place in _PELVIS):
            return []
        whole = max(3, len(movement.turned_deg) - STILL_BINS + 1)  # the rest of it was at rest already
        if sum(movement.turned_deg[:whole]) < TURNED * max(change_deg, movement.peak_deg):
            return []
        start_s = movement.first * _BIN_S
        end_s = max(self._recent[0].number, movement.first + 1) * _BIN_S
        if change_deg >= SHIFT_DEG:
            values = {f"{name}_deg": change for name, change in zip(ANGLES, changes, strict=True)}
            return [Event("shift", start_s, end_s, {"change_deg": change_deg, **values})]
        return [Event("fidget", start_s, end_s, {"peak_deg": movement.peak_deg})]

    def _is_settled(self, newest: int) -> bool:
        """The last STILL_BINS bins are without a hole and the posture was kept in them."""
        bins = self._recent
        if len(bins) < STILL_BINS or newest - bins[0].number != STILL_BINS - 1:
            return False
        spans = zip(*(one.mean for one in bins), strict=True)
        return all(max(span) - min(span) <= STILL_DEG for span in spans)

    def _settled_at(self) -> Angles:
        count = len(self._recent)
        a, b, c, d = (sum(span) / count for span in zip(*(one.mean for one in self._recent), strict=True))
        return a, b, c, d


def _lines(frame: PostureFrame) -> Floats:
    """(_LINES, n); what is of a metric that there is not is NaN."""
    unknown = np.full(len(frame.t), np.nan)
    angles = [frame.values.get(name, unknown) for name in ANGLES]
    pelvis, trunk = (frame.values.get(name, unknown) for name in SPEEDS)
    ticks, turned = np.rint(frame.t * FRAME_HZ), (pelvis + trunk) / FRAME_HZ
    turned = np.where(np.isnan(turned), np.inf, turned)  # without a gyroscope nobody knows how much
    return np.stack([ticks, frame.activity.astype(np.float64), *angles, turned])


def _cells(lines: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Numbers (k,) of the bins of ticks (m, n), and the ticks by bin (m, _BIN, k); NaN where there is none."""
    ticks = lines[0].astype(np.int64)
    numbers, place = np.unique(ticks // _BIN, return_inverse=True)
    cells = np.full((len(lines), _BIN, len(numbers)), np.nan)
    cells[:, ticks % _BIN, place] = lines
    return numbers, cells


def _sum(x: Floats) -> Floats:
    """Sum over the last axis but one, _BIN long, in a fixed order: NumPy's own depends on the shape."""
    total: Floats = x[..., 0, :] + x[..., 1, :] + x[..., 2, :] + x[..., 3, :] + x[..., 4, :]
    return total


def _away_deg(one: _Bin, rest: Angles) -> float:
    """The furthest that any angle was from rest."""
    (a, b, c, d), (e, f, g, h), (p, q, r, s) = one.low, one.high, rest
    return max(e - p, p - a, f - q, q - b, g - r, r - c, h - s, s - d)


def _followed(rest: Angles, mean: Angles) -> Angles:
    """The rest posture a bin later, near a posture that drifts."""
    (a, b, c, d), (p, q, r, s), share = rest, mean, _BIN_S / FOLLOW_S
    return a + share * (p - a), b + share * (q - b), c + share * (r - c), d + share * (s - d)


DETECTOR = Detector(label="Shifts and fidgets", kinds=frozenset({"shift", "fidget"}), make=Shifts)
