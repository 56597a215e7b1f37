"""Requests for a calibration by bends, from the asking through the pipeline and the journal to the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import journal_records, quaternion
from analysis.errors import PostureError
from analysis.io.commands import input_of_command
from analysis.model import (
    Activity,
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Event,
    Input,
    Output,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.schema import Command
from hardware.twin.imu import ImuErrors
from hardware.twin.moves import Hold, Shift, SitDown
from hardware.twin.posture import STAND_UPRIGHT, Posture
from hardware.twin.script import of_moves
from hardware.twin.steps_ahead import StepsAhead
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import arriving, assert_same, blocks, cut, joined

BOW = Posture(Activity.STANDING, tilt_deg=35.0, lordosis_deg=-35.0)
BENDS = (Shift(BOW, 2.5), Hold(0.5), Shift(STAND_UPRIGHT, 2.5), Hold(1.0))
SCRIPT = of_moves("bends", Hold(8.0), *BENDS, *BENDS, Hold(4.0), SitDown(), Hold(8.0))
REQUEST = CalibrateRequest(1.0, 22.0, Stance.STANDING, CalibrationKind.BENDS)


STRIDE = of_moves("steps", Hold(8.0), *BENDS, *BENDS, Hold(2.0), StepsAhead(8, pelvis_askew_deg=3.0), Hold(4.0))
STEPS = CalibrateRequest(1.0, 28.0, Stance.STANDING, CalibrationKind.STEPS)
STEPS_END = SessionEnd(STRIDE.end_s)


@cache
def streams() -> tuple[SampleBlock, SampleBlock]:
    wearer = Wearer(SCRIPT, 3)
    (pelvis,) = blocks(wearer.source(Segment.PELVIS, 52.0), SCRIPT.end_s, size=10**6)
    (lumbar,) = blocks(wearer.source(Segment.LUMBAR, 50.0), SCRIPT.end_s, size=10**6)
    return pelvis, lumbar


@cache
def strides() -> tuple[SampleBlock, SampleBlock]:
    wearer = Wearer(STRIDE, 3)
    (pelvis,) = blocks(wearer.source(Segment.PELVIS, 52.0), STRIDE.end_s, size=10**6)
    (lumbar,) = blocks(wearer.source(Segment.LUMBAR, 50.0), STRIDE.end_s, size=10**6)
    return pelvis, lumbar


@cache
def stepped() -> list[Output]:
    return fed([STEPS, *arriving(*(cut(block, range(13, len(block.t), 13)) for block in strides())), STEPS_END])


def fed(inputs: Sequence[Input]) -> list[Output]:
    pipeline = Pipeline(PipelineSettings())
    return [output for item in inputs for output in pipeline.feed(item)]


@cache
def reference() -> list[Output]:
    return fed([REQUEST, *arriving(*(cut(block, range(13, len(block.t), 13)) for block in streams())), END])


END = SessionEnd(SCRIPT.end_s)


@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1), st.sampled_from([6, 13, 22]))
def test_cutting_changes_not_a_bit(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = [cut(block, np.cumsum(rng.integers(1, 2 * size + 1, len(block.t))).tolist()) for block in streams()]
    assert_same(fed([REQUEST, *arriving(*pieces), END]), reference())


@settings(max_examples=2)
@given(st.integers(0, 2**32 - 1))
def test_nor_does_it_with_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stepping = [cut(block, np.cumsum(rng.integers(1, 40, len(block.t))).tolist()) for block in strides()]
    assert_same(fed([STEPS, *arriving(*stepping), STEPS_END]), stepped())


def test_it_says_how_it_was_made_and_how_well() -> None:
    made = {output.segment: output for output in reference() if isinstance(output, Calibration)}
    (told,) = [output for output in reference() if isinstance(output, Event) and output.kind == "calibrated"]
    assert (told.start_s, told.end_s) == (1.0, 23.0)
    assert told.values["kind"] == "bends"
    for number, segment in enumerate(Segment):
        calibration = made[segment]
        assert calibration.kind is CalibrationKind.BENDS
        assert told.values[f"{segment}_tilt_error_deg"] == calibration.tilt_error_deg < 1.0
        assert told.values[f"{segment}_heading_error_deg"] == calibration.heading_error_deg < 2.0
        true = ImuErrors.default(2 * 3 + number).mounting
        apart = quaternion.multiply(quaternion.conjugate(true), calibration.mounting)
        assert 2 * math.degrees(math.acos(min(1.0, abs(float(apart[0]))))) < 3.0


def test_steps_after_the_bends_turn_forward_a_little_and_make_it_surer() -> None:
    made = {output.segment: output for output in stepped() if isinstance(output, Calibration)}
    bent = Pipeline(PipelineSettings()).feed(replace(STEPS, kind=CalibrationKind.BENDS), *strides(), STEPS_END)
    before = {output.segment: output for output in bent if isinstance(output, Calibration)}
    assert made.keys() == before.keys() == set(Segment)
    for segment, calibration in made.items():
        assert calibration.kind is CalibrationKind.STEPS
        assert calibration.heading_error_deg < before[segment].heading_error_deg
        w, x, y, z = quaternion.multiply(quaternion.conjugate(before[segment].mounting), calibration.mounting).tolist()
        assert (x, y) == pytest.approx((0.0, 0.0), abs=1e-12)  # about up alone
        assert -2.0 < 2 * math.degrees(math.atan2(z, w)) < -0.1  # the walk goes to the right of where the pelvis faces


def test_steps_that_are_missing_or_taken_sitting_are_told_in_a_sentence() -> None:
    for request, word in (
        (replace(STEPS, stance=Stance.SITTING), "standing"),
        (replace(STEPS, duration_s=21.0), "5 steps"),
    ):
        outputs = Pipeline(PipelineSettings()).feed(request, *strides(), STEPS_END)
        (failed,) = [output for output in outputs if isinstance(output, Event) and output.kind == "calibration_failed"]
        assert word in str(failed.values["reason"])
        assert not [output for output in outputs if isinstance(output, Calibration)]


def test_afterwards_upright_is_zero_and_sitting_tips_the_pelvis_back() -> None:
    frame = joined(reference())
    upright, seated = (frame.t > 23.5) & (frame.t < 24.0), frame.t > 30.0
    assert np.abs(frame.values["pelvic_tilt"][upright]).max() < 2.0
    assert np.abs(frame.values["pelvic_tilt"][seated] + 18.3).max() < 3.0
    assert np.isnan(frame.values["pelvic_tilt"][frame.t <= 23.0]).all()


@pytest.mark.parametrize("swapped", [False, True])
def test_exchanged_sensors_are_told_in_a_sentence(swapped: bool) -> None:
    names = {Segment.PELVIS: Segment.LUMBAR, Segment.LUMBAR: Segment.PELVIS}
    whole = [
        SampleBlock(b.session_id, b.sensor_id, names[b.segment] if swapped else b.segment, 0, b.t, b.acc, b.gyr)
        for b in streams()
    ]
    outputs = Pipeline(PipelineSettings()).feed(REQUEST, *whole, END)
    failed = [output for output in outputs if isinstance(output, Event) and output.kind == "calibration_failed"]
    assert bool(failed) is swapped
    if swapped:
        assert str(failed[0].values["reason"]).startswith("The two sensors seem to be exchanged")
        assert not [output for output in outputs if isinstance(output, Calibration)]


def test_records_of_before_and_of_now_can_be_read() -> None:
    old = b'{"type":"calibrate","start_s":1.0,"duration_s":5.0,"stance":"standing"}'
    assert journal_records.decode_input(old) == CalibrateRequest(1.0, 5.0, Stance.STANDING)
    assert journal_records.decode_input(journal_records.encode_input(REQUEST)) == REQUEST
    old = (
        b'{"type":"calibration","segment":"pelvis","sensor_id":"a","stance":"standing","made_s":2.0,'
        b'"mounting":[1,0,0,0],"tilt_error_deg":0.1}'
    )
    carried = journal_records.decode_input(old)
    assert isinstance(carried, Calibration)
    assert carried.kind is CalibrationKind.STANCE
    assert math.isnan(carried.heading_error_deg)
    made = next(output for output in reference() if isinstance(output, Calibration))
    back = journal_records.decode_input(journal_records.encode_input(made))
    assert isinstance(back, Calibration)
    assert (back.kind, back.heading_error_deg) == (made.kind, made.heading_error_deg)


def test_a_command_asks_for_bends_and_is_told_what_to_do() -> None:
    command = Command(id="c", action="calibrate", stance=Stance.STANDING, kind=CalibrationKind.BENDS)
    request, text = input_of_command(command, 100.0)
    assert request == CalibrateRequest(100.0, 25.0, Stance.STANDING, CalibrationKind.BENDS)
    assert "bend forward slowly, twice" in text
    request, text = input_of_command(
        Command(id="c", action="calibrate", stance=Stance.STANDING, kind=CalibrationKind.STEPS), 100.0
    )
    assert request == CalibrateRequest(100.0, 40.0, Stance.STANDING, CalibrationKind.STEPS)
    assert "walk six to ten steps" in text
    with pytest.raises(PostureError, match="standing"):
        input_of_command(Command(id="c", action="calibrate", stance=Stance.SITTING, kind=CalibrationKind.STEPS), 100.0)
