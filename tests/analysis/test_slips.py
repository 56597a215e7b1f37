"""A sensor that slips is told once, from walking; sitting teaches nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import quaternion
from analysis.model import Activity, Event, Floats, Input, PostureFrame, SampleBlock, Segment, SessionEnd, Stance
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.slips import KIND, SLIPPED_DEG, SlipWatch
from hardware.twin.imu import ImuErrors
from hardware.twin.moves import Hold, Rise, SitDown, Walk
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import QUIET, arriving, blocks

STRETCH = 150  # ticks


def frames(*runs: tuple[Activity, int, float, float]) -> PostureFrame:
    """Runs of (activity, ticks, pelvic tilt, trunk lean), with a swing that averages out."""
    activity = np.concatenate([np.full(count, kind, np.int8) for kind, count, _, _ in runs])
    t: Floats = np.arange(1, len(activity) + 1) / 10
    swing = 3.0 * np.sin(2 * np.pi * t / 1.1)
    columns = {
        "pelvic_tilt": np.concatenate([np.full(count, tilt) for _, count, tilt, _ in runs]) + swing,
        "trunk_lean": np.concatenate([np.full(count, lean) for _, count, _, lean in runs]) - swing,
        "pelvic_obliquity": swing,
        "lateral_bend": -swing,
    }
    return PostureFrame(t, columns, activity, np.zeros(len(t), np.uint16))


def watched(*parts: PostureFrame, stance: Stance = Stance.STANDING) -> list[Event]:
    watch = SlipWatch()
    watch.calibrated(stance, 0.0)
    return [event for part in parts for event in watch.feed(part)]


WALK, SIT = Activity.WALKING, Activity.SITTING


def test_a_slip_is_told_once_after_two_stretches() -> None:
    (event,) = watched(frames((WALK, 300, 2.0, 4.0), (SIT, 500, -20.0, 5.0), (WALK, 900, 14.0, 4.0)))
    assert event.kind == KIND
    assert event.start_s == pytest.approx(80.1)
    assert event.end_s == pytest.approx(110.0)
    assert event.values["pelvis_off_deg"] == pytest.approx(12.0, abs=0.5)
    assert "lumbar_off_deg" not in event.values
    assert str(event.values["reason"]).startswith("The pelvis sensor sits 12°")


def test_sitting_slumped_or_walking_a_little_otherwise_is_no_slip() -> None:
    assert not watched(frames((WALK, 300, 2.0, 4.0), (SIT, 9000, -30.0, 20.0), (WALK, 900, 6.0, 9.0)))
    assert not watched(frames((WALK, 300, 2.0, 4.0), (WALK, 150, 20.0, 4.0), (WALK, 600, 2.0, 4.0)))
    assert not watched(frames((WALK, 2000, 20.0, 20.0)), stance=Stance.SITTING)


def test_a_sensor_clipped_on_anew_is_told_from_the_first_walk_on() -> None:
    """A calibration that is carried over from yesterday may be wrong from the start."""
    (event,) = watched(frames((WALK, 400, 12.0, -15.0)))
    assert str(event.values["reason"]).startswith("The pelvis and the lumbar sensor sit 15°")


def test_a_new_calibration_starts_anew() -> None:
    watch = SlipWatch()
    watch.calibrated(Stance.STANDING, 0.0)
    watch.calibrated(Stance.STANDING, 45.0)
    assert len(watch.feed(frames((WALK, 450, 15.0, 0.0), (WALK, 450, 15.0, 0.0)))) == 2


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 1999), max_size=12))
def test_cutting_changes_nothing(seed: int, places: list[int]) -> None:
    rng = np.random.default_rng(seed)
    runs = [(Activity(int(rng.integers(1, 4))), 100, *rng.normal(0.0, 8.0, 2).tolist()) for _ in range(20)]
    whole = frames(*runs)
    edges = [0, *sorted(set(places)), len(whole.t)]
    parts = [
        PostureFrame(
            whole.t[a:b], {k: v[a:b] for k, v in whole.values.items()}, whole.activity[a:b], whole.quality[a:b]
        )
        for a, b in pairwise(edges)
    ]
    assert watched(*parts) == watched(whole)


SCRIPT = of_moves(
    "slip", Hold(15.0), Walk(40.0), Hold(5.0), SitDown(), Hold(40.0), Rise(), Hold(5.0), Walk(60.0), Hold(5.0)
)
SLIP_S = 80.0


@cache
def worn_and_slipped(slip_deg: float) -> list[Input]:
    """While the wearer sits the pelvis sensor turns on the skin about the body's left."""
    wearer = Wearer(SCRIPT, 2)
    usual = ImuErrors.default(4)
    half = np.radians(slip_deg) / 2
    slip = np.array([np.cos(half), 0.0, np.sin(half), 0.0])
    moved = replace(usual, mounting=quaternion.multiply(usual.mounting, slip))
    before = blocks(wearer.source(Segment.PELVIS, errors=usual), SLIP_S)
    after = [
        replace(block, seq=len(before) + block.seq)
        for block in blocks(wearer.source(Segment.PELVIS, errors=moved), SCRIPT.end_s, start_s=SLIP_S)
    ]
    return [*arriving([*before, *after], blocks(wearer.source(Segment.LUMBAR), SCRIPT.end_s))]


@pytest.mark.parametrize("slip_deg", [0.0, 14.0, -14.0])
def test_the_pipeline_tells_a_slip_on_a_simulated_wearer(slip_deg: float) -> None:
    pipeline = Pipeline(PipelineSettings())
    outputs = pipeline.feed(QUIET)
    for block in worn_and_slipped(slip_deg):
        assert isinstance(block, SampleBlock)
        outputs += pipeline.feed(block)
    outputs += pipeline.feed(SessionEnd(SCRIPT.end_s))
    told = [output for output in outputs if isinstance(output, Event) and output.kind == KIND]
    assert len(told) == (1 if slip_deg else 0)
    for event in told:
        assert event.start_s > SLIP_S
        off_deg = event.values["pelvis_off_deg"]
        assert isinstance(off_deg, float)
        assert SLIPPED_DEG < off_deg < 18.0
