"""The whole way from samples to prompts: the same to the last bit however it is fed, and hard to break."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.break_flow import Prompt, PromptState
from analysis.detectors.activity import CONFIDENCE
from analysis.detectors.hindsight import SETTLED
from analysis.model import (
    Activity,
    CalibrateRequest,
    Calibration,
    CarriedPostures,
    Event,
    Input,
    Label,
    Output,
    Quality,
    SampleBlock,
    Segment,
    SessionEnd,
    ShownPosture,
    Stance,
)
from analysis.pipeline import FLEXION_SHARE, Pipeline, PipelineSettings
from hardware.twin.moves import Hold, Rise, SitDown, Walk
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.breaks.simple import standing_after
from tests.analysis.simulated import QUIET, arriving, assert_same, blocks, cut, joined, worn

SETTINGS = PipelineSettings(standing_after(20.0, ignore_s=15.0, rise_s=5.0))
SCRIPT = of_moves(
    "desk", Hold(15.0), SitDown(), Hold(62.0), Rise(), Hold(8.0), Walk(16.0), Hold(5.0), SitDown(), Hold(15.0)
)
END_S = SCRIPT.end_s
CONTROLS_S = [25.0, 33.0, 60.0, 64.0, 70.0, 90.0, 104.0]
SHOWN = ShownPosture(Activity.SITTING, Stance.STANDING, 900.0, -20.0, 6.0, -15.0, 5.0)


@cache
def streams() -> tuple[SampleBlock, SampleBlock]:
    """Two sensors with different rates, two holes in one of them and one in both."""
    wearer = Wearer(SCRIPT, 5)
    (pelvis,) = blocks(wearer.source(Segment.PELVIS, 52.0), END_S, size=10**6)
    (lumbar,) = blocks(wearer.source(Segment.LUMBAR, 50.0), END_S, size=10**6)
    return without(pelvis, (30.0, 30.4), (99.0, 100.5)), without(lumbar, (40.0, 40.9), (99.2, 100.3))


def without(block: SampleBlock, *spans: tuple[float, float]) -> SampleBlock:
    kept = np.ones(len(block.t), dtype=bool)
    for a, b in spans:
        kept &= (block.t < a) | (block.t >= b)
    return replace(block, t=block.t[kept], acc=block.acc[kept], gyr=block.gyr[kept])


def controls(inputs: Sequence[SampleBlock]) -> list[Input]:
    """With requests for the future and the past, and labels, each at its own place among the samples."""
    at: list[tuple[float, Input]] = [
        (0.0, QUIET),
        (25.0, Label(20.0, 24.0, "tea")),
        (33.0, CalibrateRequest(26.0, 3.0, Stance.SITTING)),
        (60.0, CalibrateRequest(2.0, 9.0, Stance.STANDING)),
        (64.0, Label(26.0, 58.0, "", Activity.SITTING)),
        (70.0, Label(50.0, 52.0, "", Activity.UNKNOWN)),
        (70.0, CarriedPostures((SHOWN,))),
        (90.0, CalibrateRequest(92.0, 6.0, Stance.STANDING)),
        (104.0, Label(84.0, 99.0, "", Activity.STANDING)),
    ]
    mixed: list[Input] = []
    for block in inputs:
        while at and block.t[0] >= at[0][0]:
            mixed.append(at.pop(0)[1])
        mixed.append(block)
    return mixed + [item for _, item in at] + [SessionEnd(END_S)]


def cut_at_controls(block: SampleBlock, places: Sequence[int]) -> list[SampleBlock]:
    """A control comes between the same two samples however else the blocks are cut; and no block spans a hole."""
    holes = np.flatnonzero(np.diff(block.t) > 0.25) + 1
    return cut(block, [*places, *holes.tolist(), *np.searchsorted(block.t, CONTROLS_S).tolist()])


def fed(inputs: Sequence[Input], groups: Sequence[int] = ()) -> list[Output]:
    pipeline = Pipeline(SETTINGS)
    told: list[Output] = []
    edges = sorted({0, len(inputs), *(group for group in groups if group < len(inputs))})
    for a, b in pairwise(edges):
        told += pipeline.feed(*inputs[a:b])
    return told


@cache
def reference() -> list[Output]:
    return fed(controls(arriving(*(cut_at_controls(block, ()) for block in streams()))))


@settings(max_examples=16)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 7, 13, 26]), st.sampled_from([1, 3, 40, 1000]))
def test_cutting_and_grouping_change_not_a_bit(seed: int, size: int, bundle: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = []
    for block in streams():
        places = np.cumsum(rng.integers(1, 2 * size + 1, len(block.t)))
        pieces.append(cut_at_controls(block, places.tolist()))
    inputs = controls(arriving(*pieces))
    groups = np.cumsum(rng.integers(1, 2 * bundle + 1, len(inputs))).tolist()
    assert_same(fed(inputs, groups), reference())


def test_the_reference_is_worth_comparing_with() -> None:
    frame = joined(reference())
    assert set(np.unique(frame.activity)) >= {Activity.SITTING, Activity.STANDING, Activity.WALKING}
    kinds = {output.kind for output in reference() if isinstance(output, Event)}
    bouts = {"sitting", "standing", "walking", "gait", "rise", "seated_posture", "sit_to_stand", "stand_to_sit"}
    assert kinds == {"calibrated", "calibration_failed", "label", "corrected", *bouts}
    states = {output.state for output in reference() if isinstance(output, Prompt)}
    assert states == {PromptState.OPEN, PromptState.IN_BREAK, PromptState.DONE, PromptState.IGNORED}
    assert np.isfinite(frame.values["lumbar_lordosis"]).mean() > 0.8
    flags = np.bitwise_or.reduce(frame.quality)
    assert flags & Quality.PELVIS_MISSING
    assert flags & Quality.LUMBAR_MISSING
    assert flags & Quality.SETTLING
    assert flags & Quality.MOVING
    assert flags & Quality.NOT_CALIBRATED


def test_frames_are_a_grid_and_every_nan_has_a_reason() -> None:
    frame = joined(reference())
    ticks = np.rint(frame.t * 10)
    assert np.array_equal(frame.t, ticks / 10)
    assert (np.diff(ticks) >= 1).all()
    reasons = Quality.NOT_CALIBRATED | Quality.PELVIS_MISSING | Quality.LUMBAR_MISSING | Quality.NO_RANGE
    for values in frame.values.values():
        assert (frame.quality[np.isnan(values)] & int(reasons)).all()


def test_metrics_wait_for_the_calibration_and_start_from_zero() -> None:
    frame = joined(reference())
    before, quiet = frame.t <= 11.0, (frame.t > 11.0) & (frame.t < 14.5)
    assert np.isnan(frame.values[FLEXION_SHARE]).all()
    for name, values in frame.values.items():
        if name in (CONFIDENCE, SETTLED):
            assert not values[before].any()
            continue
        assert np.isnan(values[before]).all()
        assert name == FLEXION_SHARE or np.abs(values[quiet]).max() < 2.0
    assert (frame.quality[before] & int(Quality.NOT_CALIBRATED)).all()
    assert (frame.activity[before] == Activity.UNKNOWN).all()


def events(outputs: Sequence[Output], kind: str) -> list[Event]:
    return [output for output in outputs if isinstance(output, Event) and output.kind == kind]


def test_calibration_is_told_with_its_error_and_failure_with_what_to_do() -> None:
    wearer = Wearer(SCRIPT, 5)
    walking = CalibrateRequest(92.0, 8.0, Stance.STANDING)
    outputs = fed(
        [QUIET, walking, CalibrateRequest(1e4, 5.0, Stance.STANDING), *worn(wearer, END_S), SessionEnd(END_S)]
    )
    (done,) = events(outputs, "calibrated")
    made = [output for output in outputs if isinstance(output, Calibration)]
    assert (done.start_s, done.end_s) == (2.0, 11.0)
    assert {calibration.segment for calibration in made} == set(Segment)
    assert done.values["tilt_error_deg"] == max(calibration.tilt_error_deg for calibration in made)
    failed = events(outputs, "calibration_failed")
    assert [event.start_s for event in failed] == [walking.start_s, 1e4]
    assert all(str(event.values["reason"]).endswith("calibrate again.") for event in failed)


def test_a_stance_too_long_ago_is_refused() -> None:
    wearer = Wearer(of_moves("long", Hold(200.0)), 5)
    inputs = worn(wearer, 195.0, size=52)
    outputs = fed([*inputs, CalibrateRequest(2.0, 9.0, Stance.STANDING), CalibrateRequest(60.0, 9.0, Stance.STANDING)])
    (failed,) = events(outputs, "calibration_failed")
    assert "ago" in str(failed.values["reason"])
    assert events(outputs, "calibrated")[0].start_s == 60.0


def carried(outputs: Sequence[Output]) -> list[Calibration]:
    return [replace(made, made_s=math.nan) for made in outputs if isinstance(made, Calibration)]


def test_a_carried_over_calibration_works_from_the_first_tick() -> None:
    inputs = worn(Wearer(SCRIPT, 5), END_S)
    made = carried(fed([QUIET, *inputs]))
    first = joined(fed([*made, *inputs, SessionEnd(END_S)]))
    assert np.isfinite(first.values["lumbar_lordosis"]).mean() > 0.99
    assert not np.bitwise_or.reduce(first.quality) & Quality.NOT_CALIBRATED
    assert (first.activity != Activity.UNKNOWN).mean() > 0.9
    later = joined(fed([*inputs[:200], *made, *inputs[200:], SessionEnd(END_S)]))
    known = np.isfinite(later.values["lumbar_lordosis"])
    assert (
        later.t[known][0] == pytest.approx(inputs[199].t[-1], abs=0.15) if isinstance(inputs[199], SampleBlock) else 0
    )
    assert np.array_equal(later.values["pelvic_tilt"][known], first.values["pelvic_tilt"][known])


def test_another_sensor_on_the_same_segment_needs_its_own_calibration() -> None:
    wearer = Wearer(SCRIPT, 5)
    pelvis, lumbar = (blocks(wearer.source(segment), END_S) for segment in Segment)
    swapped = [block if block.t[0] < 40.0 else replace(block, sensor_id="other") for block in pelvis]
    inputs = arriving(swapped, lumbar)
    frame = joined(fed([QUIET, *inputs, SessionEnd(END_S)]))
    tilt = np.isfinite(frame.values["pelvic_tilt"])
    assert tilt[(frame.t > 11.0) & (frame.t < 39.5)].all()
    assert not tilt[frame.t > 40.0].any()
    assert (frame.quality[frame.t > 41.0] & int(Quality.NOT_CALIBRATED)).all()
    asked = joined(fed([QUIET, *inputs, CalibrateRequest(60.0, 3.0, Stance.SITTING), SessionEnd(END_S)]))
    assert len(asked.t) == len(frame.t)
    (own,) = [made for made in carried(fed([QUIET, *arriving(pelvis, lumbar)])) if made.segment is Segment.PELVIS]
    waiting = joined(fed([QUIET, replace(own, sensor_id="other"), *inputs, SessionEnd(END_S)]))
    assert np.isfinite(waiting.values["pelvic_tilt"][waiting.t > 41.0]).all()


def test_a_long_silence_ends_the_bout_where_it_was_last_seen() -> None:
    inputs: list[Input] = []
    for block in worn(Wearer(SCRIPT, 5), 60.0):
        assert isinstance(block, SampleBlock)
        inputs.append(block if block.t[0] < 40.0 else replace(block, t=block.t + 300.0))
    outputs = fed([QUIET, *inputs, SessionEnd(360.0)])
    ended = [event for event in events(outputs, "sitting") if event.end_s is not None]
    assert ended[0].end_s == pytest.approx(40.0, abs=1.0)
    assert ended[1].start_s > 340.0
    assert len(joined(outputs).t) < 800


def test_the_end_tells_everything_and_then_nothing_more() -> None:
    inputs = worn(Wearer(SCRIPT, 5), 60.0)
    pipeline = Pipeline(SETTINGS)
    outputs = pipeline.feed(QUIET, *inputs, SessionEnd(60.0))
    assert joined(outputs).t[-1] == pytest.approx(60.0, abs=0.15)
    assert {event.end_s is None for event in events(outputs, "sitting")} == {True, False}
    assert pipeline.feed(*inputs, SessionEnd(70.0)) == []
    assert pipeline.feed(Label(1.0, 2.0, "late")) == [Event("label", 1.0, 2.0, {"text": "late"})]


def test_an_end_without_any_sample_is_quiet() -> None:
    assert fed([SessionEnd(0.0)]) == []


BREAKAGES: list[Callable[[SampleBlock], SampleBlock]] = [
    lambda block: replace(block, t=block.t - 3.3),
    lambda block: replace(block, t=block.t * np.nan),
    lambda block: replace(block, t=np.repeat(block.t[:1], len(block.t))),
    lambda block: replace(block, acc=block.acc * np.nan),
    lambda block: replace(block, gyr=block.gyr + 1e200),
    lambda block: replace(block, acc=block.acc * 0.0),
    lambda block: replace(block, t=block.t[::-1].copy()),
    lambda block: replace(block, t=block.t[:0], acc=block.acc[:0], gyr=block.gyr[:0]),
]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_broken_blocks_crash_nothing_and_corrupt_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs: list[Input] = [QUIET]
    for block in worn(Wearer(SCRIPT, 5), 45.0):
        assert isinstance(block, SampleBlock)
        if 12.0 < block.t[0] < 25.0 and rng.random() < 0.3:
            block = BREAKAGES[rng.integers(len(BREAKAGES))](block)
        inputs.append(block)
    frame = joined(fed([*inputs, SessionEnd(45.0)]))
    well = joined(fed([QUIET, *worn(Wearer(SCRIPT, 5), 45.0), SessionEnd(45.0)]))
    late = frame.t > 36.0  # some seconds after the last breakage
    for name, values in frame.values.items():
        if name in (CONFIDENCE, SETTLED):  # what was missed is remembered
            continue
        assert np.allclose(values[late], well.values[name][well.t > 36.0], atol=0.5, equal_nan=name == FLEXION_SHARE), (
            name
        )
    ghosts = [replace(block, sensor_id="ghost") for block in inputs[100:130] if isinstance(block, SampleBlock)]
    fed([QUIET, *inputs[:100], *ghosts, *inputs[130:], SessionEnd(45.0)])
