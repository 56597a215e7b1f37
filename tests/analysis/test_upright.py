"""What inclination is measured against: what holds from when on, and what walking tells of it."""

import numpy as np
import pytest

from analysis.detectors.steps import FEATURES, STEP_S, Postures, Steps
from analysis.detectors.upright import WALKED, Uprights
from analysis.model import Segment, Stance
from analysis.own_postures import Habit, OwnPosture, OwnPostures

TALL, TIPPED = np.array([0.0, 0.0, 1.0]), np.array([0.6, 0.0, 0.8])
BACK = OwnPosture(Habit(-24.0, 5.0), None, 600.0)


def steps(up: np.ndarray[tuple[int], np.dtype[np.float64]], count: int = 40, first_s: float = 0.0) -> Steps:
    """The pelvis alone, held so in its sensor's frame and upright in its own."""
    rows, none = np.tile(up, (count, 1)), np.full((count, 3), np.nan)
    flag, known = np.zeros(count, bool), np.ones(count, bool)
    tipped = {Segment.PELVIS: np.zeros(count), Segment.LUMBAR: np.full(count, np.nan)}
    end_s = first_s + STEP_S * np.arange(1.0, count + 1.0)
    ups = {Segment.PELVIS: rows, Segment.LUMBAR: none}
    held = Postures(ups, tipped, tipped)
    return Steps(end_s, flag, known, known, flag, held, held, held, np.zeros((count, len(FEATURES))))


def test_ten_seconds_of_walking_tell_what_is_upright_and_later_ones_a_share() -> None:
    uprights, walk = Uprights(), steps(TALL)
    uprights.walked(walk, 0, WALKED - 1)
    assert not uprights.is_known
    assert uprights.to_walk == 1
    uprights.walked(walk, WALKED - 1, 1)
    assert uprights.is_known
    assert uprights.is_new
    told = uprights.tipped(steps(TIPPED).now)
    assert told[Segment.PELVIS] == pytest.approx(2 * np.sin(np.arccos(0.8) / 2))
    assert np.isnan(told[Segment.LUMBAR]).all()
    for _ in range(8):
        uprights.walked(steps(TIPPED), 0, WALKED)
    assert uprights.tipped(steps(TIPPED).now)[Segment.PELVIS][0] < 0.1


def test_a_standing_calibration_needs_no_walking_and_a_seat_tells_no_standing() -> None:
    uprights = Uprights()
    uprights.calibrated(Stance.SITTING, 5.0, is_current=True)
    assert uprights.turn_to(4.5) is None
    assert not uprights.is_known
    assert uprights.turn_to(5.0) is Stance.SITTING
    assert uprights.is_seat
    uprights.walked(steps(TALL), 0, WALKED)
    assert not uprights.is_seat
    uprights.calibrated(Stance.STANDING, 30.0, is_current=False)
    assert uprights.turn_to(30.0) is None
    uprights.walked(steps(TIPPED), 0, WALKED)
    assert uprights.to_walk == WALKED
    assert uprights.tipped(steps(TIPPED).now)[Segment.PELVIS] == pytest.approx(0.0)


def test_another_sensor_is_not_measured_against_the_one_before() -> None:
    uprights = Uprights()
    uprights.walked(steps(TALL), 0, WALKED)
    uprights.changed(Segment.PELVIS, 12.0)
    assert uprights.end(steps(TALL), 0) == 24
    uprights.turn_to(11.5)
    assert uprights.is_known
    uprights.turn_to(12.0)
    assert not uprights.is_known


def test_the_wearers_own_postures_hold_from_then_on_against_their_own_stance_alone() -> None:
    uprights = Uprights()
    uprights.calibrated(Stance.STANDING, 0.0, is_current=True)
    uprights.adapted(OwnPostures(Stance.STANDING, BACK), 6.0)
    uprights.adapted(OwnPostures(Stance.SITTING, None, BACK), 6.0)
    uprights.turn_to(0.0)
    assert uprights.own is None
    assert uprights.end(steps(TALL), 0) == 12
    uprights.turn_to(6.0)
    assert uprights.own is not None
    assert uprights.own.sitting is BACK
    uprights.adapted(OwnPostures(Stance.STANDING), 8.0)
    uprights.turn_to(8.0)
    assert uprights.own is None
