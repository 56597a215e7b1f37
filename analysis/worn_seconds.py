"""What a second of a sensor's movement says about whether it is on a body; one row of a table a second.

In the 30-s trials of the IMU Sitting Postures Dataset (22 people told to sit still, CC BY 4.0) means over a second of
the stillest sensor wander by 0.0125°/s, or 1.28 times their own noise where that is larger; resting sensors of BROAD
(CC BY 4.0) by 0.004 to 0.008°/s and 0.8 to 1.1 times. The simulated wearer lying on the back shows 0.02°/s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.model import Floats
from analysis.worn_table import (
    AGAINST,
    ALIVE,
    CARRIED,
    PELVIS,
    RATE,
    SEGMENTS,
    SHAKE,
    SPREAD,
    TICKS,
    TIPPED,
    UP,
    UPSIDE_DOWN,
    Q,
    columns_of,
    cosine,
    own_of,
)

_DEG = math.pi / 180
# Stillness
WINDOW_S = 30  # a few breaths
_KEPT_S = 25  # of them; the others may hold a knock on the table
EVERY_S = 5  # a window is looked at so often
STILL_LOOKS = 7  # windows in a row: 60 s in all
_RESTING = 0.009 * _DEG  # rad/s; means over a second that wander less are of no body …
_NOISY = 0.020 * _DEG  # … and less than this, if it is no more than …
_NOISES = 1.15  # … so many times what the spread within seconds makes of it
_QUIET = 0.35 * _DEG  # rad/s: spread within a second, and …
_SETTLED = 0.06 * _DEG  # … difference of two means, beyond which a second is surely no table's
# What no body does
_UPSIDE_DOWN_DEG = 140.0  # of a pelvis; a back may hang down further
_BROKEN = math.cos(85.0 * _DEG)  # between both up; the back flexes by some 56° (Mitchell 2008), more with the skin
_PARTED = math.cos(100.0 * _DEG / 2)  # of half the turn of both against each other; hollow to fully bent is some 80° …
_PARTED_AT_LEAST = math.cos(85.0 * _DEG / 2)  # … where nothing tells how their headings differ, …
_PARTED_S = 8  # … within so long: by when _ON_S of being worn are over, the hands are out of sight
_TIPPED_BY = math.cos(45.0 * _DEG)  # by which the one that does so is tipped at least, …
_BRISK = 20.0 * _DEG  # … and what it shows of spread within a second: the other one is innocent
_SLACK = 5.0 * _DEG  # a turn of which the gyroscope has felt so much less was none: the picture was mended
_IMPOSSIBLE_S, _IMPOSSIBLE_OF = 3, 5  # so many seconds of so many
_CARRIED_DEG, _CARRIED_M_S2 = 60.0, 1.0  # nobody walks so inclined; getting into bed or turning over is soon done
_CARRIED_S, _CARRIED_OF = 12, 15
TOGETHER_S = 5  # that one is known to be off; from then on what it does says nothing of the other
# Handling and putting on
HANDLED = 25.0 * _DEG  # rad/s of spread within a second; walking has some 15
_HANDLING_S = 40  # at most so long it takes
_PAUSE_S = 5  # within it
_KNOCK_S = 2
_RESTS_S = 3  # without a sign of life
_LEAST_REST_S = 15  # between two handlings
_ON_S = 6  # as on a body for so long: on again
_ON_ALIVE = 4  # seconds of them
_ON_WALKING_S = 15  # the same while shaken: a bag is carried, too
_ON_DEG = 55.0  # of inclination, at most, of one who has just put sensors on …
_ON_WALKING_DEG = 40.0  # … and of one who walks with them
_ON_BEND_DEG = 60.0  # between both sensors' up
_SHAKEN_M_S2 = 0.6
_AS_IT_LAY_DEG = 15.0  # within which a bag keeps it while carried
_BREATHES_S = 20  # of WINDOW_S, by which one who only lay very still shows it
MEMORY_S = 150
_STEEP: Floats = np.vander(np.linspace(-1.0, 1.0, WINDOW_S), 3)
_WITHOUT_TREND: Floats = np.eye(WINDOW_S) - _STEEP @ np.linalg.pinv(_STEEP)


def marked(table: Floats, known: int) -> NDArray[np.intp]:
    """Fill in what takes neighbours for the rows from `known` on; those that must be looked at one by one."""
    first = max(known - _PARTED_S - 1, 0)
    recent, new = columns_of(table[first:]), slice(known - first, None)
    spread, tipped = recent[SPREAD], recent[TIPPED]
    step = np.abs(np.diff(recent[RATE], axis=1, prepend=np.inf)).max(axis=0)
    recent[ALIVE, new] = ((spread > _QUIET) | (step > _SETTLED))[new]
    is_broken = cosine(*(own_of(table, segment)[first:, UP] for segment in SEGMENTS)) < _BROKEN
    is_guilty = (tipped > _CARRIED_DEG) | (spread > HANDLED) | (tipped >= tipped[:, ::-1])
    against = ((is_broken[:, None] & is_guilty) | _parted(table[first:])) & ~_rests(recent)[:, ::-1]
    recent[AGAINST, new] = against[new]
    recent[UPSIDE_DOWN, new, PELVIS] = tipped[new, PELVIS] > _UPSIDE_DOWN_DEG
    recent[CARRIED, new] = ((tipped > _CARRIED_DEG) & (recent[SHAKE] > _CARRIED_M_S2))[new]
    begin = max(known - WINDOW_S, 0)
    long = columns_of(table[begin:])
    marks = _rolling(np.maximum(long[UPSIDE_DOWN], long[AGAINST]), _IMPOSSIBLE_OF) >= _IMPOSSIBLE_S
    marks |= _rolling(long[CARRIED], _CARRIED_OF) >= _CARRIED_S
    marks |= (_rolling(1.0 - long[ALIVE], WINDOW_S) >= _KEPT_S) & (table[begin:, :1] % EVERY_S == 0)
    return known + np.flatnonzero(marks[known - begin :].any(axis=1))


def _rests(columns: Floats) -> NDArray[np.bool_]:
    """Heard, and without a sign of life for a while."""
    rests: NDArray[np.bool_] = (_rolling(columns[ALIVE], _RESTS_S) == 0.0) & ~np.isnan(columns[SPREAD])
    return rests


def _parted(table: Floats) -> NDArray[np.bool_]:
    """(n, 2): both have turned against each other as no back bends, and this is the one that tumbled."""
    brisk = columns_of(table)[SPREAD] > _BRISK
    found = np.zeros(brisk.shape, np.bool_)
    if not brisk.any():
        return found
    is_brisk = _rolling(brisk, _PARTED_S) > 0
    looked = np.flatnonzero(is_brisk.any(axis=1))
    each = [own_of(table, segment) for segment in SEGMENTS]
    ups = [own[:, UP].copy() for own in each]
    for lag in range(1, _PARTED_S + 1):
        after = looked[looked >= lag]
        tumbled = np.stack([cosine(up[after], up[after - lag]) < _TIPPED_BY for up in ups], axis=1) & is_brisk[after]
        after, tumbled = after[tumbled.any(axis=1)], tumbled[tumbled.any(axis=1)]
        if not len(after):
            continue
        has_parted = _turned_apart([own[after - lag] for own in each], [own[after] for own in each])
        if has_parted.any():
            is_felt = (np.diff(table[:, 0]) == 1.0) & _felt(each[0]) & _felt(each[1])
            for step in range(1, lag + 1):
                has_parted &= is_felt[after - step]
            found[after] |= tumbled & has_parted[:, None]
    return found


def _turned_apart(before: Sequence[Floats], after: Sequence[Floats]) -> NDArray[np.bool_]:
    """(k,) whether both have turned against each other as no back bends, by k rows of each: however they are mounted.

    Their worlds differ in heading. By how much, a body that is upright before it turns shows; else the least is taken.
    """
    a, b = (
        quaternion.multiply(late[:, Q], quaternion.conjugate(early[:, Q]))
        for early, late in zip(before, after, strict=True)
    )
    same = a[:, 0] * b[:, 0] + a[:, 3] * b[:, 3]
    along, across = a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2], a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]
    pelvis, lumbar = before
    heading = quaternion.multiply(lumbar[:, Q], quaternion.conjugate(pelvis[:, Q]))
    square, other = heading[:, 0] ** 2, heading[:, 3] ** 2
    level = along * (square - other) + across * (2.0 * heading[:, 0] * heading[:, 3])
    is_upright = (pelvis[:, TIPPED] < _ON_DEG) & (lumbar[:, TIPPED] < _ON_DEG)
    apart: NDArray[np.bool_] = np.abs(same) + np.sqrt(along**2 + across**2) < _PARTED_AT_LEAST
    return apart | (is_upright & (np.abs(same * (square + other) + level) < _PARTED * (square + other)))


def _felt(own: Floats) -> NDArray[np.bool_]:
    """(n - 1,) whether the gyroscope has felt as much as the sensor seems to have turned from second to second."""
    rate = own[:, RATE]
    square = ((rate[:, 0] ** 2 + rate[:, 1] ** 2) + rate[:, 2] ** 2) + 3 * own[:, SPREAD] ** 2
    most = np.sqrt(square / 2)  # rad in half a second, which is all that lies between a middle and an edge
    turned = 2.0 * np.arccos(np.abs(cosine(own[1:, Q], own[:-1, Q])).clip(0.0, 1.0))
    felt: NDArray[np.bool_] = turned <= most[1:] + most[:-1] + _SLACK
    return felt


def _rolling(x: NDArray[np.generic], width: int) -> Floats:
    """Sums of the last `width` rows of whole numbers."""
    total = np.concatenate([np.zeros((width, *x.shape[1:])), np.cumsum(x, axis=0)])
    summed: Floats = total[width:] - total[:-width]
    return summed


def is_still(window: Floats) -> bool:
    """Whether these seconds of one sensor show its own noise alone."""
    if (1.0 - window[:, ALIVE]).sum() < _KEPT_S or np.isnan(window[:, SPREAD]).any():
        return False
    wander = _WITHOUT_TREND @ window[:, RATE]
    squares = sorted(((wander[:, 0] ** 2 + wander[:, 1] ** 2) + wander[:, 2] ** 2).tolist())
    wandered = math.sqrt(math.fsum(squares[:_KEPT_S]) / (3 * _KEPT_S))
    noise = sorted(window[:, SPREAD].tolist())[WINDOW_S // 2] / math.sqrt(TICKS)
    return wandered < _RESTING or wandered < min(_NOISY, _NOISES * noise)


def is_odd(past: Floats) -> bool:
    """Whether this sensor has moved, up to the last of these seconds, as none on a body does."""
    last = past[-_IMPOSSIBLE_OF:]
    is_impossible = np.maximum(last[:, UPSIDE_DOWN], last[:, AGAINST]).sum() >= _IMPOSSIBLE_S
    return bool(is_impossible or past[-_CARRIED_OF:, CARRIED].sum() >= _CARRIED_S)


def forget(past: Floats) -> None:
    """How this sensor moved up to the last of these seconds counts no more: it has been put on."""
    past[:, UPSIDE_DOWN] = past[:, AGAINST] = past[:, CARRIED] = 0.0


def rest_begin(past: Floats) -> int:
    """The first second of the rest that goes on at the last one; a knock or two does not break it."""
    begin, alive = len(past) - 1, 0
    for j in range(len(past) - 1, -1, -1):
        alive = alive + 1 if past[j, ALIVE] else 0
        if alive > _KNOCK_S:
            break
        if not past[j, ALIVE]:
            begin = j
    return begin


def came_off(past: Floats) -> int:
    """The first second of all handling and resting that the last one is in, or follows within a pause."""
    end = len(past)
    while True:
        begin = _handled_begin(past[:end])
        rest = rest_begin(past[:begin]) if begin else begin
        if rest >= begin or not _is_rest(past[rest:begin]):
            return begin
        end = rest + 1


def _handled_begin(past: Floats) -> int:
    last = len(past) - 1
    begin, calm = last, 0
    for j in range(last, max(last - _HANDLING_S, -1), -1):
        calm = 0 if past[j, SPREAD] > HANDLED else calm + 1
        if calm > _PAUSE_S:
            break
        if not calm:
            begin = j
    return begin


def _is_rest(span: Floats) -> bool:
    """Whether these seconds between two handlings are a rest, as far as so few can tell."""
    rate = span[span[:, ALIVE] == 0][:, RATE]
    if len(rate) < _LEAST_REST_S:
        return False
    off = rate - np.median(rate, axis=0)
    squares = sorted(((off[:, 0] ** 2 + off[:, 1] ** 2) + off[:, 2] ** 2).tolist())
    kept = squares[: len(squares) * _KEPT_S // WINDOW_S]
    return math.sqrt(math.fsum(kept) / (3 * len(kept))) < _RESTING


def put_on(own: Floats, other: Floats, i: int, *, other_is_off: bool) -> int | None:
    """The first of the seconds up to i in which this sensor is as on an upright body; None if it is not, or not yet."""
    if own[i, TIPPED] > _ON_DEG or own[max(0, i + 1 - _ON_WALKING_S) : i + 1, ALIVE].sum() < _ON_ALIVE:
        return None
    recent = own[max(0, i + 1 - _ON_S) : i + 1]
    is_shaken = bool((recent[:, SHAKE] > _SHAKEN_M_S2).any())
    width, limit_deg = (_ON_WALKING_S, _ON_WALKING_DEG) if is_shaken else (_ON_S, _ON_DEG)
    first = i + 1 - width
    if first < 0:
        return None
    span = own[first : i + 1]
    if not (span[:, SPREAD] < HANDLED).all() or (span[:, TIPPED] > limit_deg).any():
        return None
    if span[:, ALIVE].sum() < _ON_ALIVE:
        return None
    beside = other[first : i + 1]
    counts = ~(beside[:, TIPPED] > _ON_DEG) if other_is_off else np.ones(width, np.bool_)
    if (_angle_deg(span[:, UP], beside[:, UP])[counts] > _ON_BEND_DEG).any():
        return None
    return None if is_shaken and _lies_as_before(own[max(0, i + 1 - MEMORY_S) : i + 1]) else first


def _lies_as_before(past: Floats) -> bool:
    """Neither handled nor tipped since it last rested: who puts a sensor on does both."""
    rests = np.flatnonzero(_rests(past.T))
    if not len(rests) or (past[rests[-1] :, SPREAD] > HANDLED).any():
        return False
    since = past[rests[-1] :, UP]
    return bool((_angle_deg(since, since[:1]) < _AS_IT_LAY_DEG).all())


def breathes(own: Floats, i: int) -> bool:
    """Long enough alive without being handled: it only seemed to be off."""
    span = own[max(0, i + 1 - WINDOW_S) : i + 1]
    return bool(span[:, ALIVE].sum() >= _BREATHES_S and (span[:, SPREAD] < HANDLED / 5).all())


def _angle_deg(a: Floats, b: Floats) -> Floats:
    """(n,) between unit vectors (n, 3)."""
    angle: Floats = np.degrees(np.arccos(cosine(a, b).clip(-1.0, 1.0)))
    return angle
