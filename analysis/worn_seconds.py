"""What a second of a sensor's movement says about whether it is on a body; one row of a table a second.

In the 30-s trials of the IMU Sitting Postures Dataset (22 people told to sit still, CC BY 4.0) means over a second of
the stillest sensor wander by 0.0125°/s, or 1.28 times their own noise where that is larger; resting sensors of BROAD
(CC BY 4.0) by 0.004 to 0.008°/s and 0.8 to 1.1 times. The simulated wearer lying on the back shows 0.02°/s.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.model import GRID_HZ, Floats, Pose, Segment

TICKS = round(GRID_HZ)  # of a second
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
_BROKEN_DEG = 85.0  # between both sensors' up; the back flexes by some 56° (Mitchell 2008), more with the skin
_IMPOSSIBLE_S, _IMPOSSIBLE_OF = 3, 5  # so many seconds of so many
_CARRIED_DEG, _CARRIED_M_S2 = 60.0, 1.0  # nobody walks so inclined; getting into bed or turning over is soon done
_CARRIED_S, _CARRIED_OF = 12, 15
# Handling and putting on
HANDLED = 25.0 * _DEG  # rad/s of spread within a second; walking has some 15
_HANDLING_S = 40  # at most so long it takes
_PAUSE_S = 5  # within it
_KNOCK_S = 2
_LEAST_REST_S = 15  # between two handlings
_ON_S = 6  # as on a body for so long: on again
_ON_ALIVE = 4  # seconds of them
_ON_WALKING_S = 15  # the same while shaken: a bag is carried, too
_ON_DEG = 55.0  # of inclination, at most, of one who has just put sensors on …
_ON_WALKING_DEG = 40.0  # … and of one who walks with them
_ON_BEND_DEG = 60.0  # between both sensors' up
_SHAKEN_M_S2 = 0.6
_BREATHES_S = 20  # of WINDOW_S, by which one who only lay very still shows it
MEMORY_S = 150
_STEEP: Floats = np.vander(np.linspace(-1.0, 1.0, WINDOW_S), 3)
_WITHOUT_TREND: Floats = np.eye(WINDOW_S) - _STEEP @ np.linalg.pinv(_STEEP)


# Columns of the table of seconds: its end, then for each segment these
_RATE, SPREAD, SHAKE, _UP, _ALIVE, _TIPPED, _IMPOSSIBLE, _CARRIED = slice(0, 3), 3, 4, slice(5, 8), 8, 9, 10, 11
WIDTH = 12
TICK_WIDTH = 6  # acc, gyr
SEGMENTS = tuple(Segment)


def tick_lines(pose: Pose) -> Floats:
    """(13, n): each tick's number, then acc and gyr of each segment."""
    lines = [np.rint(pose.t * GRID_HZ)[None]]
    for segment in SEGMENTS:
        lines += [pose.acc[segment].T, pose.gyr[segment].T]
    return np.concatenate(lines)


