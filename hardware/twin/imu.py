"""A worn IMU with a real one's faults.

Figures of ST's LSM6DS3TR-C (data sheet, "Mechanical characteristics"): noise 90 µg/√Hz and 5 mdps/√Hz; zero-g level
±40 mg, zero-rate level ±3 °/s; over temperature ±0.1 mg/K and ±0.015 (°/s)/K; sensitivity 0.122 mg and 17.5 mdps per
count at ±4 g and ±500 °/s. Typical parts lie well inside the limits. Mounting and skin are a choice of ours: a sensor
put on by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.model import GRAVITY, Floats, Segment
from hardware.twin.source import Counts

Motion = Callable[[Floats], tuple[Floats, Floats]]  # t (n,) → specific force, angular rate (n, 3) in the segment frame

BLOCK = 512  # samples made at once; noise belongs to a block, so that no way of reading changes it
_MILLI_G = GRAVITY / 1000
_NODE_S = (20.0, 160.0)  # spacing of the drift's support points: two octaves of bias instability
_LSB_PER_RANGE = 30.5e-6  # ST's sensitivity is 30.5 µg/count per g of range …
_GYRO_LSB_PER_RANGE = 35e-6  # … and 35 µdps/count per °/s

# segment → sensor: a sensor worn as intended has x up, y left and z posterior
NOMINAL_MOUNTING: Floats = np.array([np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0])


@dataclass(frozen=True, slots=True)
class Ranges:
    """Full scales, and the counts they give."""

    acc_g: float = 4.0
    gyr_dps: float = 500.0

    @property
    def acc_scale(self) -> float:
        """m/s² per count."""
        return self.acc_g * _LSB_PER_RANGE * GRAVITY

    @property
    def gyr_scale(self) -> float:
        """rad/s per count."""
        return float(np.radians(self.gyr_dps * _GYRO_LSB_PER_RANGE))


DEFAULT_RANGES = Ranges()


def _zeros() -> Floats:
    return np.zeros(3)


def _identity() -> Floats:
    return np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class ImuErrors:
    """Everything that parts a worn sensor from an ideal one on the bone. The default values are no error at all."""

    seed: int = 0  # of noise and drift
    acc_noise: float = 0.0  # m/s² per √Hz
    gyr_noise: float = 0.0  # rad/s per √Hz
    acc_drift: float = 0.0  # m/s², bias instability (standard deviation)
    gyr_drift: float = 0.0  # rad/s
    acc_bias: Floats = field(default_factory=_zeros)  # (3,) m/s² when switched on
    gyr_bias: Floats = field(default_factory=_zeros)  # (3,) rad/s
    acc_warming: Floats = field(default_factory=_zeros)  # (3,) m/s², added to the bias once warm
    gyr_warming: Floats = field(default_factory=_zeros)  # (3,) rad/s
    warming_s: float = 400.0  # time constant
    acc_gain: Floats = field(default_factory=_identity)  # (3, 3) scale and cross-axis errors: read = gain @ true
    gyr_gain: Floats = field(default_factory=_identity)  # (3, 3)
    clock_ppm: float = 0.0  # the device's own rate is this much faster than it says
    first_s: float = 0.0  # true time of sample 0
    mounting: Floats = field(default_factory=NOMINAL_MOUNTING.copy)  # (4,) segment → sensor
    skin: float = 0.0  # share of flexion by which the skin turns back against the bone
    impact_m_s2: float = 0.0  # shaking of soft tissue after a heel strike

    @classmethod
    def none(cls) -> ImuErrors:
        """An ideal sensor, worn straight: only range and counts remain."""
        return cls()

    @classmethod
    def default(cls, seed: int) -> ImuErrors:
        """An ordinary part, put on by hand: crooked by at most 10° of tilt and 4° of heading."""
        rng = np.random.default_rng((seed, 4))
        return cls(
            seed=seed,
            acc_noise=0.090 * _MILLI_G,
            gyr_noise=float(np.radians(0.005)),
            acc_drift=0.06 * _MILLI_G,
            gyr_drift=float(np.radians(0.004)),
            acc_bias=_MILLI_G * np.clip(rng.normal(0.0, 10.0, 3), -40.0, 40.0),
            gyr_bias=np.radians(np.clip(rng.normal(0.0, 0.8, 3), -3.0, 3.0)),
            # some 6 K between switching on and skin-warm
            acc_warming=6.0 * _MILLI_G * rng.uniform(-0.1, 0.1, 3),
            gyr_warming=6.0 * np.radians(rng.uniform(-0.015, 0.015, 3)),
            acc_gain=_gain(rng, scale=0.004, cross=0.004),
            gyr_gain=_gain(rng, scale=0.005, cross=0.005),
            clock_ppm=rng.uniform(-40.0, 40.0),  # crystal
            first_s=rng.uniform(0.0, 0.02),
            mounting=_crooked(rng),
            skin=rng.uniform(0.02, 0.06),
            impact_m_s2=rng.uniform(0.8, 1.8),
        )


class Imu:
    """A SampleSource: the registers of one worn sensor over true time."""

    def __init__(
        self,
        segment: Segment,
        rate_hz: float,
        motion: Motion,
        errors: ImuErrors,
        ranges: Ranges = DEFAULT_RANGES,
        end_s: float = float("inf"),
    ) -> None:
        self.segment = segment
        self.rate_hz = rate_hz
        self.acc_scale = ranges.acc_scale
        self.gyr_scale = ranges.gyr_scale
        self.end_s = end_s
        self._motion = motion
        self._errors = errors
        self._own_hz = rate_hz * (1.0 + errors.clock_ppm * 1e-6)
        self._to_sensor = _matrix(errors.mounting)
        self._blocks: dict[int, Counts] = {}

    def read(self, t0: float, t1: float) -> Counts:
        """The samples of [t0, t1), the same ones however the time is cut."""
        first, last = self._index_at(t0), self._index_at(min(t1, self.end_s))
        if last <= first:
            return Counts(np.empty(0, np.int64), np.empty(0), np.empty((0, 6), np.int16))
        numbers = range(first // BLOCK, (last - 1) // BLOCK + 1)
        blocks = [self._block(number) for number in numbers]
        index, t, counts = (
            np.concatenate([getattr(block, name) for block in blocks]) for name in ("index", "t", "counts")
        )
        run = slice(first - numbers[0] * BLOCK, last - numbers[0] * BLOCK)
        self._blocks = {number: block for number, block in self._blocks.items() if number >= numbers[-1]}
        return Counts(index[run], t[run], counts[run])

    def _index_at(self, t: float) -> int:
        """The first sample that is not before t."""
        index = max(int(np.ceil((t - self._errors.first_s) * self._own_hz)), 0)
        while index > 0 and self._time(index - 1) >= t:
            index -= 1
        while self._time(index) < t:
            index += 1
        return index

    def _time(self, index: int) -> float:
        return self._errors.first_s + index / self._own_hz

    def _block(self, number: int) -> Counts:
        if number not in self._blocks:
            self._blocks[number] = self._make(number)
        return self._blocks[number]

    def _make(self, number: int) -> Counts:
        errors = self._errors
        index = np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.int64)
        t = errors.first_s + index / self._own_hz
        acc, gyr = self._motion(t)
        rng = np.random.default_rng((errors.seed, number, 5))
        white = rng.standard_normal((2, BLOCK, 3)) * np.sqrt(self._own_hz / 2)
        warmth = (1.0 - np.exp(-np.maximum(t, 0.0) / errors.warming_s))[:, None]
        acc = acc @ self._to_sensor.T @ errors.acc_gain.T + errors.acc_bias + warmth * errors.acc_warming
        gyr = gyr @ self._to_sensor.T @ errors.gyr_gain.T + errors.gyr_bias + warmth * errors.gyr_warming
        acc += errors.acc_noise * white[0] + errors.acc_drift * _drift(t, (errors.seed, 6))
        gyr += errors.gyr_noise * white[1] + errors.gyr_drift * _drift(t, (errors.seed, 7))
        counts = np.concatenate([acc / self.acc_scale, gyr / self.gyr_scale], axis=1)
        limits = np.iinfo(np.int16)
        return Counts(index, t, np.rint(counts).clip(limits.min, limits.max).astype(np.int16))


def _drift(t: Floats, key: tuple[int, int]) -> Floats:
    """(n, 3) A slow, smooth wander of unit size: random support points, each made from its own number."""
    total = np.zeros((len(t), 3))
    for octave, node_s in enumerate(_NODE_S):
        place = np.maximum(t, 0.0) / node_s
        first, last = int(place[0]), int(place[-1]) + 1
        nodes = np.stack([np.random.default_rng((*key, octave, n)).standard_normal(3) for n in range(first, last + 1)])
        below = place.astype(np.int64)
        share = (place - below)[:, None]
        share = share * share * (3.0 - 2.0 * share)
        total += (1.0 - share) * nodes[below - first] + share * nodes[below - first + 1]
    wander: Floats = total / np.sqrt(len(_NODE_S))
    return wander


def _gain(rng: np.random.Generator, scale: float, cross: float) -> Floats:
    """Near the identity: scale errors on the diagonal, cross-axis errors beside it, each within 1%."""
    gain = np.eye(3) + np.clip(rng.normal(0.0, cross / 2, (3, 3)), -0.01, 0.01)
    gain[np.diag_indices(3)] = 1.0 + np.clip(rng.normal(0.0, scale, 3), -0.01, 0.01)
    return gain


def _crooked(rng: np.random.Generator) -> Floats:
    """segment → sensor: tilted in any direction by up to 10°, turned about the vertical by up to 4°."""
    tilt, direction = np.radians(10.0 * np.sqrt(rng.uniform())), rng.uniform(0.0, 2 * np.pi)
    heading = np.radians(rng.uniform(-4.0, 4.0))
    lean = np.array([np.cos(tilt / 2), *(np.sin(tilt / 2) * np.array([np.cos(direction), np.sin(direction), 0.0]))])
    turn = np.array([np.cos(heading / 2), 0.0, 0.0, np.sin(heading / 2)])
    return _product(NOMINAL_MOUNTING, _product(lean, turn))


def _product(a: Floats, b: Floats) -> Floats:
    """Quaternion a ⊗ b: b's turn first."""
    vector = a[0] * b[1:] + b[0] * a[1:] + np.cross(a[1:], b[1:])
    return np.array([a[0] * b[0] - a[1:] @ b[1:], *vector])


def _matrix(q: Floats) -> NDArray[np.float64]:
    """(3, 3) so that matrix @ v turns v by q."""
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
