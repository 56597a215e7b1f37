"""The four positions of somebody who lies, by hand, and how sure one is of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.lying_position import CENTRES_DEG, SURE, LyingPosition, away_deg, nearest, told_by, turned_deg
from analysis.model import Segment

KNOWN = {Segment.PELVIS: 2.0, Segment.LUMBAR: 2.0}


def up(turned: float) -> tuple[float, float]:
    return math.cos(math.radians(turned)), math.sin(math.radians(turned))


@pytest.mark.parametrize(
    ("forward", "left", "position"),
    [
        (1.0, 0.0, LyingPosition.SUPINE),  # the front looks up
        (-1.0, 0.0, LyingPosition.PRONE),
        (0.0, 1.0, LyingPosition.RIGHT),  # the left side is up
        (0.0, -1.0, LyingPosition.LEFT),
    ],
)
def test_each_side_by_hand(forward: float, left: float, position: LyingPosition) -> None:
    turned = turned_deg(forward, left)
    assert nearest(turned) is position
    told = told_by({Segment.PELVIS: (forward, left)}, KNOWN)
    assert told.position is position
    assert told.sure > 0.999


@given(st.floats(-180.0, 180.0))
def test_a_position_is_the_quarter_around_its_middle(turned: float) -> None:
    position = nearest(turned)
    assert away_deg(turned, position) <= 45.0 + 1e-9
    others = [away_deg(turned, other) for other in CENTRES_DEG if other is not position]
    assert min(others) >= 45.0 - 1e-9


@given(st.floats(-180.0, 180.0), st.floats(0.0, 30.0), st.floats(1.0, 30.0))
def test_the_worse_forward_is_known_the_less_sure(turned: float, error_deg: float, worse_deg: float) -> None:
    sums = {Segment.PELVIS: up(turned)}
    one = told_by(sums, {Segment.PELVIS: error_deg})
    other = told_by(sums, {Segment.PELVIS: error_deg + worse_deg})
    assert 0.0 <= other.sure <= one.sure <= 1.0
    assert one.sure >= 0.45  # the likeliest of two at their common edge
    for told in (one, other):
        assert (told.position is LyingPosition.UNKNOWN) is (told.sure < SURE)


def test_at_the_edge_between_two_nobody_knows() -> None:
    told = told_by({Segment.PELVIS: up(45.0)}, KNOWN)
    assert told.position is LyingPosition.UNKNOWN
    assert told.sure == pytest.approx(0.5, abs=1e-6)


def test_two_sensors_are_surer_than_one_while_they_agree_and_less_sure_where_they_do_not() -> None:
    rough = {Segment.PELVIS: 15.0, Segment.LUMBAR: 15.0}
    one = told_by({Segment.PELVIS: up(30.0)}, rough)
    both = told_by({Segment.PELVIS: up(30.0), Segment.LUMBAR: up(30.0)}, rough)
    apart = told_by({Segment.PELVIS: up(60.0), Segment.LUMBAR: up(0.0)}, rough)
    assert apart.sure < one.sure < both.sure


def test_a_case_taken_to_lie_flat_is_known_less_well_than_bends_tell() -> None:
    sums = {Segment.LUMBAR: up(-60.0)}
    from_case = told_by(sums, {Segment.LUMBAR: math.nan})
    from_bends = told_by(sums, {Segment.LUMBAR: 1.5})
    assert 0.9 < from_case.sure < from_bends.sure


def test_without_a_forward_nothing_is_guessed() -> None:
    for sums, errors in (({}, KNOWN), ({Segment.PELVIS: up(0.0)}, {Segment.PELVIS: math.inf})):
        told = told_by(sums, errors)
        assert told.position is LyingPosition.UNKNOWN
        assert told.sure == 0.0
        assert math.isnan(told.turned_deg)