def up_rows(pose: Pose) -> Floats:
    """(m, 7): the number of each tick in the middle of a second, then up in each segment."""
    ticks = np.rint(pose.t * GRID_HZ)
    middle = np.flatnonzero(ticks % TICKS == TICKS // 2)
    return np.concatenate(
        [ticks[middle, None], *(quaternion.up_in_body(pose.q[segment][middle]) for segment in SEGMENTS)], axis=1
    )


def table_of(lines: Floats, ups: Floats) -> Floats:
    """The table of whole seconds of ticks; what depends on other seconds is still 0. `ups` has all their middles."""
    count = lines.shape[1] // TICKS
    table = np.zeros((count, 1 + WIDTH * len(SEGMENTS)))
    table[:, 0] = np.rint((lines[0, TICKS - 1 :: TICKS] + 1) / GRID_HZ)
    middle = np.searchsorted(ups[:, 0], lines[0, TICKS // 2 :: TICKS])
    moved = lines[1:].reshape(TICK_WIDTH * len(SEGMENTS), count, TICKS).transpose(2, 0, 1).copy()
    means = _total(moved) / TICKS
    spreads = np.sqrt(_total((moved - means) ** 2) / TICKS)
    mean, spread = means.T, spreads.T
    for number, segment in enumerate(SEGMENTS):
        acc, gyr = (slice(TICK_WIDTH * number + first, TICK_WIDTH * number + first + 3) for first in (0, 3))
        own = own_of(table, segment)
        own[:, _RATE] = mean[:, gyr]
        own[:, SPREAD], own[:, SHAKE] = quaternion.norm(spread[:, gyr]) / math.sqrt(3), quaternion.norm(spread[:, acc])
        own[:, _UP] = ups[middle, 1 + 3 * number : 4 + 3 * number]
        own[:, _TIPPED] = np.degrees(np.arccos(own[:, _UP][:, 2].clip(-1.0, 1.0)))
    return table


def _total(x: Floats) -> Floats:
    """Sum over the first axis, fifty long, in a fixed order."""
    halves = x[:25] + x[25:]
    fives = halves[:5] + halves[5:10] + halves[10:15] + halves[15:20] + halves[20:]
    total: Floats = fives[0] + fives[1] + fives[2] + fives[3] + fives[4]
    return total


def marked(table: Floats, known: int) -> NDArray[np.intp]:
    """Fill in what takes neighbours for the rows from `known` on; those that must be looked at one by one."""
    fresh = slice(max(known - 1, 0), None)
    pelvis, lumbar = (own_of(table, segment)[fresh] for segment in (Segment.PELVIS, Segment.LUMBAR))
    between = _angle_deg(pelvis[:, _UP], lumbar[:, _UP])
    marks = np.zeros(len(table), np.bool_)
    for segment in SEGMENTS:
        own = own_of(table, segment)
        part, other = own[fresh], (lumbar if segment is Segment.PELVIS else pelvis)
        step = np.abs(np.diff(part[:, _RATE], axis=0, prepend=np.inf)).max(axis=1)
        alive = (part[:, SPREAD] > _QUIET) | (step > _SETTLED)
        guilty = (part[:, _TIPPED] > _CARRIED_DEG) | (part[:, SPREAD] > HANDLED)
        guilty |= part[:, _TIPPED] >= other[:, _TIPPED]
        impossible = (between > _BROKEN_DEG) & guilty
        if segment is Segment.PELVIS:
            impossible |= part[:, _TIPPED] > _UPSIDE_DOWN_DEG
        carried = (part[:, _TIPPED] > _CARRIED_DEG) & (part[:, SHAKE] > _CARRIED_M_S2)
        skip = min(known, 1)
        for column, found in ((_ALIVE, alive), (_IMPOSSIBLE, impossible), (_CARRIED, carried)):
            own[known:, column] = found[skip:]
        marks |= _rolling(own[:, _IMPOSSIBLE], _IMPOSSIBLE_OF) >= _IMPOSSIBLE_S
        marks |= _rolling(own[:, _CARRIED], _CARRIED_OF) >= _CARRIED_S
        calm = _rolling(1.0 - own[:, _ALIVE], WINDOW_S) >= _KEPT_S
        marks |= calm & (table[:, 0] % EVERY_S == 0)
    marks[:known] = False
    return np.flatnonzero(marks)


def _rolling(x: Floats, width: int) -> Floats:
    """(n,) sums of the last `width` of whole numbers."""
    total = np.concatenate([np.zeros(width), np.cumsum(x)])
    summed: Floats = total[width:] - total[:-width]
    return summed


def is_still(window: Floats) -> bool:
    """Whether these seconds of one sensor show its own noise alone."""
    if (1.0 - window[:, _ALIVE]).sum() < _KEPT_S or np.isnan(window[:, SPREAD]).any():
        return False
    wander = _WITHOUT_TREND @ window[:, _RATE]
    squares = sorted(((wander[:, 0] ** 2 + wander[:, 1] ** 2) + wander[:, 2] ** 2).tolist())
    wandered = math.sqrt(math.fsum(squares[:_KEPT_S]) / (3 * _KEPT_S))
    noise = sorted(window[:, SPREAD].tolist())[WINDOW_S // 2] / math.sqrt(TICKS)
    return wandered < _RESTING or wandered < min(_NOISY, _NOISES * noise)


def is_odd(past: Floats) -> bool:
    """Whether this sensor has moved, up to the last of these seconds, as none on a body does."""
    is_impossible = past[-_IMPOSSIBLE_OF:, _IMPOSSIBLE].sum() >= _IMPOSSIBLE_S
    return bool(is_impossible or past[-_CARRIED_OF:, _CARRIED].sum() >= _CARRIED_S)


def rest_begin(past: Floats) -> int:
    """The first second of the rest that goes on at the last one; a knock or two does not break it."""
    begin, alive = len(past) - 1, 0
    for j in range(len(past) - 1, -1, -1):
        alive = alive + 1 if past[j, _ALIVE] else 0
        if alive > _KNOCK_S:
            break
        if not past[j, _ALIVE]:
            begin = j
    return begin


def came_off(past: Floats) -> int:
    """The first second of all handling and resting that the last one is in, or follows within a pause."""
    end = len(past)
    while True:
        begin = _handled_begin(past[:end])
        rest = rest_begin(past[:begin]) if begin else begin
        if rest >= begin or not _rests(past[rest:begin]):
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


def _rests(span: Floats) -> bool:
    """Whether these seconds between two handlings are a rest, as far as so few can tell."""
    rate = span[span[:, _ALIVE] == 0][:, _RATE]
    if len(rate) < _LEAST_REST_S:
        return False
    off = rate - np.median(rate, axis=0)
    squares = sorted(((off[:, 0] ** 2 + off[:, 1] ** 2) + off[:, 2] ** 2).tolist())
    kept = squares[: len(squares) * _KEPT_S // WINDOW_S]
    return math.sqrt(math.fsum(kept) / (3 * len(kept))) < _RESTING


def put_on(own: Floats, other: Floats, i: int, *, other_is_off: bool) -> int | None:
    """The first of the seconds up to i in which this sensor is as on an upright body; None if it is not, or not yet."""
    recent = own[max(0, i + 1 - _ON_S) : i + 1]
    is_shaken = bool((recent[:, SHAKE] > _SHAKEN_M_S2).any())
    width, limit_deg = (_ON_WALKING_S, _ON_WALKING_DEG) if is_shaken else (_ON_S, _ON_DEG)
    first = i + 1 - width
    if first < 0:
        return None
    span = own[first : i + 1]
    if not (span[:, SPREAD] < HANDLED).all() or (span[:, _TIPPED] > limit_deg).any():
        return None
    if span[:, _ALIVE].sum() < _ON_ALIVE:
        return None
    beside = other[first : i + 1]
    counts = ~(beside[:, _TIPPED] > _ON_DEG) if other_is_off else np.ones(width, np.bool_)
    if (_angle_deg(span[:, _UP], beside[:, _UP])[counts] > _ON_BEND_DEG).any():
        return None
    return first


def breathes(own: Floats, i: int) -> bool:
    """Long enough alive without being handled: it only seemed to be off."""
    span = own[max(0, i + 1 - WINDOW_S) : i + 1]
    return bool(span[:, _ALIVE].sum() >= _BREATHES_S and (span[:, SPREAD] < HANDLED / 5).all())


def _angle_deg(a: Floats, b: Floats) -> Floats:
    """(n,) between unit vectors (n, 3)."""
    cosine = (a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1]) + a[:, 2] * b[:, 2]
    angle: Floats = np.degrees(np.arccos(cosine.clip(-1.0, 1.0)))
    return angle


def place_of(segment: Segment, column: int) -> int:
    return 1 + WIDTH * SEGMENTS.index(segment) + column


def own_of(table: Floats, segment: Segment) -> Floats:
    """A view of one segment's columns."""
    first = place_of(segment, 0)
    own: Floats = table[:, first : first + WIDTH]
    return own
