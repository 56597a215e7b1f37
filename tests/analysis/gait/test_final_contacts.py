"""When feet leave the ground: on the force of two feet whose contacts are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.gait.contacts import Contacts
from analysis.gait.final_contacts import finals_s, support_of
from analysis.gait.track import Track
from analysis.model import GRID_HZ, Floats, Segment
from benchmarks.gait_simulated import two_feet

STEPS = 30


def track(up: Floats) -> Track:
    return Track(Segment.PELVIS, 0, up, *[np.zeros_like(up)] * 5)


def every_stride() -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.arange(2, STEPS - 4)


@settings(max_examples=40)
@given(step_s=st.floats(0.45, 0.8), duty=st.floats(0.6, 0.72), shape=st.floats(0.3, 0.6))
def test_stance_swing_and_double_support_are_as_far_from_the_truth_as_they_must_be(
    step_s: float, duty: float, shape: float
) -> None:
    support = support_of(*two_feet(step_s, duty, shape), every_stride())
    assert support is not None
    # The force of two like feet is symmetric about the middle of double support, and falls fastest a quarter step on.
    double = 100 * (2 * duty - 1)
    assert support.double_support_percent == pytest.approx(25.0 + double / 2, abs=1.5)
    assert support.stance_percent == pytest.approx(62.5 + double / 4, abs=1.0)
    assert support.stance_percent == pytest.approx(100 * duty, abs=8.0)
    assert support.swing_percent == pytest.approx(100.0 - support.stance_percent)


@pytest.mark.parametrize("step_s", [0.5, 0.6, 0.75])
def test_who_keeps_both_feet_down_for_longer_is_told_so(step_s: float) -> None:
    told = [support_of(*two_feet(step_s, duty), every_stride()) for duty in (0.58, 0.62, 0.66, 0.70, 0.74)]
    double = [one.double_support_percent for one in told if one is not None]
    assert len(double) == 5
    assert all(b > a + 2.0 for a, b in pairwise(double))  # of the 8 they part by


@given(step_s=st.floats(0.45, 0.8), duty=st.floats(0.6, 0.72))
@settings(max_examples=20)
def test_each_lies_within_the_step_it_belongs_to(step_s: float, duty: float) -> None:
    walk, contacts = two_feet(step_s, duty)
    finals = finals_s(walk, contacts)
    assert np.isnan(finals[-1])  # no step follows
    apart = finals[1:-1] - contacts.t[1:-1]
    assert ((apart > 0.05 * step_s) & (apart < 0.6 * step_s)).all()


def test_a_wave_falls_fastest_a_quarter_after_its_peak() -> None:
    step_s = 0.6
    contacts = Contacts(2.0 + step_s * np.arange(STEPS), np.arange(STEPS) % 2 == 0)
    t = np.arange(round(24.0 * GRID_HZ)) / GRID_HZ
    wave = track(2.0 * np.cos(2 * np.pi * (t - 2.0) / step_s))
    support = support_of(wave, contacts, every_stride())
    assert support is not None
    assert support.double_support_percent == pytest.approx(25.0, abs=0.2)
    assert support.stance_percent == pytest.approx(62.5, abs=0.2)


def test_what_is_not_clear_is_not_told() -> None:
    walk, contacts = two_feet(0.6, 0.62)
    noise = np.random.default_rng(0).normal(0.0, 25.0, len(walk.up))
    assert support_of(track(walk.up + noise), contacts, every_stride()) is None
    assert support_of(track(np.zeros_like(walk.up)), contacts, every_stride()) is None
    assert support_of(walk, contacts, np.empty(0, np.intp)) is None
    assert support_of(walk, contacts, np.array([3])) is None
    assert np.isnan(finals_s(walk, Contacts(contacts.t[:1], contacts.is_left[:1]))).all()
