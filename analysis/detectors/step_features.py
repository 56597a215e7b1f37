"""What a half second of movement looks like, with a little of what came before and after it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.model import GRID_HZ, Floats

STEP_TICKS = 25
STEP_S = STEP_TICKS / GRID_HZ
LOOK = 3  # steps after a step that its features need
BINS = 5  # in a step
BIN_S = STEP_S / BINS
FEATURES = (
    "lift_short", "lift", "lift_long", "lift_before", "sink_before", "level", "turned", "bent_before", "bent_after",
    "bounce", "stepping", "stepping_before", "stepping_after", "sideways", "turning", "spinning", "rhythm",
    "swaying", "swaying_before", "swaying_earlier",
)  # fmt: skip
BEFORE = 10  # steps before a step that its features need
# Columns of a step: end, fresh, known, up (2 × 3), own (2 × 3), level, stepping², sideways², turning², spinning²,
# swaying², then the bins of force and of its band.
END, FRESH, KNOWN, MEANS, LEVEL, ENERGY = 0, 1, 2, slice(3, 15), 15, slice(16, 21)
FORCE, BAND = slice(21, 26), slice(26, 31)
_SOFT = 5  # bins over which the ends of a lift are averaged
_LIFTS = (13, 21, 29)  # bins that a rise may take: 1.3 to 2.9 s
_LAGS = (4, 5, 6, 7, 8)  # bins between two footfalls: 75 to 150 a minute
_FADES = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3)  # of what was lifted 1, 1.5 … 3.5 s ago
_SCALES: Floats = np.array([[0.4], [0.8], [0.3], [0.3], [0.3]])  # m/s² twice, rad/s: half-way to 1


def chord(up: Floats, reference: Floats) -> Floats:
    """Between directions (n, 3) and (3,) or (n, 3): 2·sin(angle / 2), however long they are."""
    return quaternion.norm(quaternion.normalise(up) - quaternion.normalise(reference))


def features_of(raw: Floats, count: int) -> Floats:
    """All of FEATURES (count, n). Lifts are in m, angles are chords, energies lie between 0 and 1.

    lift…: how much higher the step's end is than its begin, if both were at rest; over so many bins
    lift_before, sink_before: the largest ones just before, fading; a rise swings back in the filter
    level: m/s², force at rest after it less before it: what an accelerometer's offset does when it turns
    swaying…: as turning, of whichever sensor tips more; a bend to the side leaves the pelvis where it is
    turned, bent_…: between before and after, and how far from both it went on the way
    """

    def at(offset: int) -> Floats:
        return raw[BEFORE + offset : BEFORE + offset + count]

    reach = len(_FADES) + 1  # steps back to the earliest of the lifts before
    short, lifts, long = _lifts(raw, BEFORE - reach, reach + count)
    earlier = [fade * lifts[reach - 2 - k :][:count] for k, fade in enumerate(_FADES)]
    up = quaternion.normalise(_up(raw))
    before, after = up[BEFORE - 3 : BEFORE - 3 + count], up[BEFORE + 3 : BEFORE + 3 + count]
    ways = np.array([up[BEFORE + k : BEFORE + k + count] for k in (-2, -1, 0, 1)])
    bent_before, bent_after = quaternion.norm(ways - np.array([before, after])[:, None]).max(axis=1)
    energy = np.sqrt(np.maximum(raw[:, ENERGY].T, 0.0))
    stepping, sideways, turning, spinning, swaying = energy / (energy + _SCALES)

    def near(values: Floats, *offsets: int) -> Floats:
        total = values[BEFORE + offsets[0] : BEFORE + offsets[0] + count]
        for k in offsets[1:]:
            total = total + values[BEFORE + k : BEFORE + k + count]
        return total / len(offsets)

    columns = (
        short[reach:],
        lifts[reach:],
        long[reach:],
        np.maximum(np.maximum.reduce(earlier), 0.0),
        np.maximum(-np.minimum.reduce(earlier), 0.0),
        (at(2)[:, LEVEL] + at(3)[:, LEVEL] - at(-2)[:, LEVEL] - at(-3)[:, LEVEL]) / 2,
        quaternion.norm(before - after),
        bent_before,
        bent_after,
        near(stepping, 0),
        near(stepping, -1, 0, 1),
        near(stepping, -4, -3, -2),
        near(stepping, 2, 3),
        near(sideways, -1, 0, 1),
        near(turning, -1, 0, 1),
        near(spinning, -1, 0, 1),
        _rhythm(raw, count),
        near(swaying, -1, 0, 1),
        near(swaying, -4, -3, -2),
        near(swaying, -9, -8, -7, -6, -5),
    )
    return np.where(np.isnan(table := np.stack(columns, axis=1)), 0.0, table)


def _up(raw: Floats) -> Floats:
    """Up in the frame of the pelvis' sensor, of the lumbar one where there is none."""
    means = raw[:, MEANS]
    up: Floats = np.where(np.isnan(means[:, :1]), means[:, 6:9], means[:, :3])
    return up


