"""What later movement shows not to have been so is told again: by the activity model, and by the bouts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.detectors.activity import ActivityFilter
from analysis.detectors.bouts import Bouts
from analysis.detectors.hindsight import BACKDATED_S, DELAY, SETTLED, Retold
from analysis.model import Activity, Codes, Event, Pose, PostureFrame, Quality, Segment, Stance
from analysis.own_postures import Habit, OwnPosture, OwnPostures
from benchmarks.activity_judges import stood
from benchmarks.activity_people import Person, recorded
from hardware.twin import posture
from hardware.twin.imu import ImuErrors
from hardware.twin.moves import Hold, Rise, Shift, SitDown
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer

SIT, STAND, WALK = Activity.SITTING, Activity.STANDING, Activity.WALKING


def frame(*runs: tuple[Activity, int]) -> PostureFrame:
    """Ticks of activity that was settled just as it was told at once."""
    told = np.concatenate([np.full(count, activity, np.int8) for activity, count in runs])
    settled = np.concatenate([np.full(DELAY, Activity.UNKNOWN, np.int8), told])[: len(told)]
    return _frame(told, settled)


def _frame(told: Codes, settled: Codes) -> PostureFrame:
    t = np.arange(len(told)) / 10
    return PostureFrame(t, {SETTLED: settled.astype(np.float64)}, told, np.zeros(len(told), np.uint16))


def piece(whole: PostureFrame, a: int, b: int) -> PostureFrame:
    return PostureFrame(whole.t[a:b], {SETTLED: whole.values[SETTLED][a:b]}, whole.activity[a:b], whole.quality[a:b])


def watched(whole: PostureFrame, spans: list[Retold], places: list[int]) -> list[Event]:
    bouts, events = Bouts(), []
    edges = sorted({0, len(whole.t), *(place for place in places if place < len(whole.t))})
    for span in spans:
        bouts.retold(span)
    for a, b in pairwise(edges):
        events += bouts.feed(piece(whole, a, b))
    return events + bouts.close(float(whole.t[-1]))


def standing_at_the_end(events: list[Event]) -> dict[tuple[str, float], float | None]:
    """What is left to believe: the last word on each, without bouts that never were."""
    last = {(event.kind, event.start_s): event.end_s for event in events}
    return {key: end for key, end in last.items() if key[0] in ("rise", "retold") or end != key[1]}


def test_a_first_standing_that_was_told_as_sitting_is_told_again() -> None:
    whole = frame((SIT, 700), (STAND, 300))
    told = standing_at_the_end(watched(whole, [Retold(50.0, 0.0, 30.0, STAND)], []))
    assert told == {
        ("standing", 0.0): 30.0, ("sitting", 30.0): 70.0, ("standing", 70.0): 100.0, ("rise", 70.0): 70.0,
        ("retold", 0.0): 30.0,
    }  # fmt: skip


def test_a_drop_that_was_missed_splits_a_bout() -> None:
    told = standing_at_the_end(watched(frame((SIT, 900)), [Retold(60.0, 20.0, 40.0, WALK)], []))
    assert told[("sitting", 0.0)] == 20.0
    assert told[("walking", 20.0)] == 40.0
    assert told[("sitting", 40.0)] == 90.0


def test_a_bout_that_was_told_as_over_may_go_on_after_all() -> None:
    whole = frame((STAND, 100), (WALK, 200), (STAND, 400))
    told = standing_at_the_end(watched(whole, [Retold(45.0, 10.0, 30.0, STAND)], []))
    assert told == {("standing", 0.0): 70.0, ("retold", 10.0): 30.0}


def test_what_came_before_a_rise_stays_as_it_was_told() -> None:
    whole = frame((SIT, 300), (STAND, 600))
    plain = standing_at_the_end(watched(whole, [], []))
    told = standing_at_the_end(watched(whole, [Retold(70.0, 0.0, 30.0, STAND)], []))
    assert ("rise", 30.0) in told
    assert {key: end for key, end in told.items() if key[0] != "retold"} == plain


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 6000), max_size=30))
def test_cutting_changes_nothing(seed: int, places: list[int]) -> None:
    rng = np.random.default_rng(seed)
    kinds = (SIT, STAND, WALK, Activity.LYING, Activity.UNKNOWN, Activity.NOT_WORN)
    runs = [(kinds[rng.choice(6, p=(0.3, 0.3, 0.2, 0.1, 0.07, 0.03))], int(rng.integers(1, 400))) for _ in range(25)]
    whole = frame(*runs)
    spans = []
    for known in sorted(int(rng.integers(200, len(whole.t))) for _ in range(6)):
        end = known - DELAY - int(rng.integers(0, 100))
        start = max(0, end - int(rng.integers(1, round(10 * BACKDATED_S))))
        if start < end:
            spans.append(Retold(known / 10, start / 10, end / 10, kinds[rng.integers(3)]))
    assert watched(whole, spans, places) == watched(whole, spans, [])


def _only(pose: Pose, rows: NDArray[np.bool_]) -> Pose:
    q, acc, gyr = ({segment: a[rows] for segment, a in of.items()} for of in (pose.q, pose.acc, pose.gyr))
    return Pose(pose.t[rows], q, acc, gyr, pose.quality[rows])


def leaner(lean_deg: float, stood_s: float) -> Person:
    """Somebody who stands as others sit, and then sits down."""
    leaning = posture.Posture(STAND, lean_deg, -12.0)
    script = of_moves("leaner", Hold(8.0), Shift(leaning, 1.5), Hold(stood_s), SitDown(), Hold(30.0), Rise(), Hold(9.0))
    return recorded(Wearer(script, 3), tuple(Segment), [ImuErrors.default(1), ImuErrors.default(2)], 8.0)


def told_of(one: Person, from_s: float, own: OwnPostures | None = None) -> tuple[Codes, Codes, list[Retold]]:
    """What was settled and what it really was, from that moment on, with a calibration of another time."""
    rows = one.sensors.t >= from_s
    pose = _only(one.sensors, rows)
    model = ActivityFilter()
    model.calibrated(Stance.STANDING, 0.0, is_current=False)
    if own is not None:
        model.adapted(own, 0.0)
    t = pose.t[::5]
    seen = model.feed(pose, _only(stood(one.sensors, one.sensors.t < one.quiet_s, np.random.default_rng(2)), rows), t)
    return seen.settled[DELAY:], one.activity[rows][::5][:-DELAY], model.news()


def test_who_has_shown_how_they_stand_is_not_taken_to_sit() -> None:
    own = OwnPostures(
        Stance.STANDING,
        sitting=OwnPosture(Habit(-30.0, 4.0), Habit(-20.0, 5.0), 600.0),
        standing=OwnPosture(Habit(-14.0, 3.0), Habit(-12.0, 4.0), 600.0),
    )
    one = leaner(-14.0, 25.0)
    settled, true, _ = told_of(one, 12.0)
    standing = true == STAND
    assert (settled == true)[standing][20:200].mean() < 0.5  # to others it looks like sitting
    settled, true, _ = told_of(one, 12.0, own)
    assert (settled == true)[standing][20:200].mean() > 0.95


def without_sensors(pose: Pose, off: NDArray[np.bool_], quality: Quality) -> Pose:
    gone = {segment: np.where(off[:, None], np.nan, acc) for segment, acc in pose.acc.items()}
    return replace(pose, acc=gone, quality=np.where(off, pose.quality | np.uint16(quality), pose.quality))


def test_who_took_the_sensors_off_sitting_may_put_them_on_standing() -> None:
    one = leaner(0.0, 10.0)
    until_s = float(one.sensors.t[np.flatnonzero(one.activity == SIT)[-1]]) + 1.5  # up, unseen
    off = (one.sensors.t > until_s - 15.0) & (one.sensors.t < until_s)
    told = {}
    for quality in (Quality.NOT_WORN, Quality.GOOD):
        segments = without_sensors(
            stood(one.sensors, one.sensors.t < one.quiet_s, np.random.default_rng(2)), off, quality
        )
        model = ActivityFilter()
        model.calibrated(Stance.STANDING, one.quiet_s, is_current=True)
        t = one.sensors.t[::5]
        told[quality] = model.feed(one.sensors, segments, t).activity[t > until_s + 4.0]
    assert (told[Quality.NOT_WORN] == STAND).all()
    assert (told[Quality.GOOD] == SIT).all()  # a silence of the radio changes nobody
