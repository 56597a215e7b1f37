"""What metrics add up to over a short while, and how far their values can be trusted."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import metrics
from analysis.mending import CARRIED_OVER_DEG, WALKED_DEG, Correction, followed, turn_of
from analysis.metrics import Metric
from analysis.metrics.twist_speed import TWIST_S, twist_deg
from analysis.metrics.uncertainty import (
    CREEP_DEG,
    HEADING_DEG,
    MOVING_DEG,
    RANGE_DEG,
    SETTLING_DEG,
    error_of,
    share_error_of,
)
from analysis.model import (
    FRAME_HZ,
    Calibration,
    Event,
    FlexionRange,
    Floats,
    PostureFrame,
    Quality,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.quaternion import IDENTITY
from analysis.registry import discover
from hardware.twin.script import office_day
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, joined, worn

METRICS = discover(metrics, "METRIC", Metric)
WINDOW = round(TWIST_S * FRAME_HZ)


def test_a_twist_is_what_was_turned_within_the_window() -> None:
    t = np.arange(200) / FRAME_HZ
    speed = 20.0 * np.sin(2 * math.pi * t / 10.0)  # 10 s there and back: 63.7° from end to end
    turned = twist_deg(t, speed)
    assert np.isnan(turned[:WINDOW]).all()
    assert turned[WINDOW] == pytest.approx(2 * 20.0 * 5.0 / math.pi, rel=0.005)
    assert turned[2 * WINDOW] == pytest.approx(-2 * 20.0 * 5.0 / math.pi, rel=0.005)
    assert turned[WINDOW + WINDOW // 2] == pytest.approx(0.0, abs=0.1)


def test_a_held_twist_fades_from_the_window_and_a_bias_drifts_by_no_more_than_stated() -> None:
    t = np.arange(300) / FRAME_HZ
    speed = np.where((t > 1.0) & (t <= 2.0), 30.0, 0.0)
    turned = twist_deg(t, speed)
    assert turned[WINDOW] == pytest.approx(30.0)
    assert turned[80] == pytest.approx(0.0, abs=1e-9)
    assert np.nanmax(twist_deg(t, np.full(300, 0.1))) == pytest.approx(0.5)


@given(hole=st.integers(0, 199), is_unknown=st.booleans())
def test_no_twist_is_told_across_what_is_not_known(hole: int, is_unknown: bool) -> None:
    t, speed = np.arange(200) / FRAME_HZ, np.ones(200)
    if is_unknown:
        speed[hole] = np.nan
    else:
        t[hole:] += 0.5
    turned = twist_deg(t, speed)
    told = np.isfinite(turned)
    for tick in range(WINDOW, 200):
        assert told[tick] == (not (tick - WINDOW <= hole <= tick if is_unknown else tick - WINDOW < hole <= tick))
    assert turned[told] == pytest.approx(TWIST_S)


def test_too_short_a_run_has_no_twist() -> None:
    assert np.isnan(twist_deg(np.arange(WINDOW) / FRAME_HZ, np.zeros(WINDOW))).all()
    assert len(twist_deg(np.empty(0), np.empty(0))) == 0


def calibration(segment: Segment, made_s: float = 0.0, heading_deg: float = math.nan) -> Calibration:
    return Calibration(segment, "a", Stance.STANDING, made_s, IDENTITY, 0.5, heading_error_deg=heading_deg)


FRESH = [calibration(segment) for segment in Segment]


def frame(quality: Quality = Quality.GOOD, *, at_s: float = 1.0, tilt_deg: float = 0.0) -> PostureFrame:
    values = {name: np.array([tilt_deg]) for name in METRICS}
    return PostureFrame(np.array([at_s]), values, np.zeros(1, np.int8), np.array([quality], np.uint16))


def error(name: str, of: PostureFrame, calibrations: list[Calibration]) -> float:
    return float(error_of(name, METRICS[name], of, calibrations)[0])


def test_at_its_best_a_value_is_as_good_as_its_metric_and_its_calibration() -> None:
    assert error("pelvic_tilt", frame(), FRESH) == pytest.approx(math.hypot(2.0, 0.5), abs=1e-3)
    assert error("lumbar_lordosis", frame(), FRESH) == pytest.approx(math.hypot(2.0, 0.5, 0.5), abs=1e-3)
    assert error("pelvis_speed", frame(), []) == METRICS["pelvis_speed"].error


@pytest.mark.parametrize("name", METRICS)
def test_every_cause_widens_the_band_and_none_narrows_it(name: str) -> None:
    best = error(name, frame(), FRESH)
    assert error(name, frame(Quality.MOVING), FRESH) > best
    if METRICS[name].unit == "°":
        assert error(name, frame(Quality.MOVING), FRESH) >= MOVING_DEG
        assert error(name, frame(Quality.SETTLING), FRESH) >= SETTLING_DEG
        assert error(name, frame(at_s=8 * 3600.0), FRESH) > best
        carried = [calibration(segment, math.nan) for segment in Segment]
        assert error(name, frame(), carried) >= CARRIED_OVER_DEG


def test_age_counts_from_the_newest_calibration_of_the_segment_concerned() -> None:
    later = frame(at_s=7200.0)
    anew = [*FRESH, calibration(Segment.PELVIS, 7000.0)]
    assert error("pelvic_tilt", later, anew) < error("pelvic_tilt", later, FRESH)
    assert error("trunk_lean", later, anew) == error("trunk_lean", later, FRESH)
    grown = error("pelvic_tilt", later, FRESH) ** 2 - error("pelvic_tilt", frame(at_s=0.001), FRESH) ** 2
    assert grown == pytest.approx(2 * CREEP_DEG**2, abs=1e-6)


def test_tipping_forward_leaks_to_the_side_as_far_as_forward_is_not_known() -> None:
    level, tipped = frame(), frame(tilt_deg=90.0)
    leaked = error("pelvic_obliquity", tipped, FRESH) ** 2 - error("pelvic_obliquity", level, FRESH) ** 2
    assert math.sqrt(leaked) == pytest.approx(math.degrees(math.sin(math.radians(HEADING_DEG))))
    bent = [calibration(segment, heading_deg=1.0) for segment in Segment]
    assert error("pelvic_obliquity", tipped, bent) < error("pelvic_obliquity", tipped, FRESH)
    assert error("pelvic_tilt", tipped, FRESH) == error("pelvic_tilt", level, FRESH)


def test_a_slipped_sensor_widens_its_own_metrics_until_its_mounting_is_found_anew() -> None:
    slip = Event("slipped", 50.0, 60.0, {"pelvis_off_deg": 9.0, "good_s": 30.0, "reason": "…"})

    def banded(name: str, at_s: float, calibrations: list[Calibration]) -> float:
        return float(error_of(name, METRICS[name], frame(at_s=at_s), calibrations, [slip])[0])

    assert banded("pelvic_tilt", 29.0, FRESH) < 3.0
    assert 3.0 < banded("pelvic_tilt", 40.0, FRESH) < banded("pelvic_tilt", 45.0, FRESH) < 9.0
    assert banded("pelvic_tilt", 51.0, FRESH) > 9.0
    assert banded("trunk_lean", 51.0, FRESH) < 3.0
    turned = np.array([0.8, 0.0, 0.6, 0.0])
    anew = [*FRESH, replace(calibration(Segment.PELVIS, 100.0), mounting=turned)]
    assert banded("lumbar_lordosis", 99.0, anew) > 9.0
    assert banded("lumbar_lordosis", 101.0, anew) < 3.0
    ranged = [*FRESH, calibration(Segment.PELVIS, 100.0)]  # a range keeps the mounting
    assert banded("lumbar_lordosis", 101.0, ranged) > 9.0


def test_a_correction_has_its_own_error_and_starts_the_age_anew() -> None:
    first, second = (
        Correction(Segment.PELVIS, 0.0, at_s, turn_of(1.0, 0.0), 1.0, 0.0, 1.0) for at_s in (3600.0, 7200.0)
    )
    made = followed(FRESH[0], first)
    just, later = (error("pelvic_tilt", frame(at_s=at_s), [*FRESH, made]) for at_s in (3601.0, 4 * 3600.0))
    assert just == pytest.approx(math.hypot(2.0, 0.5, WALKED_DEG), abs=1e-3)
    assert just < later
    twice = followed(made, second)
    assert twice.corrected_deg == 2.0
    assert twice.tilt_error_deg == made.tilt_error_deg
    carried = followed(replace(FRESH[0], made_s=math.nan), first)
    assert error("pelvic_tilt", frame(at_s=3601.0), [*FRESH, carried]) > CARRIED_OVER_DEG


def test_a_share_of_the_range_is_as_good_as_lordosis_and_the_range() -> None:
    ranged = [FRESH[0], replace(FRESH[1], flexion=FlexionRange(5.0, 20.0, 50.0))]
    lordosis = error("lumbar_lordosis", frame(), FRESH)

    def band(lordosis_deg: float, calibrations: list[Calibration] = ranged) -> float:
        return float(share_error_of(METRICS["lumbar_lordosis"], frame(tilt_deg=lordosis_deg), calibrations)[0])

    assert band(0.0) == pytest.approx(100.0 * lordosis / 50.0)
    assert band(-50.0) == pytest.approx(100.0 * math.hypot(lordosis, RANGE_DEG) / 50.0)
    assert math.isnan(band(0.0, FRESH))
    assert math.isnan(band(math.nan))


def test_an_unknown_value_has_no_error() -> None:
    for name in METRICS:
        assert math.isnan(error(name, frame(tilt_deg=math.nan), FRESH))


def test_the_band_holds_the_truth_of_a_simulated_wearer() -> None:
    wearer = Wearer(office_day(2, 0.3), 2)
    end_s = wearer.script.end_s
    outputs = Pipeline(PipelineSettings()).feed(QUIET, *worn(wearer, end_s, size=520), SessionEnd(end_s))
    calibrations = [output for output in outputs if isinstance(output, Calibration)]
    seen = joined(outputs)
    truth = wearer.truth(seen.t)
    actual: dict[str, Floats] = {"pelvic_tilt": truth.pelvic_tilt_deg, "lumbar_lordosis": truth.lumbar_lordosis_deg}
    for name, angles in actual.items():
        off = np.abs(seen.values[name] - angles)
        band = error_of(name, METRICS[name], seen, calibrations)
        known = np.isfinite(off)
        assert np.array_equal(known, np.isfinite(band))
        assert np.mean(off[known] <= 2 * band[known]) > 0.99
