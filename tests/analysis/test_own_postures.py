"""A person's own sitting and standing, from spans they named: right, bounded, and not broken by one wrong word."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.corrections import CORRECTED
from analysis.model import Activity, Event, ShownPosture, Stance
from analysis.own_postures import (
    LEAST_S,
    MEMORY_S,
    SAMPLE_S,
    SPREADS_DEG,
    AngleHistory,
    own_postures,
    shown_of,
    values_of,
)

SAT = ShownPosture(Activity.SITTING, Stance.STANDING, 600.0, -24.0, 5.0, -9.0, 6.0)


def history(seed: int = 0, minutes: int = 30) -> AngleHistory:
    """Sitting with the pelvis 24° ± 5° back and the back 9° ± 6° flatter, with gaps."""
    rng = np.random.default_rng(seed)
    t = np.arange(600 * minutes) / 10
    pelvis, lordosis = rng.normal(-24.0, 5.0, len(t)), rng.normal(-9.0, 6.0, len(t))
    pelvis[rng.random(len(t)) < 0.1] = math.nan
    told = AngleHistory()
    told.calibrated(Stance.STANDING, -1.0)
    told.feed(t, pelvis, lordosis)
    return told


def test_a_named_span_shows_the_angles_that_were_held_in_it() -> None:
    shown = history().shown(60.0, 1500.0, Activity.SITTING)
    assert shown is not None
    assert shown.stance is Stance.STANDING
    assert shown.known_s == pytest.approx(1440.0, rel=0.02)
    assert (shown.pelvis_deg, shown.lordosis_deg) == pytest.approx((-24.0, -9.0), abs=1.0)
    assert (shown.pelvis_spread_deg, shown.lordosis_spread_deg) == pytest.approx((5.0, 6.0), abs=1.0)
    own = own_postures([shown], Stance.STANDING)
    assert own.standing is None
    assert own.sitting is not None
    assert own.sitting.pelvis is not None
    assert own.sitting.pelvis.mean == shown.pelvis_deg
    assert own.sitting.pelvis.deviation == pytest.approx(5.0, abs=1.0)


@given(st.lists(st.integers(1, 17999), max_size=20), st.floats(0.0, 900.0), st.floats(900.0, 1800.0))
def test_cutting_changes_nothing(places: list[int], start_s: float, end_s: float) -> None:
    rng = np.random.default_rng(1)
    t, angles = np.arange(18000) / 10, rng.normal(0.0, 9.0, (2, 18000))
    histories = [AngleHistory(), AngleHistory()]
    for one, edges in zip(histories, ([0, 18000], sorted({0, 18000, *places})), strict=True):
        one.calibrated(Stance.SITTING, 300.0)
        one.calibrated(Stance.STANDING, 1000.0)
        for a, b in pairwise(edges):
            one.feed(t[a:b], angles[0, a:b], angles[1, a:b])
    first, second = (one.shown(start_s, end_s, Activity.STANDING) for one in histories)
    assert first == second


def test_walking_lying_and_too_short_a_time_show_nothing() -> None:
    assert history().shown(60.0, 600.0, Activity.WALKING) is None
    assert history().shown(60.0, 600.0, Activity.LYING) is None
    assert history().shown(60.0, 70.0, Activity.SITTING) is None
    assert own_postures([replace(SAT, known_s=LEAST_S - 1.0)], Stance.STANDING).sitting is None
    assert own_postures([SAT], Stance.SITTING).sitting is None  # against another reference it says nothing


def test_before_a_calibration_nothing_is_remembered() -> None:
    told = AngleHistory()
    told.feed(np.arange(6000) / 10, np.zeros(6000), np.zeros(6000))
    assert told.shown(0.0, 600.0, Activity.SITTING) is None


def test_what_is_remembered_is_bounded() -> None:
    told = history(minutes=2)
    for hour in range(60):
        t = 3600.0 * (hour + 1) + np.arange(36000) / 10
        told.feed(t, np.zeros(36000), np.zeros(36000))
    assert len(told._rows) <= MEMORY_S / SAMPLE_S
    assert told.shown(0.0, 120.0, Activity.SITTING) is None


def test_one_wrong_word_among_some_does_not_move_what_is_known() -> None:
    wrong = replace(SAT, pelvis_deg=11.0, lordosis_deg=9.0, known_s=7200.0)
    rights = [replace(SAT, pelvis_deg=-24.0 + k, lordosis_deg=-9.0 - k, known_s=1200.0) for k in range(5)]
    own = own_postures([*rights, wrong], Stance.STANDING).sitting
    assert own is not None
    assert own.pelvis is not None
    assert own.lordosis is not None
    assert -25.0 <= own.pelvis.mean <= -19.0
    assert -14.0 <= own.lordosis.mean <= -8.0


@given(
    st.lists(
        st.builds(
            ShownPosture,
            st.sampled_from([Activity.SITTING, Activity.STANDING]),
            st.sampled_from(list(Stance)),
            st.floats(1.0, 1e5),
            *[st.floats(-180.0, 180.0) | st.just(math.nan), st.floats(0.0, 90.0)] * 2,
        ),
        max_size=60,
    ),
    st.sampled_from(list(Stance)),
)
def test_whatever_was_shown_the_model_is_given_something_possible(shown: list[ShownPosture], stance: Stance) -> None:
    own = own_postures(shown, stance)
    for posture in (own.sitting, own.standing):
        for habit in (posture.pelvis, posture.lordosis) if posture else ():
            if habit is not None:
                assert -45.0 <= habit.mean <= 35.0
                assert SPREADS_DEG[0] <= habit.deviation <= SPREADS_DEG[1]


@given(st.floats(0.0, 1e5), st.floats(-90.0, 90.0) | st.just(math.nan))
def test_an_event_keeps_what_was_shown(known_s: float, angle: float) -> None:
    shown = replace(SAT, known_s=known_s, lordosis_deg=angle)
    event = Event(CORRECTED, 0.0, 9.0, {"activity": "sitting", **values_of(shown)})
    again = shown_of(event)
    assert again is not None
    assert repr(again) == repr(shown)
    assert shown_of(Event(CORRECTED, 0.0, 9.0, {"activity": "sitting"})) is None
    assert shown_of(Event(CORRECTED, 0.0, 9.0, {**event.values, "activity": "walking"})) is None
