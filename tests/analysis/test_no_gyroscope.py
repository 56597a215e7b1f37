"""Sensors that have an accelerometer alone: what they tell, what they cannot, and the same however it is cut."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import quaternion
from analysis.intake import Intake
from analysis.metrics import pelvic_tilt
from analysis.metrics.uncertainty import BLIND_DEG, BLIND_MOVING_DEG, error_of
from analysis.model import (
    GRAVITY,
    Activity,
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    Event,
    Floats,
    Input,
    Output,
    PostureFrame,
    Quality,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.orientation import OrientationFilter
from analysis.pipeline import Pipeline, PipelineSettings
from benchmarks.calibration import perform, steps_ahead
from hardware.twin.moves import Hold, Rise, SitDown, Walk
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, arriving, assert_same, blocks, cut, joined

BOTH = frozenset(Segment)
SCRIPT = of_moves(
    "desk", Hold(15.0), SitDown(), Hold(42.0), Rise(), Hold(12.0), Walk(20.0), Hold(5.0), SitDown(), Hold(12.0)
)


def bare(block: SampleBlock) -> SampleBlock:
    """As a sensor without a gyroscope that counts in mg would tell it."""
    acc = np.round(block.acc / GRAVITY * 1000) / 1000 * GRAVITY
    return replace(block, acc=acc, gyr=np.full_like(block.gyr, np.nan))


def stream(wearer: Wearer, segment: Segment, blind: frozenset[Segment], rate_hz: float = 50.0) -> SampleBlock:
    (whole,) = blocks(wearer.source(segment, rate_hz), wearer.script.end_s, size=10**6)
    return bare(whole) if segment in blind else whole


def fed(inputs: list[Input]) -> list[Output]:
    pipeline = Pipeline(PipelineSettings())
    told = pipeline.feed(QUIET)
    for item in inputs:
        told += pipeline.feed(item)
    return told + pipeline.feed(SessionEnd(max(float(item.t[-1]) for item in inputs if isinstance(item, SampleBlock))))


@cache
def day(blind: frozenset[Segment]) -> list[Output]:
    wearer = Wearer(SCRIPT, 5)
    return fed([*arriving(*(cut(stream(wearer, segment, blind), range(50, 10**5, 50)) for segment in Segment))])


@pytest.mark.parametrize("blind", [BOTH, frozenset({Segment.PELVIS}), frozenset({Segment.LUMBAR})])
def test_sitting_standing_and_walking_are_told_as_with_gyroscopes(blind: frozenset[Segment]) -> None:
    seen, usual = joined(day(blind)), joined(day(frozenset()))
    assert np.array_equal(seen.t, usual.t)
    truth = Wearer(SCRIPT, 5).truth(seen.t).activity
    known = np.isfinite(seen.values["pelvic_tilt"])
    is_right, was_right = (frame.activity[known] == truth[known] for frame in (seen, usual))
    assert is_right.mean() > was_right.mean() - 0.02
    kinds = [output.kind for output in day(blind) if isinstance(output, Event) and output.kind in ("rise", "sitting")]
    assert kinds == [e.kind for e in day(frozenset()) if isinstance(e, Event) and e.kind in ("rise", "sitting")]


def test_a_held_posture_is_told_as_with_gyroscopes() -> None:
    seen, usual = joined(day(BOTH)), joined(day(frozenset()))
    sits = (seen.t > 25.0) & (seen.t < 55.0)
    for name in ("pelvic_tilt", "lumbar_lordosis", "trunk_lean", "pelvic_obliquity"):
        assert np.abs(seen.values[name][sits] - usual.values[name][sits]).max() < 1.0, name


def test_what_takes_a_gyroscope_is_unknown_and_says_why() -> None:
    frame = joined(day(BOTH))
    for name in ("pelvis_speed", "trunk_speed", "twist_speed"):
        assert np.isnan(frame.values[name]).all()
    assert (frame.quality & Quality.NO_GYROSCOPE).all()
    mixed = joined(day(frozenset({Segment.LUMBAR})))
    known = np.isfinite(mixed.values["pelvic_tilt"])
    assert np.isfinite(mixed.values["pelvis_speed"][known]).all()
    assert np.isnan(mixed.values["trunk_speed"]).all()
    assert np.isnan(mixed.values["twist_speed"]).all()


def test_a_walk_tells_steps_but_no_angles() -> None:
    (walk,) = (output for output in day(BOTH) if isinstance(output, Event) and output.kind == "gait")
    (usual,) = (output for output in day(frozenset()) if isinstance(output, Event) and output.kind == "gait")
    steps, known = walk.values["steps"], usual.values["steps"]
    assert isinstance(steps, int)
    assert isinstance(known, int)
    assert abs(steps - known) <= 1
    for name in ("rotation_deg", "obliquity_deg", "tilt_deg", "push_off_m_s2"):
        assert usual.values[name] is not None
        assert walk.values[name] is None
    assert "no gyroscope" in str(walk.values["reason"])


@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 20]))
def test_cutting_changes_not_a_bit_even_where_sensors_are_swapped(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = [cut(block, np.cumsum(rng.integers(1, 2 * size, len(block.t))).tolist()) for block in swapped()]
    parts = [part for piece in pieces for part in piece]
    assert_same(fed(_in_order(parts)), reference())


def _in_order(parts: list[SampleBlock]) -> list[Input]:
    return [*sorted(parts, key=lambda block: float(block.t[-1]))]


@cache
def swapped() -> list[SampleBlock]:
    """One without a gyroscope takes the place of one with one, and later the other way round for the other."""
    wearer = Wearer(of_moves("swapped", Hold(14.0), SitDown(), Hold(12.0), Rise(), Walk(15.0), Hold(4.0)), 3)
    told = []
    for segment, is_blind_first in ((Segment.PELVIS, False), (Segment.LUMBAR, True)):
        whole = stream(wearer, segment, frozenset())
        halves = zip(cut(whole, [len(whole.t) // 2]), (is_blind_first, not is_blind_first), strict=True)
        for number, (half, is_blind) in enumerate(halves):
            told.append(replace(bare(half) if is_blind else half, sensor_id=f"sensor {number}"))
    return told


@cache
def reference() -> list[Output]:
    parts = [part for block in swapped() for part in cut(block, range(10, 10**5, 10))]
    return fed(_in_order(parts))


def test_the_swapped_reference_has_both_kinds() -> None:
    lacks = (joined(reference()).quality & Quality.NO_GYROSCOPE) > 0
    assert lacks.any()
    halves = np.array_split(joined(reference()).values["pelvis_speed"], 2)
    assert np.isfinite(halves[0]).any()
    assert np.isnan(halves[1][20:]).all()


def runs_of(t: Floats, acc: Floats, gyr: Floats, places: list[int]) -> list[Floats]:
    """The runs that rows cut at these places are taken for."""
    worker, runs = Intake(), [np.empty((0, 7))]
    for a, b in pairwise(sorted({0, len(t), *places})):
        told = worker.feed(t[a:b], acc[a:b], gyr[a:b])
        runs[-1:] = [np.concatenate([runs[-1], *told[:1]]), *told[1:]]
    told = worker.flush()
    runs[-1:] = [np.concatenate([runs[-1], *told[:1]]), *told[1:]]
    return [run for run in runs if len(run)]


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 199), max_size=12))
def test_once_a_turn_rate_was_told_a_row_without_is_broken(seed: int, places: list[int]) -> None:
    rng = np.random.default_rng(seed)
    t, acc, gyr = np.arange(200) / 50, rng.normal((0, 0, GRAVITY), 0.3, (200, 3)), rng.normal(0, 0.1, (200, 3))
    first = int(rng.integers(0, 200))
    lost = rng.integers(0, 200, 6)
    gyr[:first] = np.nan
    gyr[lost] = np.nan
    acc[rng.integers(0, 200, 3)] *= 6
    gyr[rng.integers(0, 200, 2)] *= 300
    kept, wanted = runs_of(t, acc, gyr, places), runs_of(t, acc, gyr, [])
    assert len(kept) == len(wanted)
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(kept, wanted, strict=True))
    for run in kept:
        assert len(np.unique(np.isnan(run[:, 4:]))) == 1  # no run mixes both kinds
    if first + len(lost) < 200:
        assert np.isfinite(kept[-1]).all()


def test_rest_is_level_and_a_new_posture_is_followed_within_a_second() -> None:
    t = np.arange(1500) / 50
    pitch = np.radians(30.0) * np.clip(t - 15.0, 0.0, 1.0)
    acc = GRAVITY * np.column_stack([-np.sin(pitch), 0 * t, np.cos(pitch)])
    worker = OrientationFilter(Segment.PELVIS)
    parts = [*worker.feed(t, acc, np.full((1500, 3), np.nan)), *worker.flush()]
    up = quaternion.up_in_body(np.concatenate([part.q for part in parts]))
    off_deg = np.degrees(np.arctan2(-up[:, 0], up[:, 2]) - pitch)
    assert np.abs(off_deg[t < 15.0]).max() < 0.01
    assert np.abs(off_deg[t > 17.0]).max() < 0.1
    assert np.abs(off_deg).max() < 12.0
    quality = np.concatenate([part.quality for part in parts])
    assert (quality & Quality.NO_GYROSCOPE).all()
    is_moving = (quality & Quality.MOVING) > 0
    assert is_moving[(t > 15.3) & (t < 15.9)].all()
    assert not is_moving[(t < 15.0) | (t > 17.0)].any()
    assert all(np.isnan(part.gyr).all() for part in parts)


def test_a_resting_sensor_is_still_taken_to_be_worn() -> None:
    t = np.arange(200 * 50) / 50
    acc = np.tile([0.0, 0.0, GRAVITY], (len(t), 1))
    block = SampleBlock("s", "a", Segment.PELVIS, 0, t, acc, np.full((len(t), 3), np.nan))
    frame = joined(fed([*cut(block, range(500, len(t), 500))]))
    assert not (frame.quality & Quality.NOT_WORN).any()
    assert not (frame.activity == Activity.NOT_WORN).any()


def calibrated(seed: int, kind: CalibrationKind) -> list[Output]:
    shown = perform(seed, steps=steps_ahead(seed) if kind is CalibrationKind.STEPS else None)
    request = CalibrateRequest(2.0, shown.bent_s - 2.0, Stance.STANDING, kind)
    end = SessionEnd(float(shown.blocks[0].t[-1]))
    return Pipeline(PipelineSettings()).feed(request, *(bare(block) for block in shown.blocks), end)


@pytest.mark.parametrize("seed", range(4))
def test_two_bends_show_where_forward_is(seed: int) -> None:
    true = perform(seed).mountings
    made = [output for output in calibrated(seed, CalibrationKind.BENDS) if isinstance(output, Calibration)]
    assert {one.segment for one in made} == BOTH
    for one in made:
        turned = quaternion.multiply(quaternion.conjugate(true[one.segment]), one.mounting)
        assert math.degrees(2 * math.acos(min(1.0, abs(float(turned[0]))))) < 5.0
        assert one.heading_error_deg > 3.0  # a twist in the bends would not have shown


def test_steps_do_not_and_the_refusal_says_so() -> None:
    told = calibrated(1, CalibrationKind.STEPS)
    (failed,) = (one for one in told if isinstance(one, Event) and one.kind == "calibration_failed")
    assert "no gyroscope" in str(failed.values["reason"])


def frame_of(quality: int, **values: float) -> PostureFrame:
    columns = {name: np.array([value]) for name, value in values.items()}
    return PostureFrame(np.array([1.0]), columns, np.zeros(1, np.int8), np.array([quality], np.uint16))


def test_the_error_says_that_there_is_no_gyroscope() -> None:
    def error_deg(quality: int, **speeds: float) -> float:
        frame = frame_of(quality, pelvic_tilt=5.0, **speeds)
        return float(error_of("pelvic_tilt", pelvic_tilt.METRIC, frame, ())[0])

    usual = error_deg(Quality.GOOD, pelvis_speed=0.0)
    assert error_deg(Quality.NO_GYROSCOPE, pelvis_speed=math.nan) == pytest.approx(math.hypot(usual, BLIND_DEG))
    assert error_deg(Quality.NO_GYROSCOPE, pelvis_speed=0.0) == usual  # it is the other one that has none
    moving = error_deg(Quality.MOVING, pelvis_speed=0.0)
    both = Quality.NO_GYROSCOPE | Quality.MOVING
    assert error_deg(both, pelvis_speed=math.nan) == pytest.approx(math.hypot(moving, BLIND_MOVING_DEG))
