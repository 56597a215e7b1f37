"""Gait as a detector: whole walks, long ones, cut ones, and the simulated wearer's through the whole pipeline."""

from __future__ import annotations

from dataclasses import replace
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
from tests.analysis.following import in_pieces, piece_of
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


def sized(height_m: float | None = HEIGHT_M) -> Gait:
    watcher = Gait()
    if height_m is not None:
        watcher.sized(height_m)
    return watcher


def told(pose: Pose | None, frame: PostureFrame, *, height_m: float | None = HEIGHT_M) -> list[Event]:
    watcher = sized(height_m)
    if pose is not None:
        watcher.moved(pose)
    return watcher.feed(frame) + watcher.close(float(frame.t[-1]))


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


@settings(max_examples=30)
@given(st.lists(st.integers(1, 900), max_size=40), st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_cutting_changes_not_a_bit(ticks: list[int], ahead: list[int]) -> None:
    """Poses run ahead of frames by any amount, but never behind them."""
    pose, frame, expected = long_walks()
    assert in_pieces(sized(), pose, frame, ticks, ahead) == expected
    assert len(expected) == 2


def standing(t: Floats, *others: tuple[float, float, Activity]) -> PostureFrame:
    """At 10 Hz, standing but in these spans."""
    frame = frame_of(t, (0.0, 0.0))
    activity = frame.activity.copy()
    for start_s, end_s, what in others:
        activity[(frame.t >= start_s) & (frame.t < end_s)] = what
    return PostureFrame(frame.t, {}, activity, frame.quality)


@pytest.mark.parametrize("cadence_spm", [45.0, 50.0, 60.0, 70.0])
def test_a_walk_too_slow_for_the_activity_is_told_all_the_same(cadence_spm: float) -> None:
    walk = MadeWalk(cadence_spm, 30, 5.3)
    pose = walk.pose(after_s=6.0)
    (event,) = told(pose, standing(pose.t))
    assert event.start_s == pytest.approx(walk.start_s, abs=1.0)
    assert event.end_s == pytest.approx(walk.end_s, abs=1.1)
    assert event.values["steps"] == pytest.approx(walk.steps, abs=1)
    assert event.values["cadence_spm"] == pytest.approx(cadence_spm, abs=0.4)


def test_what_repeats_to_one_side_only_is_no_walk() -> None:
    walk = MadeWalk(50.0, 30, sideways_m_s2=0.0)
    pose = walk.pose()
    sway = 0.4 * np.sin(2 * np.pi * 50.0 / 60.0 * pose.t)
    acc = pose.acc[Segment.PELVIS] + np.stack([np.zeros_like(sway), sway, np.zeros_like(sway)], axis=1)
    assert told(replace(pose, acc={**pose.acc, Segment.PELVIS: acc}), standing(pose.t)) == []


def test_who_moves_without_a_rhythm_walks_not() -> None:
    walk = MadeWalk(50.0, 40, rise_m=0.0, push_m_s2=0.0, sideways_m_s2=0.0)
    pose = walk.pose()
    rng = np.random.default_rng(3)
    rough = np.repeat(rng.normal(0.0, 0.6, (len(pose.t) // 20 + 1, 3)), 20, axis=0)[: len(pose.t)]
    shaken = replace(pose, acc={**pose.acc, Segment.PELVIS: pose.acc[Segment.PELVIS] + rough})
    assert told(shaken, standing(pose.t)) == []


def test_who_sits_or_pedals_walks_not_however_they_move() -> None:
    pose = MadeWalk(55.0, 30).pose()
    for what in (Activity.SITTING, Activity.OTHER, Activity.UNKNOWN, Activity.NOT_WORN):
        assert told(pose, standing(pose.t, (0.0, 99.0, what))) == []


def test_a_slow_walk_before_a_brisk_one_and_after_it_counts_every_step_once() -> None:
    walk = MadeWalk(62.0, 90)
    pose = walk.pose()
    events = told(pose, standing(pose.t, (30.3, 52.7, Activity.WALKING)))
    assert len(events) == 3
    assert sum(int(event.values["steps"] or 0) for event in events) == pytest.approx(walk.steps, abs=3)
    assert all(a.end_s is not None and a.end_s <= b.start_s for a, b in pairwise(events))


@cache
def slow_walks() -> tuple[Pose, PostureFrame, list[Event]]:
    walk = MadeWalk(54.0, 110, 4.7)
    pose = walk.pose(after_s=12.0)
    others = ((44.2, 46.0, Activity.SITTING), (101.3, 109.0, Activity.WALKING), (120.0, 120.4, Activity.OTHER))
    frame = standing(pose.t, *others)
    return pose, frame, told(pose, frame)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 1400), max_size=60), st.lists(st.integers(0, 800), min_size=1, max_size=8))
def test_cutting_changes_no_bit_of_slow_walks(ticks: list[int], ahead: list[int]) -> None:
    pose, frame, expected = slow_walks()
    assert in_pieces(sized(), pose, frame, ticks, ahead) == expected
    assert len(expected) >= 4


def test_whole_stretches_tell_slow_walks_as_second_by_second() -> None:
    pose, frame, expected = slow_walks()
    count = len(frame.t) // 10 * 10
    watcher, other = sized(), sized()
    watcher.moved(pose)
    other.moved(pose)
    cuts = [slice(10 * k, 10 * k + 10) for k in range(count // 10)]
    seconds = [(k, event) for k, cut in enumerate(cuts) for event in other.feed(piece_of(frame, cut))]
    assert watcher.feed_seconds(piece_of(frame, slice(0, count))) == seconds
    assert [event for _, event in seconds] + other.close(float(frame.t[-1])) == expected


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


@pytest.mark.parametrize("cadence_spm", [50.0, 62.0])
def test_a_slow_simulated_walk_is_told_though_the_activity_says_standing(cadence_spm: float) -> None:
    events, _ = simulated(cadence_spm, 2, tuple(Segment))
    assert sum(int(e.values["steps"] or 0) for e in events) == pytest.approx(78.8 * cadence_spm / 60.0, abs=4)
    assert events[0].values["cadence_spm"] == pytest.approx(cadence_spm, abs=0.8)


@pytest.mark.parametrize(("cadence_spm", "seed"), [(72.0, 1), (100.0, 2), (118.0, 3)])
def test_no_stride_of_who_limps_is_taken_for_a_step(cadence_spm: float, seed: int) -> None:
    script = of_moves("a limp", Hold(15.0), Walk(25.0, cadence_spm=cadence_spm, limp=0.25), Hold(6.0))
    wearer = Wearer(script, seed)
    outputs = Pipeline(PipelineSettings()).feed(QUIET, *worn(wearer, script.end_s, size=520), SessionEnd(script.end_s))
    (walk,) = (one for one in outputs if isinstance(one, Event) and one.kind == "gait")
    assert walk.values["steps"] == pytest.approx(len(wearer.contacts(script.end_s)), abs=3)
    assert walk.values["cadence_spm"] == pytest.approx(cadence_spm, abs=0.8)


@pytest.mark.parametrize("segment", Segment)
def test_a_simulated_walk_is_told_by_one_sensor_alone(segment: Segment) -> None:
    events, _ = simulated(108.0, 5, (segment,))
    assert events[0].values["sensor"] == str(segment)
    assert events[0].values["cadence_spm"] == pytest.approx(108.0, abs=0.8)
