"""Gait as a detector: whole walks, long ones, cut ones, and the simulated wearer's through the whole pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detectors.gait import LONGEST_S, Gait
from analysis.gait.measures import NAMES
from analysis.model import FRAME_HZ, Activity, Event, Floats, Pose, PostureFrame, Segment, SessionEnd
from analysis.pipeline import Pipeline, PipelineSettings
from hardware.twin.moves import Hold, Walk
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.made_walks import MadeWalk
from tests.analysis.simulated import QUIET, worn

CADENCE_SPM = 108.0
HEIGHT_M = 1.75


def frame_of(t: Floats, *walks: tuple[float, float]) -> PostureFrame:
    """At 10 Hz through the span of t: walking in the spans, else standing."""
    ticks = np.arange(round(t[0] * FRAME_HZ), round(t[-1] * FRAME_HZ)) / FRAME_HZ
    walking = np.logical_or.reduce([(ticks >= a) & (ticks < b) for a, b in walks])
    activity = np.where(walking, np.int8(Activity.WALKING), np.int8(Activity.STANDING))
    return PostureFrame(ticks, {}, activity, np.zeros(len(ticks), np.uint16))


def told(pose: Pose | None, frame: PostureFrame, *, height_m: float | None = HEIGHT_M) -> list[Event]:
    watcher = Gait()
    if height_m is not None:
        watcher.sized(height_m)
    if pose is not None:
        watcher.moved(pose)
    return watcher.feed(frame) + watcher.close(float(frame.t[-1]))


def piece(pose: Pose, span: slice) -> Pose:
    return Pose(
        pose.t[span],
        {segment: rows[span] for segment, rows in pose.q.items()},
        {segment: rows[span] for segment, rows in pose.acc.items()},
        {segment: rows[span] for segment, rows in pose.gyr.items()},
        pose.quality[span],
    )


def test_a_walk_is_one_event_with_all_its_measures() -> None:
    walk = MadeWalk()
    pose = walk.pose()
    (event,) = told(pose, frame_of(pose.t, (walk.start_s, walk.end_s)))
    assert (event.kind, event.start_s) == ("gait", walk.start_s)
    assert event.end_s == pytest.approx(walk.end_s, abs=0.1)
    assert event.values["steps"] == pytest.approx(walk.steps, abs=1)
    assert event.values["cadence_spm"] == pytest.approx(CADENCE_SPM, abs=0.4)
    assert event.values["sensor"] == "pelvis"
    assert event.values["reason"] is None
    assert all(isinstance(event.values[name], float) for name in NAMES)


def test_steps_before_the_activity_was_sure_count() -> None:
    walk = MadeWalk()
    pose = walk.pose()
    (event,) = told(pose, frame_of(pose.t, (walk.start_s + 2.5, walk.end_s)))
    assert event.values["steps"] == pytest.approx(walk.steps, abs=1)


def test_a_flicker_is_bridged_and_a_halt_makes_two_walks() -> None:
    walk = MadeWalk(steps=60)
    pose = walk.pose()
    for gap_s, walks in ((0.4, 1), (0.8, 2)):
        frame = frame_of(pose.t, (walk.start_s, 20.0), (20.0 + gap_s, walk.end_s))
        events = told(pose, frame)
        assert len(events) == walks
        assert sum(int(event.values["steps"] or 0) for event in events) == pytest.approx(walk.steps, abs=2)


@pytest.mark.parametrize("after_s", [1.7, 2.2])
def test_a_shift_of_weight_after_the_walk_is_no_step_of_it(after_s: float) -> None:
    walk = MadeWalk()
    pose = walk.pose(after_s=6.0)
    at = np.abs(pose.t - walk.end_s - after_s)
    acc = pose.acc[Segment.PELVIS].copy()
    acc[:, 2] += np.where(at < 0.25, 2.0 * np.cos(2 * np.pi * at), 0.0)
    shifted = Pose(pose.t, pose.q, {**pose.acc, Segment.PELVIS: acc}, pose.gyr, pose.quality)
    (event,) = told(shifted, frame_of(pose.t, (walk.start_s, walk.end_s + 3.0)))
    assert event.values["steps"] == pytest.approx(walk.steps, abs=1)
    assert event.values["cadence_spm"] == pytest.approx(CADENCE_SPM, abs=0.4)


@pytest.mark.parametrize("cadence_spm", [50.0, 60.0, 145.0])
def test_slow_and_fast_walks_are_told(cadence_spm: float) -> None:
    walk = MadeWalk(cadence_spm, 30)
    pose = walk.pose()
    (event,) = told(pose, frame_of(pose.t, (walk.start_s, walk.end_s)))
    assert event.values["steps"] == pytest.approx(walk.steps, abs=1)
    assert event.values["cadence_spm"] == pytest.approx(cadence_spm, abs=0.4)


def test_a_long_walk_is_told_by_the_minute_and_loses_no_step() -> None:
    walk = MadeWalk(steps=300)
    pose = walk.pose()
    watcher = Gait()
    watcher.moved(pose)
    frame = frame_of(pose.t, (walk.start_s, walk.end_s))
    events = watcher.feed(frame) + watcher.close(float(frame.t[-1]))
    assert [event.start_s for event in events] == [walk.start_s + LONGEST_S * k for k in range(3)]
    assert events[0].end_s == events[1].start_s
    assert sum(int(event.values["steps"] or 0) for event in events) == pytest.approx(walk.steps, abs=2)
    for event in events:
        assert event.values["cadence_spm"] == pytest.approx(CADENCE_SPM, abs=0.4)


def test_a_walk_without_movement_told_says_so() -> None:
    (event,) = told(None, frame_of(np.arange(0.0, 30.0, 0.02), (5.0, 20.0)))
    assert event.values["steps"] is None
    assert "no sensor" in str(event.values["reason"])


def test_without_the_wearers_height_there_is_no_step_length() -> None:
    walk = MadeWalk()
    pose = walk.pose()
    (event,) = told(pose, frame_of(pose.t, (walk.start_s, walk.end_s)), height_m=None)
    assert event.values["step_length_m"] is None
    assert "height" in str(event.values["reason"])
    assert isinstance(event.values["cadence_spm"], float)


@cache
def long_walks() -> tuple[Pose, PostureFrame, list[Event]]:
    walk = MadeWalk(steps=160, asymmetry=0.06, turning_deg_s=3.0)
    pose = walk.pose()
    frame = frame_of(pose.t, (walk.start_s + 1.0, 40.0), (40.7, walk.end_s))
    return pose, frame, told(pose, frame)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 4000), max_size=40), st.lists(st.integers(1, 900), max_size=40), st.integers(0, 2**32 - 1)
)
def test_cutting_changes_not_a_bit(places: list[int], ticks: list[int], seed: int) -> None:
    """Poses run ahead of frames by any amount, but never behind them."""
    pose, frame, expected = long_walks()
    rng = np.random.default_rng(seed)
    poses = [piece(pose, slice(a, b)) for a, b in pairwise(edges(places, len(pose.t)))]
    frames = [
        PostureFrame(frame.t[a:b], {}, frame.activity[a:b], frame.quality[a:b])
        for a, b in pairwise(edges(ticks, len(frame.t)))
    ]
    watcher = Gait()
    watcher.sized(HEIGHT_M)
    events: list[Event] = []
    for one in frames:
        while poses and (poses[0].t[0] <= one.t[-1] + 0.08 or rng.random() < 0.3):
            watcher.moved(poses.pop(0))
        events += watcher.feed(one)
    assert events + watcher.close(float(frame.t[-1])) == expected
    assert len(expected) == 2


def edges(places: Sequence[int], count: int) -> list[int]:
    return sorted({0, count, *(place for place in places if place < count)})


@cache
def simulated(cadence_spm: float, seed: int, segments: tuple[Segment, ...]) -> tuple[list[Event], float]:
    """The gait events of 80 s of walking round and round, and the wearer's height."""
    script = of_moves("a walk", Hold(20.0), Walk(80.0, cadence_spm=cadence_spm), Hold(10.0))
    wearer = Wearer(script, seed)
    height_m = wearer.body.standing_hip_m / 0.53
    samples = [block for block in worn(wearer, script.end_s, size=520) if getattr(block, "segment", None) in segments]
    outputs = Pipeline(PipelineSettings(height_m=height_m)).feed(QUIET, *samples, SessionEnd(script.end_s))
    return [output for output in outputs if isinstance(output, Event) and output.kind == "gait"], height_m


