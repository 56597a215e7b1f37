"""Filters without delay for a whole walk at once, along the last axis, and how alike a walk is to itself.

The gains are those of a Butterworth filter run forward and back. The walk is continued by its mirror image at both
ends: its point reflection would have another level, of which an integral makes metres.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import next_fast_len

from analysis.model import GRID_HZ, Floats

_BEYOND_S = 2.0


def below(x: Floats, edge_hz: float) -> Floats:
    """x (…, n) without what is faster, second order each way."""
    hz, size = _spectrum_of(x)
    return _filtered(x, size, 1.0 / (1.0 + (hz / edge_hz) ** 4))


def within(x: Floats, low_hz: float, high_hz: float) -> Floats:
    """x (…, n) without what is slower or faster, first order each way on both sides."""
    hz, size = _spectrum_of(x)
    return _filtered(x, size, 1.0 / (1.0 + ((hz * hz - low_hz * high_hz) / (hz * (high_hz - low_hz))) ** 2))


def gaussian(x: Floats, width_s: float) -> Floats:
    """x (…, n) smoothed by a Gaussian with that standard deviation."""
    hz, size = _spectrum_of(x)
    return _filtered(x, size, np.exp(-2.0 * (np.pi * hz * width_s) ** 2))


def integrated_twice(x: Floats, slowest_hz: float) -> Floats:
    """x (n,) per s² integrated twice, without what is slower: an integral of noise knows no level."""
    hz, size = _spectrum_of(x)
    return _filtered(x, size, -1.0 / ((2.0 * np.pi * hz) ** 2 * (1.0 + (slowest_hz / hz) ** 4) ** 2))


def autocovariance(x: Floats) -> Floats:
    """Mean product of x (n,), less its mean, with itself so many ticks later (n,); unbiased, so noisy at the end."""
    off = x - x.mean()
    size = int(next_fast_len(2 * len(off), real=True))
    spectrum = np.fft.rfft(off, size)
    power = spectrum.real * spectrum.real + spectrum.imag * spectrum.imag
    alike: Floats = np.fft.irfft(power, size)[: len(off)] / np.arange(len(off), 0, -1)
    return alike


def _reach(x: Floats) -> int:
    return min(len(x.T) - 1, round(_BEYOND_S * GRID_HZ))


def _spectrum_of(x: Floats) -> tuple[Floats, int]:
    """The frequencies of the continued x, the level's made the least bit more than none, and its length."""
    size = int(next_fast_len(x.shape[-1] + 2 * _reach(x), real=True))  # one whose spectrum is quick to come by
    return np.maximum(np.arange(size // 2 + 1), 1e-9) * (GRID_HZ / size), size


def _filtered(x: Floats, size: int, gain: Floats) -> Floats:
    level, reach = x.mean(axis=-1, keepdims=True), _reach(x)
    off = x - level
    head, tail = off[..., reach:0:-1], off[..., -2 : -reach - 2 : -1]
    spectrum = np.fft.rfft(np.concatenate([head, off, tail], axis=-1), size)
    filtered: Floats = np.fft.irfft(spectrum * gain, size)[..., reach : reach + x.shape[-1]] + gain[0] * level
    return filtered
