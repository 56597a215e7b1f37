"""Other inclination filters, with their own defaults, to be measured beside ours on the same samples."""

from __future__ import annotations

from dataclasses import replace

import imufusion
import numpy as np
from ahrs.filters import Madgwick
from vqf import VQF, offlineVQF

from analysis import quaternion
from analysis.model import GRAVITY, Floats
from benchmarks.orientation_trials import Trial

_MADGWICK_GAIN = 0.033  # its author's, for accelerometer and gyroscope


def vqf(trial: Trial) -> Floats:
    """(n, 4) sensor → world, like all here."""
    q: Floats = VQF(1.0 / trial.rate_hz).updateBatch(trial.gyr, trial.acc)["quat6D"]
    return q


def offline_vqf(trial: Trial) -> Floats:
    q: Floats = offlineVQF(trial.gyr, trial.acc, None, 1.0 / trial.rate_hz)["quat6D"]
    return q


def vqf_timed(trial: Trial, delay_s: float) -> Floats:
    """VQF given our timing: the mean rate between samples, and the sensor's delay made up for."""
    return _ahead(vqf(_mean_rates(trial)), trial, delay_s)


def offline_vqf_timed(trial: Trial, delay_s: float) -> Floats:
    return _ahead(offline_vqf(_mean_rates(trial)), trial, delay_s)


def _mean_rates(trial: Trial) -> Trial:
    return replace(trial, gyr=0.5 * (trial.gyr + np.concatenate([trial.gyr[:1], trial.gyr[:-1]])))


def fusion(trial: Trial) -> Floats:
    filter_ = imufusion.Ahrs()
    settings = imufusion.AhrsSettings()
    settings.sample_rate = trial.rate_hz
    filter_.set_settings(settings)
    q = np.empty((len(trial.acc), 4))
    for row, (gyr, acc) in enumerate(zip(np.degrees(trial.gyr), trial.acc / GRAVITY, strict=True)):
        filter_.update_no_magnetometer(gyr, acc)
        q[row] = filter_.get_quaternion()
    return q


def madgwick(trial: Trial) -> Floats:
    q: Floats = Madgwick(gyr=trial.gyr, acc=trial.acc, frequency=trial.rate_hz, gain=_MADGWICK_GAIN).Q
    return q


def _ahead(q: Floats, trial: Trial, delay_s: float) -> Floats:
    return quaternion.multiply(q, quaternion.from_small_rotation(trial.gyr * delay_s))
