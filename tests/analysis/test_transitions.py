"""Transitions of a simulated wearer, whose own truth is known, however the stream is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.detectors.transitions import MEMORY_S, Transitions
from analysis.model import GRID_HZ, Event, Pose, PostureFrame, Segment, SessionEnd
from analysis.pipeline import Pipeline, PipelineSettings
from hardware.twin.moves import GetUp, Hold, LieDown, Rise, SitDown, Walk
from hardware.twin.posture import Posture
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.following import in_pieces, piece, piece_of
from tests.analysis.simulated import QUIET, worn

STOOPED = Posture(support=Rise().posture.support, tilt_deg=4.0, lordosis_deg=-3.0)
MOVES = (
    *(Hold(20.0), SitDown(), Hold(30.0), Rise(), Hold(40.0), SitDown(), Hold(25.0), Rise(STOOPED), Hold(22.0)),
    *(Walk(25.0), Hold(10.0), SitDown(), Hold(20.0), LieDown(), Hold(30.0), GetUp(), Hold(20.0), Rise(), Hold(12.0)),
)
DAY = of_moves("in and out of a chair", *MOVES)


LATE_S = 1.4  # the activity model's word against the truth


@cache
def pipeline_told() -> list[Event]:
    """The transitions of the day, from its sensors through the whole pipeline."""
    told = Pipeline(PipelineSettings()).feed(QUIET, *worn(Wearer(DAY, 3), DAY.end_s), SessionEnd(DAY.end_s))
    return [event for event in told if isinstance(event, Event) and "_to_" in event.kind]


@cache
def day() -> tuple[PostureFrame, Pose, list[Event]]:
    """The day as perfect sensors would see it: frames whose activity comes late, poses, and its transitions."""
    wearer = Wearer(DAY, 3)
    t = np.arange(round((DAY.end_s - 1.0) * GRID_HZ)) / GRID_HZ
    moved = {segment: wearer.ideal(segment, t) for segment in Segment}
    acc, gyr = ({segment: rows[part] for segment, rows in moved.items()} for part in (0, 1))
    quality = np.zeros(len(t), np.uint16)
    pose = Pose(t, wearer.truth(t).q, acc, gyr, quality)
    frame = PostureFrame(t[::5], {}, wearer.truth(np.maximum(t[::5] - LATE_S, 0.0)).activity, quality[::5])
    return frame, pose, told_of([pose], [frame])


def told_of(poses: Iterable[Pose], frames: Iterable[PostureFrame]) -> list[Event]:
    watcher = Transitions()
    for pose in poses:
        watcher.moved(pose)
    return [event for frame in frames for event in watcher.feed(frame)] + watcher.close(DAY.end_s)


IN_ORDER = [
    *("stand_to_sit", "sit_to_stand", "stand_to_sit", "sit_to_stand", "stand_to_sit"),
    *("sit_to_lie", "lie_to_sit", "sit_to_stand"),
]
TELLERS = pytest.mark.parametrize("told", [lambda: day()[2], pipeline_told], ids=["perfect", "pipeline"])


@TELLERS
def test_every_transition_of_the_day_is_found_in_order(told: Callable[[], list[Event]]) -> None:
    assert [event.kind for event in told()] == IN_ORDER
    assert all(number(event, "sure") > 0.9 for event in told())


@TELLERS
def test_rises_lie_where_they_really_were(told: Callable[[], list[Event]]) -> None:
    rises = [event for event in told() if event.kind == "sit_to_stand"]
    for event, true in zip(rises, Wearer(DAY, 3).rises(DAY.end_s), strict=True):
        assert event.end_s is not None
        assert event.start_s == pytest.approx(true.start_s, abs=0.2)
        assert event.start_s + number(event, "flexion_momentum_s") == pytest.approx(true.seat_off_s, abs=0.2)
        assert event.end_s == pytest.approx(true.end_s, abs=0.25)
        phases = ("flexion_momentum_s", "momentum_transfer_s", "extension_s")
        assert sum(number(event, phase) for phase in phases) == pytest.approx(event.end_s - event.start_s)
        assert number(event, "peak_lean_deg") == pytest.approx(38.0, abs=4.0)


def number(event: Event, name: str) -> float:
    value = event.values[name]
    assert isinstance(value, float)
    return value


def test_who_stands_stooped_after_a_rise_is_told_so() -> None:
    upright, stooped, _ = (event for event in day()[2] if event.kind == "sit_to_stand")
    assert number(upright, "residual_lean_deg") == pytest.approx(0.0, abs=1.0)
    assert number(upright, "residual_tilt_deg") == pytest.approx(0.0, abs=1.0)
    assert number(stooped, "residual_lean_deg") > 3.0
    assert number(stooped, "residual_tilt_deg") > 2.0


def test_a_transition_is_told_half_a_minute_after_a_rise_and_else_within_seconds() -> None:
    frame, pose, events = day()
    watcher = Transitions()
    watcher.moved(pose)
    known = {
        event: a / 10 for a, b in pairwise(range(0, len(frame.t), 10)) for event in _hashable(watcher, frame, a, b)
    }
    for (kind, _, end_s), at_s in known.items():
        assert at_s - end_s < (37.0 if kind == "sit_to_stand" else 7.0)
    assert len(known) >= len(events) - 1  # the last one is told at the end


def _hashable(watcher: Transitions, frame: PostureFrame, a: int, b: int) -> list[tuple[str, float, float]]:
    told = watcher.feed(piece_of(frame, slice(a, b)))
    return [(event.kind, event.start_s, event.end_s or event.start_s) for event in told]


@settings(max_examples=30)
@given(ticks=st.lists(st.integers(1, 2800), max_size=40), ahead=st.lists(st.integers(0, 250), min_size=1, max_size=9))
@example(ticks=list(range(10, 2800, 10)), ahead=[0])
def test_cutting_changes_nothing(ticks: list[int], ahead: list[int]) -> None:
    frame, pose, events = day()
    assert in_pieces(Transitions(), pose, frame, ticks, ahead) == events


def test_without_the_movement_a_change_is_told_and_nothing_claimed_of_it() -> None:
    frame, _, events = day()
    told = told_of([], [frame])
    assert [event.kind for event in told] == [event.kind for event in events]
    assert all(event.start_s == event.end_s and event.values == {"sure": 0.0} for event in told)


def test_no_more_than_a_minute_is_remembered() -> None:
    frame, pose, _ = day()
    watcher = Transitions()
    for a, b in pairwise(range(0, len(pose.t), 50)):
        watcher.moved(piece(pose, slice(a, b)))
        seen = frame.t < pose.t[b]
        watcher.feed(piece_of(frame, slice(max(0, int(seen.sum()) - 10), int(seen.sum()))))
        assert sum(len(held.t) for held in watcher._poses) <= (MEMORY_S + 4.0) * 50
