"""Ticks of a pose as lines of numbers, and what half seconds of them are in the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.detectors.step_features import BINS, STEP_TICKS, five
from analysis.model import GRAVITY, GRID_HZ, Floats, Pose, Quality, Segment

SEGMENTS = (Segment.PELVIS, Segment.LUMBAR)
# Lines of ticks: of each segment up in its sensor's frame and in its own, then how each moved; the ticks' numbers, and
# whether a sensor was not worn.
UP, OWN, MOVED = ((slice(0, 3), slice(6, 9)), (slice(3, 6), slice(9, 12)), (slice(12, 16), slice(16, 20)))
POSTURE = slice(0, 12)
TICK, OFF = 20, 21
LINES = 22
# Squared rate about up over that of tipping, where neither is known: with this a rise and a drop weigh as with a
# gyroscope in the example recordings of mobgap (Mobilise-D, Apache-2.0).
_SPIN = 0.6
_FEWEST = 10  # ticks with data, for a step to be known
# m/s², beyond which a sample is broken. A sensor at a belt rebounds from a knock or a hard seat as no body does: that
# of the healthy person of the mobgap example is at -12 once.
_FORCES = (-15.0, 35.0)


def lines_of(sensors: Pose, segments: Pose) -> Floats:
    """(LINES, n) of n ticks, in the sensors' frames and in the segments'; what is not known or not worn is NaN."""
    lines = np.empty((LINES, len(sensors.t)))
    for segment, up, own, moved in zip(SEGMENTS, UP, OWN, MOVED, strict=True):
        lines[up] = quaternion.up_parts(sensors.q[segment])
        is_lost = np.isnan(segments.acc[segment][:, 0])  # or is not worn
        if is_lost.any():
            lines[up, is_lost] = np.nan
        lines[own] = quaternion.up_parts(segments.q[segment])
        lines[moved] = _moves(lines[up], sensors.acc[segment].T, sensors.gyr[segment].T)
    lines[TICK] = np.rint(sensors.t * GRID_HZ)
    lines[OFF] = (segments.quality & np.uint16(Quality.NOT_WORN)) != 0
    return lines


def _moves(up: Floats, acc: Floats, gyr: Floats) -> Floats:
    """Upward force beyond gravity, then squares of force along the floor, of tipping and of turning about up (4, n)."""
    upward, spin = _dot(acc, up), _dot(gyr, up)
    moves = np.array([upward - GRAVITY, _dot(acc, acc) - upward**2, _dot(gyr, gyr) - spin**2, spin**2])
    is_broken = (upward < _FORCES[0]) | (upward > _FORCES[1])
    if is_broken.any():
        moves[:, is_broken] = np.nan
    return moves


def with_guesses(moved: Floats, up: Floats) -> Floats:
    """What whole steps' ticks moved (4, n), with the best guess where the sensor has no gyroscope.

    Its up (3, n) is behind while it turns, which takes from the force along it; so the force's length stands for that.
    How fast up tips stands for tipping, and for turning about up what usually goes with it.
    """
    is_blind = np.isnan(moved[2]) & ~np.isnan(moved[1])
    if not is_blind.any():
        return moved
    upward = moved[0] + GRAVITY
    length = np.sqrt(moved[1] + upward * upward)
    rate = np.diff(up.reshape(3, -1, STEP_TICKS), axis=2, prepend=np.nan) * GRID_HZ
    rate[..., 0] = rate[..., 1]
    tipping = _dot(rate, rate).ravel()
    return np.where(is_blind, np.array([length - GRAVITY, moved[1], tipping, _SPIN * tipping]), moved)


def _dot(a: Floats, b: Floats) -> Floats:
    product: Floats = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product


def means_of(ticks: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Means (k, m) of the known ticks (k, m · STEP_TICKS) of each step, NaN where too few are; and where enough are."""
    total = _total(ticks)
    if not np.isnan(total).any():
        return total / STEP_TICKS, np.ones(total.shape, dtype=np.bool_)
    known = ~np.isnan(ticks)
    count = _total(known.astype(np.float64))
    enough = count >= _FEWEST
    return np.where(enough, _total(np.where(known, ticks, 0.0)) / np.maximum(count, 1.0), np.nan), enough


def _total(ticks: Floats) -> Floats:
    """Sums (k, m) of whole steps' ticks (k, m · STEP_TICKS)."""
    return five(five(ticks.reshape(-1, 5, 5))).reshape(len(ticks), -1)


def binned(values: Floats) -> Floats:
    """(BINS, n) means of each bin of whole steps' ticks."""
    width = STEP_TICKS // BINS
    return (five(values.reshape(-1, width)) / width).reshape(-1, BINS).T
