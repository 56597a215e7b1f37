"""scikit-digital-health, as its users call it: rises and initial contacts from one sensor at the low back."""

from __future__ import annotations

import warnings

import numpy as np
from skdh.gait import GaitLumbar
from skdh.sit2stand import Sit2Stand

from analysis.gait.track import Track
from analysis.model import GRAVITY, GRID_HZ, Floats

_EPOCH_S = 1.7e9  # it wants the times of a day, any day
_HEIGHT_M = 1.7  # it wants a height, for lengths that are not looked at here
_SHORTEST_S = 2.0  # its own is 8 s, more than most bouts of the reference last


def rises_s(t: Floats, acc: Floats) -> Floats:
    """Middles (k,) s of the rises in acc (n, 3) m/s² at t (n,) s."""
    with warnings.catch_warnings():  # of what it finds too little of
        warnings.simplefilter("ignore")
        told = Sit2Stand().predict(time=_EPOCH_S + t, accel=acc / GRAVITY)
    middles: Floats = (np.array(told["STS Start"]) + np.array(told["STS End"])) / 2 - _EPOCH_S
    return middles


def contacts_s(track: Track) -> Floats:
    """Contacts (n,) s: the whole track is taken to be walking, and its axes are told."""
    if not track.is_calibrated:
        return np.empty(0)
    accel = np.stack([track.forward, track.left, track.up + GRAVITY], axis=1) / GRAVITY
    bout = np.array([[0, len(accel)]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = GaitLumbar(correct_orientation=False, min_bout_time=_SHORTEST_S).predict(
            time=_EPOCH_S + track.t, accel=accel, fs=GRID_HZ, height=_HEIGHT_M, gait_bouts=bout, v_axis=2, ap_axis=0
        )
    return np.unique(np.array(told["IC Timestamp"], dtype=np.float64)) - _EPOCH_S
