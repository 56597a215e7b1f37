"""Recordings of one moved IMU with an optical reference, in the format of BROAD (10.3390/data6070072), at any rate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import firwin, oaconvolve

from analysis import quaternion
from analysis.errors import PostureError
from analysis.model import GRAVITY, Floats

ACC_RANGE = 16 * GRAVITY  # m/s², and
GYR_RANGE = np.radians(2000.0)  # rad/s: the recording sensor's own, so that int16 clips nothing that it had not
DELAY_S = 0.004  # by which BROAD's samples lag its reference at every speed of turning: its sensor's own low-pass
_PASS = 0.42  # of the new rate: the anti-aliasing filter's corner


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording, evenly sampled."""

    name: str
    rate_hz: float
    acc: Floats  # (n, 3) m/s²
    gyr: Floats  # (n, 3) rad/s
    up: Floats  # (n, 3) the world's up in the sensor frame by the reference; NaN where that did not see it
    is_scored: NDArray[np.bool_]  # (n,)
    is_whole: bool  # without jumps in time

    @property
    def t(self) -> Floats:
        return np.arange(len(self.acc)) / self.rate_hz

    def rmse_deg(self, q: Floats) -> float:
        """Root mean square angle between the up of q (n, 4) sensor → world and the reference's, where it is scored."""
        cosine = (quaternion.up_in_body(q) * self.up).sum(axis=1)[self.is_scored]
        angle = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
        return float(np.sqrt(np.mean(angle**2)))


def trials_of(folder: Path) -> list[Trial]:
    """Every .npz in the folder."""
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise PostureError(f"There is no recording in {folder}; give the folder that holds the .npz files.")
    return [_read(file) for file in files]


def _read(file: Path) -> Trial:
    with np.load(file) as arrays:
        missing = {"acc", "gyr", "q_ref", "movement", "fs"} - set(arrays.files)
        if missing:
            raise PostureError(f"{file.name} has no {', '.join(sorted(missing))}; give recordings in BROAD's format.")
        up = quaternion.up_in_body(arrays["q_ref"].astype(np.float64))
        is_scored = arrays["movement"].astype(bool) & np.isfinite(up).all(axis=1)
        if "valid" in arrays.files:
            is_scored &= arrays["valid"]
        return Trial(
            str(arrays["name"]) if "name" in arrays.files else file.stem,
            float(arrays["fs"]),
            np.ascontiguousarray(arrays["acc"], dtype=np.float64),
            np.ascontiguousarray(arrays["gyr"], dtype=np.float64),
            up,
            is_scored,
            "valid" not in arrays.files,
        )


def resampled(trial: Trial, rate_hz: float) -> Trial:
    """As a sensor of that rate would have told it: low-passed without delay, then in int16 counts."""
    taps = 2 * int(8 * trial.rate_hz / rate_hz) + 1
    kernel = firwin(taps, _PASS * rate_hz, fs=trial.rate_hz)
    t = np.arange(0.0, trial.t[-1], 1.0 / rate_hz)
    nearest = np.minimum(np.rint(t * trial.rate_hz).astype(int), len(trial.acc) - 1)
    left = np.minimum((t * trial.rate_hz).astype(int), len(trial.acc) - 2)
    share = (t * trial.rate_hz - left)[:, None]
    up = trial.up[left] + share * (trial.up[left + 1] - trial.up[left])
    up = up / quaternion.norm(up)[:, None]
    return Trial(
        trial.name,
        rate_hz,
        _counted(CubicSpline(trial.t, _low_passed(trial.acc, kernel))(t), ACC_RANGE),
        _counted(CubicSpline(trial.t, _low_passed(trial.gyr, kernel))(t), GYR_RANGE),
        up,
        trial.is_scored[nearest] & np.isfinite(up).all(axis=1),
        trial.is_whole,
    )


def _low_passed(values: Floats, kernel: Floats) -> Floats:
    reach = len(kernel) // 2
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    smooth: Floats = oaconvolve(padded, kernel[:, None], mode="valid", axes=0)
    return smooth


def _counted(values: Floats, limit: float) -> Floats:
    counts: Floats = np.clip(np.rint(values / limit * 32768.0), -32768, 32767)
    return counts * (limit / 32768.0)
