"""What a person reads, word by word."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.exposure import Band, Exposure, exposure_of
from analysis.lying_position import LyingPosition
from analysis.model import Quality
from dashboard import words


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "00:00"),
        (59.9, "00:59"),
        (61, "01:01"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (math.nan, "--:--"),
        (-1, "00:00"),
    ],
)
def test_stopwatch(seconds: float, told: str) -> None:
    assert words.stopwatch(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3599, "1 h"), (7200, "2 h"), (7500, "2 h 05 min"), (math.nan, "–")],
)
def test_duration(seconds: float, told: str) -> None:
    assert words.duration(seconds) == told


def test_numbers_carry_a_true_minus_and_their_unit() -> None:
    assert words.number(-12.4, "°") == "−12°"
    assert words.number(0.4321, "m") == "0.432 m"
    assert words.number(-0.2, "°") == "0°"


def test_an_unknown_number_is_said_to_be_unknown() -> None:
    assert words.number(math.nan, "°") == "unknown"
    assert words.meaning("pelvic_tilt", math.nan, 3.0) == ""


def test_meaning_follows_the_sign_and_never_claims_more_than_the_error_band() -> None:
    assert words.meaning("pelvic_tilt", -12.0, 2.0) == "tipped 12° back of your own upright"
    assert words.meaning("pelvic_tilt", 12.0, 2.0) == "tipped 12° forward of your own upright"
    assert words.meaning("lumbar_lordosis", -9.0, 3.0) == "9° flatter than your own upright"
    assert words.meaning("pelvic_tilt", 3.9, 2.0) == "close to your own upright"
    assert words.meaning("something_new", 40.0, 3.0) == ""


def test_the_reason_given_first_is_the_one_a_person_can_mend() -> None:
    assert words.reason(Quality.NOT_CALIBRATED | Quality.MOVING) == "not calibrated yet"
    assert "lumbar" in words.reason(Quality.LUMBAR_MISSING)
    assert "not worn" in words.reason(Quality.NOT_WORN | Quality.NOT_CALIBRATED)
    assert words.reason(0) == "no measurement"


def test_small_numbers_say_their_side() -> None:
    assert words.sided("trunk_lean", -3.2, "°") == "3° back"
    assert words.sided("lateral_bend", 3.2, "°") == "3° to the right"
    assert words.sided("pelvic_obliquity", 0.4, "°") == "0°"
    assert words.sided("pelvis_speed", 3.2, "°/s") == "3 °/s"
    assert words.sided("trunk_lean", math.nan, "°") == "unknown"


def test_no_band_is_narrower_than_the_number_is_rounded() -> None:
    assert words.band(0.2, "°") == "±1°"
    assert words.band(2.6, "°") == "±3°"
    assert words.band(0.5, "°/s") == "±1 °/s"
    assert words.band(math.nan, "°") == ""


def test_time_beyond_a_band_names_the_edge_it_is_beyond() -> None:
    exposure = Exposure(-20.0, -10.0, 5.0, 1000.0, 120.0, 40.0)
    assert words.beyond(exposure, Band(-21.5, math.inf), "°") == "12 % below −22°"
    assert words.beyond(exposure, Band(-10.0, 10.0), "°") == "12 % below −10°, 4 % above 10°"
    assert words.beyond(exposure, None, "°") == "–"
    assert words.beyond(exposure_of(np.empty(0), np.empty(0)), Band(0.0, 1.0), "°") == "–"


def test_lying_is_told_by_its_sides_the_longest_first() -> None:
    spent = {LyingPosition.LEFT: 300.0, LyingPosition.SUPINE: 1200.0, LyingPosition.PRONE: 0.2}
    assert words.lain(spent) == "20 min on the back, 5 min on the left side"
    assert words.lain({**spent, LyingPosition.UNKNOWN: 40.0}) == words.lain(spent)
    assert words.lain({LyingPosition.UNKNOWN: 120.0}) == "2 min on a side that is not known"
    assert words.lain({}) == ""