@pytest.mark.parametrize(("cadence_spm", "seed"), [(84.0, 1), (96.0, 2), (108.0, 3), (122.0, 4)])
def test_a_simulated_walk_is_told_as_it_was(cadence_spm: float, seed: int) -> None:
    events, _ = simulated(cadence_spm, seed, tuple(Segment))
    whole = events[0].values
    vigour = cadence_spm / 108.0
    assert whole["cadence_spm"] == pytest.approx(cadence_spm, abs=0.8)
    assert sum(int(e.values["steps"] or 0) for e in events) == pytest.approx(78.8 * cadence_spm / 60.0, abs=4)
    assert whole["step_length_m"] == pytest.approx(0.65 * vigour, rel=0.08)
    assert whole["rotation_deg"] == pytest.approx(9.0 * vigour, abs=1.0)
    assert whole["obliquity_deg"] == pytest.approx(8.4 * vigour, abs=1.0)
    assert whole["tilt_deg"] == pytest.approx(2.8 * vigour, abs=0.5)
    assert whole["asymmetry_percent"] == pytest.approx(0.0, abs=2.5)


@pytest.mark.parametrize("segment", Segment)
def test_a_simulated_walk_is_told_by_one_sensor_alone(segment: Segment) -> None:
    events, _ = simulated(108.0, 5, (segment,))
    assert events[0].values["sensor"] == str(segment)
    assert events[0].values["cadence_spm"] == pytest.approx(108.0, abs=0.8)
