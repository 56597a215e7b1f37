"""Finding how a sensor sits, and refusing what is no quiet upright stance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from analysis import quaternion
from analysis.calibration import History, calibrate
from analysis.errors import PostureError
from analysis.metrics import pitch_deg
from analysis.model import GRAVITY, CalibrateRequest, Calibration, Floats, Segment, SegmentOrientation, Stance
from hardware.twin.recording import load_cairo
from tests.analysis.simulated import shared

REQUEST = CalibrateRequest(2.0, 8.0, Stance.STANDING)
BODY_TO_SENSOR = Rotation.from_matrix([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # worn as meant: x up, y left, z posterior


def history(up: Floats, gyr: Floats | None = None, *, hz: float = 50.0, until_s: float = 12.0) -> History:
    """12 s in which a sensor feels gravity along `up`, (3,) or (n, 3)."""
    t = np.arange(0.0, until_s, 1 / hz)
    noise = np.random.default_rng(0).normal(0.0, 0.02, (len(t), 3))
    still = np.zeros((len(t), 3)) if gyr is None else gyr
    kept = History()
    kept.feed(
        SegmentOrientation(
            Segment.PELVIS,
            t,
            np.tile(quaternion.IDENTITY, (len(t), 1)),
            GRAVITY * np.broadcast_to(up, (len(t), 3)) + noise,
            still,
            np.zeros(len(t), np.uint16),
        )
    )
    return kept


def made(kept: History, request: CalibrateRequest = REQUEST) -> Calibration:
    (calibration,) = calibrate(request, {Segment.PELVIS: ("a", kept), Segment.LUMBAR: ("", History())})
    return calibration


@settings(max_examples=40)
@given(st.floats(-180, 180), st.floats(-55, 55), st.floats(-30, 30), st.floats(-80, 80))
def test_any_clip_angle_gives_upright_zero_and_the_true_tip(
    clip_deg: float, slope_deg: float, side_deg: float, tip_deg: float
) -> None:
    """Turned in its plane by any angle, even upside down, and on a sloping back: a tip forward reads as itself."""
    sloped = Rotation.from_euler("y", slope_deg, degrees=True)
    clipped = Rotation.from_euler("z", clip_deg, degrees=True) * BODY_TO_SENSOR * sloped  # body → sensor
    mounting = made(history(clipped.apply([0.0, 0.0, 1.0]))).mounting
    for tip, side in ((0.0, 0.0), (tip_deg, 0.0), (0.0, side_deg)):
        pose = Rotation.from_euler("yx", [tip, side], degrees=True)  # body → world
        q = (pose * clipped.inv()).as_quat(scalar_first=True)
        assert pitch_deg(quaternion.multiply(q, mounting)) == pytest.approx(tip, abs=0.1)


def test_the_standard_error_grows_with_sway() -> None:
    t = np.arange(0.0, 12.0, 1 / 50)
    errors = []
    for sway_deg in (0.1, 0.5, 2.0):
        sway = np.radians(sway_deg) * np.sin(2 * np.pi * t / 7)
        errors.append(made(history(np.column_stack([np.cos(sway), 0 * t, np.sin(sway)]))).tilt_error_deg)
    assert errors == sorted(errors)
    assert 0.01 < errors[0] < 0.2
    assert 0.4 < errors[2] < 2.0


def test_what_is_no_quiet_upright_stance_is_refused_with_what_to_do() -> None:
    up = np.array([1.0, 0.0, 0.0])
    t = np.arange(0.0, 12.0, 1 / 50)
    bow = np.radians(20.0) * (t > 6.0)
    walk = np.radians(40.0) * np.sin(2 * np.pi * 2 * t)[:, None] * np.ones(3)
    refused = {
        "moved": [history(np.column_stack([np.cos(bow), 0 * t, np.sin(bow)])), history(up, walk)],
        "lies flat": [history(np.array([0.2, 0.0, -0.98])), history(np.array([0.0, 0.1, 0.99]))],
        "sent only": [history(up, until_s=5.0)],
        "1.50 g": [history(1.5 * up)],
    }
    for word, histories in refused.items():
        for kept in histories:
            with pytest.raises(PostureError, match=word) as caught:
                made(kept)
            assert "calibrate again" in str(caught.value)


@pytest.mark.parametrize(
    "request_", [CalibrateRequest(2.0, 0.5, Stance.STANDING), CalibrateRequest(float("nan"), 5.0, Stance.SITTING)]
)
def test_a_span_that_is_none_is_refused(request_: CalibrateRequest) -> None:
    with pytest.raises(PostureError, match="must last"):
        made(history(np.array([1.0, 0.0, 0.0])), request_)


def test_without_any_sample_there_is_nothing_to_calibrate() -> None:
    with pytest.raises(PostureError, match="No sensor"):
        made(history(np.array([1.0, 0.0, 0.0])), CalibrateRequest(100.0, 5.0, Stance.STANDING))


@pytest.mark.recordings
def test_people_who_sit_quietly_can_be_calibrated() -> None:
    """22 people, three upright trials of 30 s joined to one, with steps of some degrees between them."""
    files = sorted(shared("cairo_sitting").glob("*.npz"))
    for file in files:
        recording = load_cairo(file)
        start_s, duration_s, stance = recording.calibration
        sensors = {}
        for segment, source in recording.sources.items():
            counts = source.read(start_s, start_s + duration_s)
            raw = counts.counts.astype(np.float64)
            acc, gyr = raw[:, :3] * source.acc_scale, raw[:, 3:] * source.gyr_scale
            q = np.tile(quaternion.IDENTITY, (len(acc), 1))
            sensors[segment] = (str(segment), History())
            sensors[segment][1].feed(SegmentOrientation(segment, counts.t, q, acc, gyr, np.zeros(len(acc), np.uint16)))
        done = calibrate(CalibrateRequest(start_s, duration_s, stance), sensors)
        assert {calibration.segment for calibration in done} == set(Segment), file.stem
        assert max(calibration.tilt_error_deg for calibration in done) < 3.0, file.stem
    assert len(files) == 22
