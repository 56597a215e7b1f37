"""Finding forward from a few steps: walks of written-down waves that face any way, and steps that tell nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import quaternion
from analysis.bending import Movement
from analysis.errors import PostureError
from analysis.model import Floats, Segment
from analysis.walking_heading import Walked, joined, walked
from tests.analysis.made_walks import MadeWalk

STILL = np.zeros(3)
UP = np.array([0.0, 0.0, 1.0])
LEFT = np.array([0.0, 1.0, 0.0])
EIGHT = MadeWalk(steps=9)


def moved(walk: MadeWalk) -> Movement:
    pose = walk.pose()
    q = pose.q[Segment.PELVIS]
    return Movement(pose.t, pose.acc[Segment.PELVIS], pose.gyr[Segment.PELVIS], quaternion.up_in_body(q))


def facing(left_deg: float) -> Floats:
    """What is taken to be forward where the body's forward lies so far to its left."""
    angle = -math.radians(left_deg)
    return np.array([math.cos(angle), math.sin(angle), 0.0])


def told(walk: MadeWalk, left_deg: float = 0.0) -> Walked:
    return walked(Segment.PELVIS, moved(walk), facing(left_deg), STILL)


@settings(max_examples=25)
@given(st.floats(-80.0, 80.0), st.floats(80.0, 130.0), st.integers(7, 11), st.floats(-180.0, 180.0))
def test_steps_say_how_far_aside_forward_was_taken(
    left_deg: float, cadence_spm: float, contacts: int, heading_deg: float
) -> None:
    found = told(replace(EIGHT, cadence_spm=cadence_spm, steps=contacts, heading_deg=heading_deg), left_deg)
    assert found.left_deg == pytest.approx(left_deg, abs=1.5)
    assert found.steps == pytest.approx(contacts - 1, abs=1)
    assert found.is_onward
    assert 2.0 < found.error_deg < 4.0


@pytest.mark.parametrize("left_deg", [150.0, -120.0, 180.0])
def test_steps_the_other_way_round_are_no_steps_onward(left_deg: float) -> None:
    found = told(EIGHT, left_deg)
    assert not found.is_onward
    assert (found.left_deg - left_deg) % 180.0 == pytest.approx(0.0, abs=1.0) or (
        found.left_deg - left_deg
    ) % 180.0 == pytest.approx(180.0, abs=1.0)


def test_the_stated_error_grows_as_the_two_sides_part() -> None:
    errors = []
    for share in (0.0, 0.2, 0.4):  # of the sideways force, once a step: one side does more
        movement = moved(EIGHT)
        step = 2 * np.pi * EIGHT.cadence_spm / 60.0 * (movement.t - EIGHT.start_s)
        walks = (movement.t > EIGHT.start_s) & (movement.t < EIGHT.end_s)
        acc = movement.acc.copy()
        acc[:, 1] -= np.where(walks, share * EIGHT.push_m_s2 * np.sin(step), 0.0)
        found = walked(Segment.PELVIS, replace(movement, acc=acc), facing(0.0), STILL)
        errors.append(found.error_deg)
        assert abs(found.left_deg) < 2.0 * found.error_deg
    assert errors == sorted(errors)
    assert errors[2] > 2.0 * errors[0]


@pytest.mark.parametrize(
    "walk",
    [
        replace(EIGHT, steps=4),  # three steps
        replace(EIGHT, rise_m=0.0, push_m_s2=0.0, sideways_m_s2=0.0),  # no walk at all
        replace(EIGHT, turning_deg_s=45.0),  # round and round
    ],
)
def test_too_few_steps_straight_on_are_told_in_a_sentence(walk: MadeWalk) -> None:
    with pytest.raises(PostureError, match=r"5 steps straight on.*calibrate again"):
        told(walk)
    with pytest.raises(PostureError, match="5 steps straight on"):
        walked(Segment.PELVIS, moved(EIGHT).within(0.0, 1.0), facing(0.0), STILL)


def test_a_corner_between_two_walks_is_left_out() -> None:
    one, other = moved(EIGHT), moved(replace(EIGHT, heading_deg=90.0))
    t = np.concatenate([one.t, one.t[-1] + 0.02 + other.t])
    gyr = np.concatenate([one.gyr, other.gyr])
    both = Movement(t, np.concatenate([one.acc, other.acc]), gyr, np.concatenate([one.up, other.up]))
    found = walked(Segment.PELVIS, both, facing(10.0), STILL)
    assert found.left_deg == pytest.approx(10.0, abs=1.0)
    assert found.steps == pytest.approx(16, abs=2)


@given(st.floats(-6.0, 6.0), st.floats(1.0, 3.0), st.floats(2.0, 9.0))
def test_bends_and_steps_are_joined_by_their_errors(left_deg: float, bends_deg: float, steps_deg: float) -> None:
    seen = Walked(8, left_deg, steps_deg, is_onward=True)
    left, error_deg = joined(Segment.PELVIS, LEFT, bends_deg, UP, seen)
    forward = quaternion.cross(left, UP)
    expected_deg = left_deg / steps_deg**2 / (1 / bends_deg**2 + 1 / steps_deg**2)
    assert math.degrees(math.atan2(forward[1], forward[0])) == pytest.approx(expected_deg, abs=1e-9)
    assert error_deg == pytest.approx((1 / bends_deg**2 + 1 / steps_deg**2) ** -0.5)
    assert error_deg < min(bends_deg, steps_deg)


def test_steps_that_do_not_fit_the_bends_are_told_in_words() -> None:
    with pytest.raises(PostureError, match=r"went 20° apart at the lumbar.*calibrate again"):
        joined(Segment.LUMBAR, LEFT, 1.5, UP, Walked(8, -20.0, 3.0, is_onward=True))
    joined(Segment.LUMBAR, LEFT, 1.5, UP, Walked(8, -20.0, 9.0, is_onward=True))  # too unsure to say so
    with pytest.raises(PostureError, match=r"steps backward at the pelvis.*calibrate again"):
        joined(Segment.PELVIS, LEFT, 1.5, UP, Walked(8, 1.0, 3.0, is_onward=False))