def _kernel(bins: int) -> Floats:
    """(bins,) weights that make of the force the lift of a rise of so many bins about a step's middle.

    A body at rest at both ends that is lifted by ∫∫a = ∫(T/2 − t)·a over T: whatever is constant cancels.
    """
    ramp = ((bins - 1) / 2 - np.arange(bins)) * BIN_S * BIN_S
    soft = np.convolve(ramp, np.full(_SOFT, 1 / _SOFT))
    weights = np.zeros((2 * LOOK + 1) * BINS)
    first = (len(weights) - len(soft)) // 2
    weights[first : first + len(soft)] = soft
    return weights


_KERNELS: Floats = np.stack([_kernel(bins) for bins in _LIFTS], axis=1)[..., None]  # (bins, lifts, 1)
_AROUND: NDArray[np.intp] = np.arange(len(_KERNELS))[:, None]  # bins from the first that a step's lifts need


def _lifts(raw: Floats, first: int, count: int) -> Floats:
    """(len(_LIFTS), count) about the middle of each step from `first` on."""
    force = raw[first - LOOK : first + LOOK + count, FORCE].reshape(-1)
    windows = force[_AROUND + BINS * np.arange(count)]
    total: Floats = np.add.accumulate(windows[:, None] * _KERNELS, axis=0)[-1]  # one after the other, unlike a sum
    return total


def _rhythm(raw: Floats, count: int) -> Floats:
    """How alike the force is to itself a footfall later, −1 to 1, over 3 s about each step."""
    band = np.ascontiguousarray(raw[:, BAND]).reshape(-1)
    square = band * band
    both = np.zeros((2, len(_LAGS), len(band)))
    for row, lag in enumerate(_LAGS):
        both[0, row, lag:], both[1, row, lag:] = square[:-lag], band[lag:] * band[:-lag]
    power = _summed(square, count)
    earlier, alike = _summed(both, count)
    best: Floats = np.maximum((2 * alike / (power + earlier + 2e-3)).max(axis=0), -1.0)
    return best


def _summed(bins: Floats, count: int) -> Floats:
    """Sums of bins (..., n) over a step and the three on either side of it, (..., count)."""
    steps = bins.reshape(-1, BINS)
    each = five(steps).reshape(*bins.shape[:-1], -1)
    total = each[..., BEFORE - 3 : BEFORE - 3 + count]
    for k in range(-2, 4):
        total = total + each[..., BEFORE + k : BEFORE + k + count]
    return total


def five(x: Floats) -> Floats:
    """Sum over axis 1, five long, in a fixed order: NumPy's own depends on the shape."""
    total: Floats = x[:, 0] + x[:, 1] + x[:, 2] + x[:, 3] + x[:, 4]
    return total
