"""The two published ways to find initial contacts from the lower back, as their formulas are printed.

McCamley et al. 2012: the upward acceleration integrated and differentiated by a Gaussian wavelet; a contact is the
extremum of each swing. Zijlstra & Hof 2003: the highest forward acceleration before its sign, below 2 Hz, changes.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, detrend, find_peaks, sosfiltfilt

from analysis.gait.track import Track
from analysis.model import GRID_HZ, Floats

_WAVELET_S = 0.08
_PEAK_SHARE = 0.4  # of the mean peak
_SIGN_HZ, _BACK_S = 2.0, 0.2


def mccamley_s(track: Track) -> Floats:
    """Contacts (n,) s."""
    speed = np.cumsum(detrend(track.up)) / GRID_HZ
    smooth = gaussian_filter1d(speed, _WAVELET_S * GRID_HZ, order=1)
    peaks, _ = find_peaks(smooth, height=0.0)
    swing = np.searchsorted(np.flatnonzero(np.diff(np.sign(smooth)) != 0), peaks)
    highest = np.array([max(peaks[swing == one], key=lambda k: smooth[k]) for one in np.unique(swing)], np.intp)
    kept = highest[smooth[highest] > _PEAK_SHARE * smooth[highest].mean()] if len(highest) else highest
    return track.t[kept]


def zijlstra_s(track: Track) -> Floats:
    """Contacts (n,) s."""
    forward = track.forward - track.forward.mean()
    slow = sosfiltfilt(butter(4, _SIGN_HZ, fs=GRID_HZ, output="sos"), forward)
    changes = np.flatnonzero((slow[:-1] > 0) & (slow[1:] <= 0))
    back = round(_BACK_S * GRID_HZ)
    found = [max(0, k - back) + int(np.argmax(forward[max(0, k - back) : k + 1])) for k in changes.tolist()]
    return track.t[np.unique(np.array(found, np.intp))]


PEERS = {"McCamley 2012": mccamley_s, "Zijlstra & Hof 2003": zijlstra_s}
