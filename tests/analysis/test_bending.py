"""Finding forward from two bends, whatever the mounting; and a sentence for every way of doing it wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from analysis.calibration import History, calibrate
from analysis.errors import PostureError
from analysis.model import (
    GRAVITY,
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Floats,
    Segment,
    SegmentOrientation,
    Stance,
)

HZ = 50.0
SENSOR_M = (-0.1, 0.0, 0.25)  # against the axis of the bends: behind it and above
END_S = 24.0
REQUEST = CalibrateRequest(1.0, 22.0, Stance.STANDING, CalibrationKind.BENDS)


@dataclass(frozen=True, slots=True)
class Bow:
    """One bend of one segment: pitch at its deepest, and what else turns with it, in degrees."""

    pitch_deg: float
    roll_deg: float = 0.0
    twist_deg: float = 0.0


def deep(deg: float) -> tuple[Bow, Bow]:
    return Bow(deg), Bow(0.9 * deg)


def swing(start_s: float, t: Floats) -> Floats:
    """0 … 1 … 0 within six seconds, each way by minimum jerk, with a pause at the deepest."""

    def way(since_s: Floats) -> Floats:
        share = np.clip(since_s / 2.6, 0.0, 1.0)
        return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)

    return way(t - start_s) - way(t - start_s - 3.4)


def history(
    bows: tuple[Bow, ...], mounting: Rotation, *, starts_s: tuple[float, ...] = (7.0, 14.0), slipped_deg: float = 0.0
) -> History:
    """A segment that stands and then bows; the sensor turns on the body by `slipped_deg` between the bows."""
    t = np.arange(0.0, END_S, 1 / HZ)
    angles = np.zeros((len(t), 3))
    for start_s, bow in zip(starts_s, bows, strict=False):
        angles += swing(start_s, t)[:, None] * np.radians([bow.twist_deg, bow.pitch_deg, bow.roll_deg])
    body = Rotation.from_euler("ZYX", angles)
    slip = Rotation.from_euler("y", (slipped_deg * np.clip((t - 13.0) / 0.5, 0.0, 1.0))[:, None], degrees=True)
    sensor = body * slip * mounting.inv()  # sensor → world; `mounting` is body → sensor
    rate = np.zeros((len(t), 3))
    rate[1:] = (sensor[:-1].inv() * sensor[1:]).as_rotvec() * HZ
    noise = np.random.default_rng(3).normal(0.0, 0.005, (len(t), 3))
    place = body.apply(SENSOR_M)
    pull: Floats = np.gradient(np.gradient(place, t, axis=0), t, axis=0)
    acc = sensor.inv().apply(pull + np.array([0.0, 0.0, GRAVITY])) + noise
    bias = np.radians([0.5, -0.3, 0.2])
    q = sensor.as_quat(scalar_first=True)
    kept = History()
    kept.feed(SegmentOrientation(Segment.PELVIS, t, q, acc, rate + bias, np.zeros(len(t), np.uint16)))
    return kept


def made(pelvis: History, lumbar: History, request: CalibrateRequest = REQUEST) -> dict[Segment, Calibration]:
    sensors = {Segment.PELVIS: ("a", pelvis), Segment.LUMBAR: ("b", lumbar)}
    return {calibration.segment: calibration for calibration in calibrate(request, sensors)}


def off_deg(calibration: Calibration, mounting: Rotation) -> float:
    found = Rotation.from_quat(calibration.mounting, scalar_first=True)
    return float(np.degrees((mounting.inv() * found).magnitude()))


def any_mounting(seed: int) -> Rotation:
    return Rotation.random(rng=np.random.default_rng(seed))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(15.0, 60.0), st.floats(20.0, 45.0))
def test_any_mounting_at_all_is_found(seed: int, hips_deg: float, back_deg: float) -> None:
    """Any turn of the case in three dimensions; beyond 40° of bending nothing about the case is assumed."""
    mountings = {Segment.PELVIS: any_mounting(seed), Segment.LUMBAR: any_mounting(seed + 1)}
    trunk_deg = max(hips_deg + back_deg, 46.0)
    done = made(history(deep(hips_deg), mountings[Segment.PELVIS]), history(deep(trunk_deg), mountings[Segment.LUMBAR]))
    for segment, calibration in done.items():
        assert off_deg(calibration, mountings[segment]) < 0.5
        assert calibration.kind is CalibrationKind.BENDS
        assert 0.9 < calibration.heading_error_deg < 1.5


def test_the_stated_error_grows_as_the_bends_part() -> None:
    errors = []
    for roll_deg in (0.0, 2.0, 4.0):
        bows = (Bow(50.0, roll_deg=roll_deg), Bow(50.0, roll_deg=-roll_deg))
        done = made(history(deep(30.0), any_mounting(1)), history(bows, any_mounting(2)))
        errors.append(done[Segment.LUMBAR].heading_error_deg)
        assert off_deg(done[Segment.LUMBAR], any_mounting(2)) < 1.5 * errors[-1]
    assert errors == sorted(errors)
    assert errors[2] > 3.0


def test_one_sensor_alone_is_calibrated_too() -> None:
    done = made(History(), history(deep(60.0), any_mounting(5)))
    assert list(done) == [Segment.LUMBAR]
    assert off_deg(done[Segment.LUMBAR], any_mounting(5)) < 0.5


PLAIN = Rotation.from_matrix([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # as meant: x up, y left, z posterior


@pytest.mark.parametrize(
    ("word", "pelvis", "lumbar"),
    [
        ("saw no bend", (), ()),
        ("only one bend", deep(30.0)[:1], deep(60.0)[:1]),
        ("different directions", (Bow(30.0), Bow(30.0)), (Bow(50.0, roll_deg=15.0), Bow(50.0, roll_deg=-15.0))),
        ("twisted or swayed", deep(30.0), (Bow(50.0, twist_deg=50.0), Bow(50.0, twist_deg=50.0))),
        ("exchanged", deep(60.0), deep(30.0)),
        ("equally far", deep(50.0), deep(51.0)),
        ("further than a back", deep(60.0), deep(125.0)),
        ("hips", deep(4.0), deep(50.0)),
        ("too shallow", deep(-12.0), deep(-30.0)),  # backward
    ],
)
def test_bends_done_wrong_are_refused_with_what_to_repeat(
    word: str, pelvis: tuple[Bow, ...], lumbar: tuple[Bow, ...]
) -> None:
    with pytest.raises(PostureError, match=word) as caught:
        made(history(pelvis, PLAIN), history(lumbar, PLAIN))
    assert "calibrate again" in str(caught.value)


def test_shallow_bends_backward_are_told_where_both_cases_are_worn_face_in() -> None:
    face_in = Rotation.from_euler("x", 180, degrees=True) * PLAIN
    with pytest.raises(PostureError, match="looked like bends backward"):
        made(history(deep(-12.0), face_in), history(deep(-30.0), face_in))


def test_shallow_bends_count_where_the_case_agrees_or_not_at_all() -> None:
    assert made(history(deep(12.0), PLAIN), history(deep(30.0), PLAIN))
    face_in = Rotation.from_euler("x", 180, degrees=True) * PLAIN
    with pytest.raises(PostureError, match="too shallow"):
        made(history(deep(12.0), PLAIN), history(deep(30.0), face_in))


def test_a_sensor_that_slips_meanwhile_is_refused() -> None:
    with pytest.raises(PostureError, match="sits firmly"):
        made(history(deep(30.0), PLAIN), history(deep(60.0), PLAIN, slipped_deg=14.0))


def test_without_a_stance_before_the_bends_or_with_too_little_time_it_is_refused() -> None:
    early = (2.0, 9.0)
    with pytest.raises(PostureError, match="too soon"):
        made(history(deep(30.0), PLAIN, starts_s=early), history(deep(60.0), PLAIN, starts_s=early))
    with pytest.raises(PostureError, match="must last"):
        made(history(deep(30.0), PLAIN), history(deep(60.0), PLAIN), replace(REQUEST, duration_s=5.0))
    with pytest.raises(PostureError, match="come back upright"):
        made(history(deep(30.0), PLAIN), history(deep(60.0), PLAIN), replace(REQUEST, duration_s=16.5))
