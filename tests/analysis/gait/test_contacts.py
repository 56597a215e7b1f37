"""Initial contacts of walks whose contacts are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.gait.contacts import Contacts, bounce, contacts_of, evidence, settled_step_s
from analysis.gait.track import tracks_of
from analysis.model import GRAVITY, GRID_HZ, Floats, Pose, Segment
from tests.analysis.made_walks import MadeWalk


def found(pose: Pose) -> Contacts:
    (track,) = tracks_of([pose], 0, len(pose.t))
    return contacts_of(track)


def assert_found(contacts: Contacts, true_s: Floats, tolerance_s: float = 0.05) -> None:
    """Each contact within the walk once; the first and the last may be lost in the stillness around it."""
    inner = true_s[1:-1]
    apart = np.abs(contacts.t[:, None] - inner[None])
    assert (apart.min(axis=0) < tolerance_s).all()
    assert ((apart < 0.3).sum(axis=0) <= 2).all()
    assert len(inner) <= len(contacts.t) <= len(true_s) + 1


@settings(max_examples=40)
@given(
    cadence=st.floats(75.0, 135.0),
    asymmetry=st.floats(-0.2, 0.2),
    heading=st.floats(-180.0, 180.0),
    start=st.floats(2.0, 3.0),
    lean=st.floats(-15.0, 15.0),
)
def test_every_step_is_found_once_whatever_the_pace_and_heading(
    cadence: float, asymmetry: float, heading: float, start: float, lean: float
) -> None:
    walk = MadeWalk(cadence, 24, start, asymmetry, heading_deg=heading, lean_deg=lean)
    contacts = found(walk.pose())
    assert_found(contacts, walk.contacts_s)
    nearest = np.abs(contacts.t[:, None] - walk.contacts_s[None]).argmin(axis=1)
    assert ((nearest % 2 == 0) == contacts.is_left).all()  # the first one is a left one


def test_a_weak_foot_is_heard_between_two_firm_ones() -> None:
    walk = MadeWalk(limp_m_s2=1.5)
    assert_found(found(walk.pose()), walk.contacts_s, 0.08)


@pytest.mark.parametrize("has_blow", [True, False])
def test_a_faint_step_counts_by_the_blow_of_its_heel(has_blow: bool) -> None:
    walk = MadeWalk(steps=41)
    pose, contacts = walk.pose(), walk.contacts_s
    faint = np.abs(pose.t - contacts[20]) < 0.45
    acc = pose.acc[Segment.PELVIS] - np.where(faint[:, None], 0.9, 0.0) * (
        pose.acc[Segment.PELVIS] - np.array([0.0, 0.0, GRAVITY])
    )
    for number, contact in enumerate(contacts):
        since_s = np.maximum(pose.t - contact, 0.0)
        size = 2.0 if has_blow or number != 20 else 0.0
        acc[:, 2] += np.where(pose.t >= contact, size, 0.0) * np.exp(-since_s / 0.035) * np.sin(56.5 * since_s)  # 9 Hz
    told = found(replace(pose, acc={**pose.acc, Segment.PELVIS: acc}))
    assert bool((np.abs(told.t - contacts[20]) < 0.1).any()) is has_blow
    others = np.delete(contacts, [0, 19, 20, 21, 40])
    assert (np.abs(told.t[:, None] - others[None]).min(axis=0) < 0.05).all()


def test_a_shock_between_two_steps_is_no_step_however_hard_it_is() -> None:
    walk = MadeWalk(90.0)
    pose, contacts = walk.pose(), walk.contacts_s
    between_s = (contacts[20] + contacts[21]) / 2
    shock = 9.0 * np.exp(-0.5 * ((pose.t - between_s) / 0.03) ** 2)[:, None] * np.array([0.0, 0.0, 1.0])
    told = found(replace(pose, acc={**pose.acc, Segment.PELVIS: pose.acc[Segment.PELVIS] + shock}))
    assert np.abs(told.t - between_s).min() > 0.1
    assert_found(told, contacts, 0.08)


@pytest.mark.parametrize("cadence", [45.0, 70.0, 110.0])
def test_sway_tells_the_foot_at_any_pace_and_nothing_where_it_is_faint(cadence: float) -> None:
    walk = MadeWalk(cadence, 40, start_s=4.0)
    pose = walk.pose(after_s=8.0)
    sway = 0.16 * np.sin(np.pi * cadence / 60.0 * pose.t) * (pose.t > walk.end_s + 2.0)  # a fifth of the walk's
    swaying = pose.acc[Segment.PELVIS] + sway[:, None] * np.array([0.0, 1.0, 0.0])
    (track,) = tracks_of([replace(pose, acc={**pose.acc, Segment.PELVIS: swaying})], 0, len(pose.t))
    _, side = evidence(track, bounce(track))
    at = np.rint(walk.contacts_s[2:-2] * GRID_HZ).astype(int)
    feet = np.where(np.arange(2, 38) % 2 == 0, 1.0, -1.0)
    assert (feet * side[at] > 0.15).all()
    assert np.abs(side[pose.t > walk.end_s + 3.5]).max() < 0.06


def test_a_step_time_settles_half_way_to_the_steps_found() -> None:
    steps = np.cumsum([0.72, 0.72, 0.9, 2.0, 0.72])  # the pause is no step
    assert settled_step_s(0.5, steps) == pytest.approx(0.6)
    assert settled_step_s(0.5, steps[:3]) == 0.5  # two steps tell nothing


@pytest.mark.parametrize("segment", Segment)
def test_one_sensor_is_enough_wherever_it_is_worn(segment: Segment) -> None:
    walk = MadeWalk()
    assert_found(found(walk.pose(segment)), walk.contacts_s)


def test_without_a_calibration_the_length_of_the_force_tells_the_steps() -> None:
    walk = MadeWalk(sideways_m_s2=0.3, push_m_s2=0.6)
    assert_found(found(walk.pose(is_calibrated=False)), walk.contacts_s, 0.08)


def test_noise_adds_no_steps() -> None:
    walk = MadeWalk()
    pose = walk.pose()
    noise = np.random.default_rng(0).normal(0.0, 0.5, (len(pose.t), 3))
    shaken = replace(pose, acc={**pose.acc, Segment.PELVIS: pose.acc[Segment.PELVIS] + noise})
    assert_found(found(shaken), walk.contacts_s, 0.08)


def test_what_is_too_short_or_still_has_no_steps_in_it() -> None:
    pose = MadeWalk().pose()
    (short,) = tracks_of([pose], 200, 260)
    assert len(contacts_of(short).t) == 0
    still = MadeWalk(rise_m=0.0, push_m_s2=0.0, sideways_m_s2=0.0, rotation_deg=0.0, obliquity_deg=0.0, tilt_deg=0.0)
    assert len(found(still.pose()).t) == 0


def test_who_stands_and_sways_takes_no_steps_whatever_the_activity_says() -> None:
    pose = MadeWalk(rise_m=0.0, push_m_s2=0.0, sideways_m_s2=0.0, rotation_deg=0.0).pose()
    sway = np.random.default_rng(1).normal(0.0, 0.1, (len(pose.t), 3))
    shaken = replace(pose, acc={**pose.acc, Segment.PELVIS: pose.acc[Segment.PELVIS] + sway})
    assert len(found(shaken).t) == 0


def test_a_short_hole_is_bridged_and_a_long_one_ends_the_track() -> None:
    pose = MadeWalk().pose()
    for ticks, tracks in ((round(0.4 * GRID_HZ), 1), (round(0.7 * GRID_HZ), 2)):
        kept = np.ones(len(pose.t), bool)
        kept[500 : 500 + ticks] = False
        held = Pose(
            pose.t[kept],
            {segment: rows[kept] for segment, rows in pose.q.items()},
            {segment: rows[kept] for segment, rows in pose.acc.items()},
            {segment: rows[kept] for segment, rows in pose.gyr.items()},
            pose.quality[kept],
        )
        assert len(tracks_of([held], 0, len(pose.t))) == tracks
