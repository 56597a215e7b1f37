"""Measures of gait on walks where each is known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.gait.contacts import Contacts, contacts_of
from analysis.gait.measures import NAMES, Measures, cadence_spm, measured
from analysis.gait.track import tracks_of
from analysis.model import Segment
from tests.analysis.made_walks import MadeWalk

HEIGHT_M = 1.75


def measures(
    walk: MadeWalk, segment: Segment = Segment.PELVIS, height_m: float = HEIGHT_M, *, is_calibrated: bool = True
) -> tuple[Measures, tuple[str, ...]]:
    pose = walk.pose(segment, is_calibrated=is_calibrated)
    (track,) = tracks_of([pose], 0, len(pose.t))
    return measured(track, contacts_of(track), height_m)


@settings(max_examples=25)
@given(cadence=st.floats(80.0, 130.0), asymmetry=st.floats(0.0, 0.25), start=st.floats(2.0, 3.0))
def test_cadence_times_and_asymmetry(cadence: float, asymmetry: float, start: float) -> None:
    told, reasons = measures(MadeWalk(cadence, 40, start, asymmetry))
    assert reasons == ()
    assert told.cadence_spm == pytest.approx(cadence, abs=0.4)
    assert told.step_s == pytest.approx(60.0 / cadence, rel=0.01)
    assert told.stride_s == pytest.approx(120.0 / cadence, rel=0.005)
    assert told.asymmetry_percent == pytest.approx(100.0 * asymmetry, rel=0.25, abs=1.0)  # smoothing evens it out
    assert told.stance_percent == pytest.approx(62.5, abs=4.0)  # this force falls fastest a quarter step after contact
    assert told.stance_percent + told.swing_percent == pytest.approx(100.0)
    assert told.double_support_percent == pytest.approx(25.0, abs=8.0)


@settings(max_examples=25)
@given(
    rotation=st.floats(4.0, 16.0),
    obliquity=st.floats(4.0, 14.0),
    tilt=st.floats(1.5, 6.0),
    heading=st.floats(-180.0, 180.0),
    turning=st.floats(-4.0, 4.0),
)
def test_ranges_of_the_pelvis(rotation: float, obliquity: float, tilt: float, heading: float, turning: float) -> None:
    walk = MadeWalk(
        rotation_deg=rotation, obliquity_deg=obliquity, tilt_deg=tilt, heading_deg=heading, turning_deg_s=turning
    )
    told, _ = measures(walk)
    assert told.rotation_deg == pytest.approx(rotation, rel=0.06, abs=0.2)
    assert told.obliquity_deg == pytest.approx(obliquity, rel=0.05)
    assert told.tilt_deg == pytest.approx(tilt, rel=0.15)  # 3.6 Hz, near where skin is cut off


@pytest.mark.parametrize("rise_m", [0.015, 0.03, 0.05])
@pytest.mark.parametrize("height_m", [1.55, 1.95])
def test_step_length_is_that_of_the_pendulum(rise_m: float, height_m: float) -> None:
    told, _ = measures(MadeWalk(rise_m=rise_m), height_m=height_m)
    leg_m = 0.53 * height_m
    length_m = 1.25 * 2 * math.sqrt(2 * leg_m * rise_m - rise_m**2)
    assert told.step_length_m == pytest.approx(length_m, rel=0.03)
    assert told.speed_m_s == pytest.approx(length_m * 108.0 / 60.0, rel=0.03)


def test_harmonic_ratio_is_the_even_wave_over_the_odd_one() -> None:
    even_m_s2 = 0.02 * (2 * math.pi * 108.0 / 60.0) ** 2
    told, _ = measures(MadeWalk(limp_m_s2=0.25 * even_m_s2))
    assert told.harmonic_ratio == pytest.approx(4.0, rel=0.05)
    assert told.step_regularity < told.stride_regularity
    firm, _ = measures(MadeWalk())
    assert firm.harmonic_ratio > 10.0
    assert firm.step_regularity == pytest.approx(1.0, abs=0.08)
    assert firm.stride_regularity == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("push_m_s2", [0.5, 1.2, 2.5])
def test_push_off_is_the_highest_forward_force_before_a_contact(push_m_s2: float) -> None:
    told, _ = measures(MadeWalk(push_m_s2=push_m_s2))
    assert told.push_off_m_s2 == pytest.approx(push_m_s2, rel=0.06)


def test_every_unknown_value_has_a_reason() -> None:
    cases = [
        (measures(MadeWalk(steps=10)), "less than 8 s", set(NAMES)),
        (measures(MadeWalk(), height_m=math.nan), "height", {"step_length_m", "speed_m_s"}),
        (
            measures(MadeWalk(), Segment.LUMBAR),
            "no pelvis sensor",
            {"step_length_m", "speed_m_s", "rotation_deg", "obliquity_deg", "tilt_deg"},
        ),
        (measures(MadeWalk(turning_deg_s=40.0)), "turned", {"rotation_deg"}),
    ]
    for (told, reasons), word, unknown in cases:
        assert {name for name in NAMES if math.isnan(getattr(told, name))} == unknown
        assert word in "; ".join(reasons)
    told, reasons = measures(MadeWalk(sideways_m_s2=0.3, push_m_s2=0.6), is_calibrated=False)
    assert told.cadence_spm == pytest.approx(108.0, abs=0.4)
    assert math.isnan(told.asymmetry_percent)
    assert "not calibrated" in reasons[0]


def test_a_pause_is_no_stride_and_nobody_walks_on_one_foot() -> None:
    walk = MadeWalk()
    whole, is_left = walk.contacts_s, np.arange(walk.steps) % 2 == 0
    assert cadence_spm(Contacts(np.where(whole > 10.0, whole + 4.0, whole), is_left)) == pytest.approx(108.0)
    assert math.isnan(cadence_spm(Contacts(whole[:2], is_left[:2])))
    pose = walk.pose()
    (track,) = tracks_of([pose], 0, len(pose.t))
    told, reasons = measured(track, Contacts(whole, np.ones(walk.steps, bool)), HEIGHT_M)
    assert all(math.isnan(getattr(told, name)) for name in NAMES)
    assert "strides" in reasons[0]
