"""A sensor that slips is told once, from walking; a slow drift is followed; sitting teaches nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.mending import Correction, turn_of
from analysis.model import Activity, Event, Floats, Pose, Segment, Stance
from analysis.slips import FOLLOW_DEG, FURTHEST_DEG, GRID_S, HOUR_DEG, KIND, STEP_DEG, SlipWatch

WALK, SIT, STAND = Activity.WALKING, Activity.SITTING, Activity.STANDING
Run = tuple[Activity, int, float, float]  # what, ticks, how far forward the pelvis and T12 lean
Walked = tuple[Pose, Floats]


def walked(*runs: Run, start_s: float = 0.0) -> Walked:
    """Runs one after the other, with a swing while walking that averages out."""
    activity = np.concatenate([np.full(count, kind, np.int8) for kind, count, _, _ in runs])
    t: Floats = start_s + np.arange(1, len(activity) + 1) / 10
    swing = np.where(activity == WALK, 3.0 * np.sin(2 * np.pi * t / 1.5), 0.0)
    pelvis = np.concatenate([np.full(count, pelvis) for _, count, pelvis, _ in runs]) + swing
    lumbar = np.concatenate([np.full(count, lumbar) for _, count, _, lumbar in runs]) - swing
    leans = {Segment.PELVIS: pelvis, Segment.LUMBAR: lumbar}
    half = {segment: np.radians(lean) / 2 for segment, lean in leans.items()}
    q = {s: np.stack([np.cos(a), np.zeros_like(a), np.sin(a), np.zeros_like(a)], axis=1) for s, a in half.items()}
    still = {segment: np.zeros((len(t), 3)) for segment in Segment}
    return Pose(t, q, still, still, np.zeros(len(t), np.uint16)), activity


def cut(whole: Walked, places: list[int]) -> list[Walked]:
    pose, activity = whole
    edges = sorted({0, len(pose.t), *places})
    return [
        (
            Pose(
                pose.t[a:b],
                {segment: q[a:b] for segment, q in pose.q.items()},
                {segment: acc[a:b] for segment, acc in pose.acc.items()},
                {segment: gyr[a:b] for segment, gyr in pose.gyr.items()},
                pose.quality[a:b],
            ),
            activity[a:b],
        )
        for a, b in pairwise(edges)
    ]


def watched(*parts: Walked, stance: Stance = Stance.STANDING) -> tuple[list[Event], list[Correction]]:
    """As the pipeline does: asked for corrections before every part, and at every edge of the grid."""
    watch = SlipWatch()
    for segment in Segment:
        watch.calibrated(segment, stance, 0.0)
    events, corrections = [], []
    for part in parts:
        t = part[0].t
        on_grid = np.searchsorted(t, np.arange(0.0, t[-1] + GRID_S, GRID_S), side="right").tolist()
        for pose, activity in cut(part, on_grid):
            corrections += watch.corrections(float(pose.t[0]))
            events += watch.feed(pose, activity)
    return events, corrections


def test_a_slip_is_told_once_after_two_stretches() -> None:
    (event,), _ = watched(walked((WALK, 300, 2.0, 4.0), (SIT, 500, -20.0, 5.0), (WALK, 900, 14.0, 4.0)))
    assert event.kind == KIND
    assert event.start_s == pytest.approx(80.1)
    assert event.end_s == pytest.approx(110.0)
    assert event.values["pelvis_off_deg"] == pytest.approx(12.0, abs=0.5)
    assert event.values["pelvis_forward_deg"] == pytest.approx(12.0, abs=0.5)
    assert event.values["good_s"] == pytest.approx(30.0)
    assert "lumbar_off_deg" not in event.values
    assert str(event.values["reason"]).startswith("The pelvis sensor sits 12°")
    assert "stand tall for three seconds" in str(event.values["reason"])


def test_quiet_standing_right_after_a_walk_that_was_far_off_confirms_it_sooner() -> None:
    before: list[Run] = [(WALK, 300, 2.0, 4.0), (SIT, 500, -20.0, 5.0), (WALK, 150, 14.0, 4.0)]
    (event,), _ = watched(walked(*before, (STAND, 100, 12.0, 0.0)))
    assert event.end_s == pytest.approx(98.0)
    assert watched(walked(*before, (STAND, 100, 0.0, 0.0)))[0] == []  # it was another way of walking
    assert watched(walked(*before, (SIT, 100, 12.0, 0.0)))[0] == []
    assert watched(walked(*before, (SIT, 300, 12.0, 0.0), (STAND, 100, 12.0, 0.0)))[0] == []  # too long after


def test_walking_a_little_otherwise_or_once_is_no_slip() -> None:
    assert not watched(walked((WALK, 300, 2.0, 4.0), (SIT, 9000, -30.0, 20.0), (WALK, 900, 5.0, 7.0)))[0]
    assert not watched(walked((WALK, 300, 2.0, 4.0), (WALK, 150, 20.0, 4.0), (WALK, 600, 2.0, 4.0)))[0]
    assert not watched(walked((WALK, 2000, 20.0, 20.0)), stance=Stance.SITTING)[0]


def test_a_sensor_clipped_on_anew_is_told_from_the_first_walk_on() -> None:
    """A calibration that is carried over from yesterday may be wrong from the start."""
    (event,), _ = watched(walked((WALK, 400, 12.0, -15.0)))
    assert str(event.values["reason"]).startswith("The pelvis and the lumbar sensors sit 15°")
    assert "good_s" not in event.values


def test_one_sensor_alone_is_watched_too() -> None:
    pose, activity = walked((WALK, 300, 2.0, 0.0), (WALK, 300, 12.0, 0.0))
    pose.q[Segment.LUMBAR][:] = np.nan
    (event,), _ = watched((pose, activity))
    assert event.values["pelvis_off_deg"] == pytest.approx(10.0, abs=0.5)


def test_a_new_calibration_starts_anew_and_standing_tall_keeps_how_the_wearer_walks() -> None:
    far = walked((WALK, 450, 15.0, 0.0), (WALK, 450, 15.0, 0.0))
    watch = SlipWatch()
    for from_s in (0.0, 45.0):
        watch.calibrated(Segment.PELVIS, Stance.STANDING, from_s)
    assert len(watch.feed(*far)) == 2
    assert set(watch.slipped(99.0)) == {Segment.PELVIS}
    watch.calibrated(Segment.PELVIS, Stance.STANDING, 95.0, keeps_walk=True)
    assert watch.slipped(95.0)
    assert not watch.slipped(99.0)


def walks(*leans_deg: float, every: int = 9000) -> Walked:
    """Half a minute of walking every quarter of an hour, the pelvis leaning so, sitting in between."""
    return walked(*(run for lean in leans_deg for run in ((WALK, 300, lean, 3.0), (SIT, every - 300, -25.0, 10.0))))


def test_a_slow_drift_is_followed_in_small_steps_and_a_steady_walker_is_left_alone() -> None:
    _, corrections = watched(walks(*np.linspace(2.0, 6.0, 9).tolist()))
    assert {one.segment for one in corrections} == {Segment.PELVIS}
    for one in corrections:
        assert FOLLOW_DEG - 0.01 < one.forward_deg <= STEP_DEG
        assert abs(one.right_deg) < 0.1
        assert one.after_s % GRID_S == 0.0
        assert np.allclose(one.turn, turn_of(one.forward_deg, one.right_deg))
    assert watched(walks(*[2.0] * 9)) == ([], [])
    assert watched(walks(2.0, 2.8, 1.4, 2.5, 1.2, 2.9)) == ([], [])


@pytest.mark.parametrize("every", [1210, 1793, 9000])
def test_no_tick_is_told_before_a_correction_that_holds_for_it(every: int) -> None:
    """Cut no more often than asked for, which is less than at every edge of the grid."""
    whole, watch = walks(*np.linspace(2.0, 6.0, 9).tolist(), every=every), SlipWatch()
    for segment in Segment:
        watch.calibrated(segment, Stance.STANDING, 0.0)
    t, first, parts = whole[0].t, 0, 0
    corrections: list[Correction] = []
    while first < len(t):
        now = watch.corrections(float(t[first]))
        assert all(first == 0 or t[first - 1] <= one.after_s for one in now)
        corrections += now
        end = int(np.searchsorted(t, watch.next_s(float(t[first])), side="right"))
        (pose, activity), *_ = cut(whole, [first, end])[first > 0 :]
        assert watch.feed(pose, activity) == []
        first, parts = end, parts + 1
    expected = [(one.segment, one.after_s, one.forward_deg) for one in watched(whole)[1]]
    assert expected
    assert [(one.segment, one.after_s, one.forward_deg) for one in corrections] == expected
    assert parts < 0.9 * t[-1] / GRID_S


def test_corrections_are_bounded_by_the_hour_and_in_all() -> None:
    """The mounting is not really turned here, so the drift seems to go on for ever."""
    events, corrections = watched(walks(*(2.0 + 0.6 * number for number in range(15)), every=3000))
    assert not any(one.forward_deg > STEP_DEG + 1e-9 for one in corrections)
    for one in corrections:
        lately = [other for other in corrections if one.after_s - 3600.0 < other.after_s <= one.after_s]
        assert sum(other.size_deg for other in lately) <= HOUR_DEG + 1e-9
    assert sum(one.forward_deg for one in corrections) <= FURTHEST_DEG
    assert [event.kind for event in events] == [KIND]


def test_hours_of_sitting_teach_nothing() -> None:
    slow = np.linspace(0.0, -12.0, 90).tolist()
    sat = walked((WALK, 300, 2.0, 3.0), *((SIT, 600, -20.0 + lean, 10.0 - lean) for lean in slow))
    assert watched(sat) == ([], [])


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 11999), max_size=12))
def test_cutting_changes_nothing(seed: int, places: list[int]) -> None:
    rng = np.random.default_rng(seed)
    runs: list[Run] = [
        (Activity(int(rng.integers(1, 4))), int(rng.integers(20, 500)), *rng.normal(0.0, 4.0, 2).tolist())
        for _ in range(48)
    ]
    whole = walked(*runs)
    parts = cut(whole, [place for place in places if place < len(whole[0].t)])
    assert repr(watched(*parts)) == repr(watched(whole))
