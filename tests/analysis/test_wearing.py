"""Simulated wearers whose sensors slip or creep: found, asked once, mended, followed; who only sits teaches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import journal_records, quaternion
from analysis.io.commands import input_of_command
from analysis.mending import REPEAT_DEG, WALKED_DEG, lean_of
from analysis.model import (
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Event,
    Floats,
    Input,
    Output,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.schema import Command
from analysis.slips import FURTHEST_DEG, KIND
from benchmarks.worn_askew import Creep, slip, worn_askew
from hardware.twin.moves import Hold, Move, Rise, Shift, SitDown, Walk
from hardware.twin.posture import SIT_UPRIGHT
from hardware.twin.script import of_moves, sitting
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, arriving, assert_same, cut, joined

FIRST = (Hold(15.0), Walk(40.0), Hold(5.0), SitDown(), Hold(30.0))
AGAIN = (Rise(), Hold(5.0), Walk(45.0), Hold(25.0), SitDown(), Hold(20.0))
SLIPPING = of_moves("slipping", *FIRST, *AGAIN)
SLIP_S = 75.0
ASK_S = sum(move.duration_s for move in (*FIRST, *AGAIN[:3])) + 10.0
TALL = CalibrateRequest(ASK_S, 6.0, Stance.STANDING, CalibrationKind.TALL)
SEATED = CalibrateRequest(ASK_S + 25.0, 6.0, Stance.STANDING, CalibrationKind.TALL)


def told(outputs: Sequence[Output], kind: str) -> list[Event]:
    return [output for output in outputs if isinstance(output, Event) and output.kind == kind]


def made(outputs: Sequence[Output], kind: CalibrationKind) -> list[Calibration]:
    return [output for output in outputs if isinstance(output, Calibration) and output.kind is kind]


def error_deg(wearer: Wearer, outputs: Sequence[Output], from_s: float) -> float:
    """RMSE of pelvic tilt after `from_s`."""
    frame = joined(outputs)
    error = frame.values["pelvic_tilt"] - wearer.truth(frame.t).pelvic_tilt_deg
    return float(np.sqrt(np.mean(error[frame.t > from_s] ** 2)))


@cache
def slipped(forward_deg: float, right_deg: float, seed: int, *asked: CalibrateRequest) -> tuple[Wearer, list[Output]]:
    wearer = Wearer(SLIPPING, seed)
    worn = worn_askew(wearer, {Segment.PELVIS: slip(SLIP_S, forward_deg, right_deg)})
    return wearer, Pipeline(PipelineSettings()).feed(QUIET, *later(worn, asked), SessionEnd(SLIPPING.end_s))


def later(worn: Sequence[SampleBlock], asked: Sequence[CalibrateRequest]) -> list[Input]:
    """Each request where a wearer would have pressed the button."""
    pieces: list[Input] = [*arriving(*(cut(block, range(52, len(block.t), 52)) for block in worn))]
    for request in reversed(asked):
        place = next(number for number, one in enumerate(pieces) if _ends(one) > request.start_s)
        pieces.insert(place, request)
    return pieces


def _ends(item: Input) -> float:
    return float(item.t[-1]) if isinstance(item, SampleBlock) else 0.0


@pytest.mark.parametrize(
    ("forward_deg", "right_deg"), [(6.0, 0.0), (-14.0, 0.0), (12.0, 8.0), (25.0, 0.0), (0.0, -9.0)]
)
def test_a_slip_is_told_once_and_mended_by_standing_tall(forward_deg: float, right_deg: float) -> None:
    wearer, outputs = slipped(forward_deg, right_deg, 2, TALL)
    (event,) = told(outputs, KIND)
    assert event.start_s > SLIP_S
    assert event.values["pelvis_off_deg"] == pytest.approx(np.hypot(forward_deg, right_deg), abs=2.0)
    assert "lumbar_off_deg" not in event.values
    (mended,) = made(outputs, CalibrationKind.TALL)
    (first, *_) = [one for one in made(outputs, CalibrationKind.STANCE) if one.segment is Segment.PELVIS]
    assert mended.segment is Segment.PELVIS
    assert mended.tilt_error_deg >= REPEAT_DEG
    turn = quaternion.multiply(quaternion.conjugate(first.mounting), mended.mounting)
    assert abs(float(turn[3])) < 1e-12  # nothing about the vertical
    answer = told(outputs, "calibrated")[-1]
    assert answer.values["pelvis_forward_deg"] == pytest.approx(forward_deg, abs=1.5)
    assert answer.values["pelvis_right_deg"] == pytest.approx(right_deg, abs=1.5)
    assert str(answer.values["pelvis_old"]) == " ".join(f"{part:.6f}" for part in first.mounting)
    assert error_deg(wearer, outputs, TALL.start_s + TALL.duration_s) < 1.5
    if forward_deg:
        assert error_deg(wearer, slipped(forward_deg, right_deg, 2)[1], TALL.start_s) > 0.8 * abs(forward_deg)


def test_nothing_is_told_or_changed_where_nothing_slipped() -> None:
    _, outputs = slipped(0.0, 0.0, 2)
    assert not told(outputs, KIND)
    assert not told(outputs, "corrected")


def test_standing_tall_without_a_slip_touches_up_both_sensors() -> None:
    wearer, outputs = slipped(0.0, 0.0, 2, TALL)
    assert {one.segment for one in made(outputs, CalibrationKind.TALL)} == set(Segment)
    assert error_deg(wearer, outputs, TALL.start_s) < 1.5


@pytest.mark.parametrize("forward_deg", [0.0, -14.0])
def test_sitting_is_not_taken_for_standing_tall(forward_deg: float) -> None:
    _, outputs = slipped(forward_deg, 0.0, 2, SEATED)
    (failed,) = told(outputs, "calibration_failed")
    assert "get up" in str(failed.values["reason"])
    assert not made(outputs, CalibrationKind.TALL)


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (CalibrateRequest(ASK_S, 6.0, Stance.SITTING, CalibrationKind.TALL), "Only standing"),
        (CalibrateRequest(ASK_S, 2.0, Stance.STANDING, CalibrationKind.TALL), "at least 3 s"),
        (CalibrateRequest(30.0, 6.0, Stance.STANDING, CalibrationKind.TALL), "moved"),
    ],
)
def test_standing_tall_done_wrong_is_refused_with_what_to_do(request_: CalibrateRequest, word: str) -> None:
    (failed,) = told(slipped(-14.0, 0.0, 2, request_)[1], "calibration_failed")
    assert word in str(failed.values["reason"])


def test_standing_tall_in_the_past_or_before_any_calibration_is_refused() -> None:
    past, before = (CalibrateRequest(at_s, 3.0, Stance.STANDING, CalibrationKind.TALL) for at_s in (2.0, 4.0))
    worn = worn_askew(Wearer(SLIPPING, 2), {})
    outputs = Pipeline(PipelineSettings()).feed(before, QUIET, *worn, past, SessionEnd(SLIPPING.end_s))
    reasons = [str(event.values["reason"]) for event in told(outputs, "calibration_failed")]
    assert sorted(reason.split(";")[0] for reason in reasons) == [
        "Standing tall only counts from now on",
        "Your upright standing is not known",
    ]


def test_a_command_asks_for_it_and_the_journal_keeps_it() -> None:
    command = Command(id="c", action="calibrate", stance=Stance.STANDING, kind=CalibrationKind.TALL)
    request, text = input_of_command(command, 100.0)
    assert request == CalibrateRequest(100.0, 6.0, Stance.STANDING, CalibrationKind.TALL)
    assert text.startswith("Stand tall")
    assert journal_records.decode_input(journal_records.encode_input(request)) == request


def desk(hours: float, *up: Move) -> list[Move]:
    """A quarter of an hour of sitting at a time, and what is done in between."""
    rng = np.random.default_rng(7)
    moves: list[Move] = [Hold(15.0), Walk(40.0)]
    for _ in range(round(4 * hours)):
        moves += [SitDown(), *sitting(rng, 840.0), *(up or (Shift(SIT_UPRIGHT),))]
        moves += [] if up else [Rise(), Hold(1.0)]
    return moves


CREEPING = of_moves("creeping", *desk(2.0, Rise(), Hold(3.0), Walk(45.0), Hold(3.0)))
CREEP = {Segment.PELVIS: Creep(0.0, 7200.0, 3.0)}


@cache
def crept() -> list[Output]:
    worn = worn_askew(Wearer(CREEPING, 3), CREEP)
    return Pipeline(PipelineSettings()).feed(QUIET, *worn, SessionEnd(CREEPING.end_s))


def test_a_slow_drift_is_followed_silently_and_every_correction_is_told() -> None:
    wearer, outputs = Wearer(CREEPING, 3), crept()
    assert not told(outputs, KIND)
    corrected = told(outputs, "corrected")
    steps = [one for one in outputs if isinstance(one, Calibration) and one.corrected_deg]
    assert len(corrected) == len(steps) > 0
    first = next(one for one in outputs if isinstance(one, Calibration) and one.segment is Segment.PELVIS)
    turn = quaternion.multiply(quaternion.conjugate(first.mounting), steps[-1].mounting)
    forward_deg, right_deg = lean_of(quaternion.rotate(turn, np.array([0.0, 0.0, 1.0])))
    assert 1.5 < forward_deg < 3.5
    assert right_deg == pytest.approx(0.0, abs=1.0)
    for event, step in zip(corrected, steps, strict=True):
        assert event.end_s == step.made_s
        assert {"pelvis_forward_deg", "pelvis_right_deg", "pelvis_old", "pelvis_new", "reason"} == event.values.keys()
        assert step.heading_error_deg is first.heading_error_deg
        assert step.kind is CalibrationKind.STANCE
        assert WALKED_DEG < step.tilt_error_deg < 2.0
        assert 0.0 < step.corrected_deg < FURTHEST_DEG
        back = journal_records.decode_input(journal_records.encode_input(step))
        assert isinstance(back, Calibration)
        assert back.corrected_deg == step.corrected_deg
    assert error_deg(wearer, outputs, 3600.0) < 1.5


def test_who_only_sits_for_hours_teaches_nothing() -> None:
    script = of_moves("sitting", Hold(15.0), Walk(40.0), SitDown(), *sitting(np.random.default_rng(3), 2400.0))
    for creep in ({}, {Segment.LUMBAR: Creep(300.0, 2300.0, -6.0)}):
        worn = worn_askew(Wearer(script, 4), creep)
        outputs = Pipeline(PipelineSettings()).feed(QUIET, *worn, SessionEnd(script.end_s))
        assert not told(outputs, KIND)
        assert not told(outputs, "corrected")
        assert len([one for one in outputs if isinstance(one, Calibration)]) == 2


CYCLE = (Walk(40.0), Hold(5.0), SitDown(), Hold(20.0), Rise())
CYCLE_S = sum(move.duration_s for move in CYCLE)
SHORT = of_moves("short", Hold(15.0), *(move for _ in range(5) for move in CYCLE))
PAUSE_S = 1500.0  # of silence in between: hours pass without being lived through


def stretched(t: Floats) -> Floats:
    """The pauses put in, each while the wearer sits."""
    return t + PAUSE_S * np.floor((t + CYCLE_S - 70.0) / CYCLE_S)


STOOD = CalibrateRequest(
    float(stretched(np.array([15.0 + 4 * CYCLE_S + 41.0]))[0]), 4.0, Stance.STANDING, CalibrationKind.TALL
)


@cache
def short() -> tuple[SampleBlock, ...]:
    """Creep, and standing tall after the last walk."""
    worn = worn_askew(Wearer(SHORT, 5), {Segment.LUMBAR: Creep(60.0, 300.0, 0.0, 4.0)})
    return tuple(replace(block, t=stretched(block.t)) for block in worn)


def fed(pieces: Sequence[Input], size: int) -> list[Output]:
    """In feeds of `size`; around a pause in one feed, in which no sensor is ahead of the other."""
    t = short()[0].t
    edges: Floats = np.concatenate([t[:-1][np.diff(t) > 10.0], t[1:][np.diff(t) > 10.0]])
    pipeline = Pipeline(PipelineSettings())
    outputs, held = pipeline.feed(QUIET), list[Input]()
    for piece in pieces:
        held.append(piece)
        if len(held) >= size and np.abs(edges - _ends(piece)).min() > 3.0:
            outputs += pipeline.feed(*held)
            held = []
    return outputs + pipeline.feed(*held, SessionEnd(float(t[-1])))


@cache
def reference() -> list[Output]:
    return fed(later(short(), (STOOD,)), 10**6)


@settings(max_examples=2)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 30]))
def test_cutting_and_grouping_change_not_a_bit_of_corrections(seed: int, bundle: int) -> None:
    assert told(reference(), "corrected")
    assert made(reference(), CalibrationKind.TALL)
    rng = np.random.default_rng(seed)
    streams = [cut(block, np.cumsum(rng.integers(1, 50, len(block.t) // 20)).tolist()) for block in short()]
    pieces: list[Input] = [*arriving(*streams)]
    place = next(number for number, one in enumerate(pieces) if _ends(one) > STOOD.start_s)
    pieces.insert(place, STOOD)
    assert_same(fed(pieces, bundle), reference())


def test_the_turn_of_a_creep_is_what_the_wearer_feels() -> None:
    """The test's own physics: a sensor turned by 10° sees its segment lean by 10°."""
    wearer = Wearer(of_moves("still", Hold(10.0)), 3)
    plain, turned = (worn_askew(wearer, creeps)[0] for creeps in ({}, {Segment.PELVIS: slip(2.0, 10.0)}))
    late: Floats = plain.acc[plain.t > 5.0].mean(axis=0)
    other: Floats = turned.acc[turned.t > 5.0].mean(axis=0)
    cosine = float(late @ other / np.linalg.norm(late) / np.linalg.norm(other))
    assert np.degrees(np.arccos(cosine)) == pytest.approx(10.0, abs=0.1)
