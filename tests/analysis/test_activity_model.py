"""What the activity model's numbers make of half seconds that one can work out by hand."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detectors.activity import ActivityFilter
from analysis.detectors.activity_evidence import Evidence, Sums
from analysis.detectors.activity_model import OTHER, SIT, STAND, STATES, WALK, from_json, shipped, summed, to_json
from analysis.detectors.hindsight import Retold
from analysis.detectors.steps import FEATURES, LOOK, STEP_S, Postures, Steps
from analysis.detectors.upright import Uprights
from analysis.model import Activity, Floats, Segment, Stance
from analysis.own_postures import Habit, OwnPosture, OwnPostures

MODEL = shipped()
STILL = np.zeros(len(FEATURES))
OWN = OwnPostures(
    Stance.STANDING,
    sitting=OwnPosture(Habit(-30.0, 4.0), None, 600.0),
    standing=OwnPosture(Habit(0.0, 3.0), None, 600.0),
)


def lying(count: int, tipped_deg: float | Floats) -> Postures:
    """Of the pelvis alone, leaning back by that, or by so much in each step."""
    angle = np.radians(tipped_deg)
    up = {segment: np.tile([0.0, 0.0, 1.0], (count, 1)) for segment in Segment}
    tipped, leaned = (
        {Segment.PELVIS: np.full(count, value), Segment.LUMBAR: np.full(count, np.nan)}
        for value in (2 * np.sin(angle / 2), -np.sin(angle))
    )
    return Postures(up, tipped, leaned)


def steps(features: Floats, tipped_deg: float | Floats = 0.0, before_deg: float | None = None) -> Steps:
    """Of the pelvis alone, leaning back; before_deg: LOOK steps earlier, where it was otherwise."""
    count, flag = len(features), np.zeros(len(features), bool)
    held = lying(count, tipped_deg)
    was = held if before_deg is None else lying(count, before_deg)
    return Steps(STEP_S * np.arange(1.0, count + 1.0), flag, ~flag, ~flag, flag, held, was, held, features)


def shifted(up_m: float) -> Floats:
    """One half second in which somebody is lifted by so much."""
    features = np.tile(STILL, (1, 1))
    features[:, [FEATURES.index(name) for name in ("lift_short", "lift", "lift_long")]] = up_m
    return features


def evidence(some: Steps, *, has_seen: bool, own: OwnPostures | None = None, counted: float = 0.0) -> Evidence:
    uprights = Uprights()
    uprights.calibrated(Stance.STANDING, 0.0, is_current=True)
    if own is not None:
        uprights.adapted(own, 0.0)
    uprights.turn_to(0.0)
    return Evidence.of(MODEL, Sums(MODEL), some, uprights, counted, has_seen=has_seen)


def test_a_lift_out_of_a_slump_to_standing_tall_is_more_of_a_rise_than_one_back_into_it() -> None:
    lifted, dropped = (shifted(up_m) for up_m in (0.1, -0.1))
    for one, sign in ((lifted, 1.0), (dropped, -1.0)):
        up, down, unknown = (
            evidence(steps(one, *tipped), has_seen=True) for tipped in ((0.0, 30.0), (30.0, 0.0), (np.nan, None))
        )
        first, last, middle = (told.rise[0] if sign > 0 else -told.drop[0] for told in (up, down, unknown))
        assert first > middle > last


def test_who_is_still_neither_rises_nor_sits_down() -> None:
    told = evidence(steps(np.tile(STILL, (1, 1))), has_seen=True)
    assert told.rise[0] == told.drop[0] < -10.0


def test_sitting_straight_says_nothing_of_standing_to_who_was_seen_to_sit() -> None:
    straight = steps(np.tile(STILL, (4, 1)))

    def stands(one: Evidence) -> Floats:
        told: Floats = one.scores[:, STAND] - one.scores[:, SIT]
        return told

    assert (stands(evidence(straight, has_seen=True)) == 0.0).all()
    assert (stands(evidence(straight, has_seen=False)) > 0.0).all()
    assert (stands(evidence(straight, has_seen=True, own=OWN)) > 0.0).all()
    leaning = steps(np.tile(STILL, (4, 1)), 35.0)
    assert (stands(evidence(leaning, has_seen=True)) < 0.0).all()


def test_a_posture_that_is_held_counts_hardly_more_than_once() -> None:
    held = steps(np.tile(STILL, (600, 1)), 25.0)  # five minutes
    for has_seen in (True, False):
        told = evidence(held, has_seen=has_seen)
        nats = float(told.sitting[0])
        sits = np.cumsum(told.scores[:, SIT] - told.scores[:, STAND])
        assert 1.0 < nats < MODEL.shares.plain
        assert 0.7 * nats < sits[30] < nats  # in a quarter of a minute
        again = MODEL.shares.again if has_seen else MODEL.unsure.again
        assert sits[-1] < nats * (1.0 + 1.1 * again * len(held))
    further = evidence(steps(np.tile(STILL, (600, 1)), 35.0), has_seen=True, counted=nats)
    assert 0.0 < further.scores[0, SIT] - further.scores[0, STAND] < told.scores[0, SIT] - told.scores[0, STAND]


def test_who_reaches_for_something_is_not_there_for_long_enough_to_sit() -> None:
    reached = np.where(np.arange(600) % 60 < 8, 35.0, 0.0)  # for four seconds, twice a minute
    model = ActivityFilter()
    model.calibrated(Stance.STANDING, 0.0, is_current=True)
    model.learn(steps(np.tile(STILL, (600, 1)), reached))
    assert (model.at(np.arange(5.0, 290.0)).activity == Activity.STANDING).all()


@pytest.mark.parametrize("hours", [1, 3])
def test_hours_of_sitting_straight_stay_sitting(hours: int) -> None:
    model = ActivityFilter()
    model.calibrated(Stance.STANDING, 0.0, is_current=True)
    column = {name: number for number, name in enumerate(FEATURES)}
    features = np.tile(STILL, (7200 * hours + 100, 1))
    features[40, [column[name] for name in ("lift_short", "lift", "lift_long")]] = (-0.3, -0.45, -0.45)
    features[40, column["bent_after"]] = 0.4
    model.learn(steps(features))
    told = model.at(np.arange(10.0, 3600.0 * hours))
    assert told.activity[0] == Activity.STANDING
    assert (told.activity[30:] == Activity.SITTING).all()


@pytest.mark.parametrize("stance", Stance)
def test_who_says_how_they_are_is_believed_for_hours(stance: Stance) -> None:
    model = ActivityFilter()
    model.calibrated(stance, 0.0, is_current=True)
    features = np.tile(STILL, (3 * 7200, 1))
    features[::80, FEATURES.index("lift")] = 0.02  # now and then they shift
    model.learn(steps(features))
    is_so = Activity.STANDING if stance is Stance.STANDING else Activity.SITTING
    assert (model.at(np.arange(5.0, 3 * 3600.0 - 5.0)).activity == is_so).all()


def test_a_sensor_that_lay_is_put_on_standing_as_well() -> None:
    tipped = np.where(np.arange(120) < 12, 90.0, 4.0)  # lies for six seconds and is as somebody who stands from then on
    model = ActivityFilter()
    model.calibrated(Stance.STANDING, 0.0, is_current=False)
    model.learn(steps(np.tile(STILL, (120, 1)), tipped))
    told = model.at(np.arange(1.0, 59.0))
    assert told.activity[4] == Activity.LYING
    assert (told.activity[20:] == Activity.STANDING).all()


def test_the_first_change_that_is_clear_tells_what_was_before_it() -> None:
    column = {name: number for number, name in enumerate(FEATURES)}
    features = np.tile(STILL, (120, 1))
    features[60, [column[name] for name in ("lift_short", "lift", "lift_long")]] = (-0.3, -0.45, -0.45)
    features[60, column["bent_after"]] = 0.4
    tipped = np.where(np.arange(120) < 60, 18.0, 30.0)  # a stance that might as well be a seat, until the drop
    model = ActivityFilter()
    model.calibrated(Stance.STANDING, 0.0, is_current=False)
    model.learn(steps(features, tipped))
    told = model.at(STEP_S * np.arange(20.0, 118.0))
    assert Activity.SITTING in told.activity[:30]
    assert told.activity[-1] == Activity.SITTING
    anew = [one for one in model.news() if one.activity is Activity.STANDING]
    assert min(one.start_s for one in anew) < 5.0
    assert 27.0 < max(one.end_s for one in anew) < 32.0


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(0, 4), st.sampled_from([0.0, 12.0, 25.0, 75.0])),
        min_size=2,
        max_size=8,
    ),
    st.lists(st.integers(1, 500), min_size=1, max_size=12),
)
def test_cutting_the_steps_changes_nothing(seed: int, spells: list[tuple[int, int, float]], places: list[int]) -> None:
    rng = np.random.default_rng(seed)
    parts = [np.concatenate([np.tile(STILL, (calm, 1)), rng.normal(0.0, 0.4, (lively, len(FEATURES)))])
             for calm, lively, _ in spells]  # fmt: skip
    tipped = [np.full(calm + lively, tipped_deg) for calm, lively, tipped_deg in spells]
    whole = steps(np.concatenate(parts), np.concatenate(tipped))
    assert learnt(whole, places) == learnt(whole, [])


def learnt(whole: Steps, places: list[int]) -> tuple[list[tuple[int, float, int]], list[Retold]]:
    """What is told of every half second and anew, of steps that come in these pieces."""
    model = ActivityFilter()
    model.calibrated(Stance.STANDING, 0.0, is_current=False)
    edges = sorted({0, len(whole), *(place for place in places if place < len(whole))})
    for a, b in pairwise(edges):
        model.learn(whole.only(slice(a, b)))
    told = model.at(whole.end_s + LOOK * STEP_S)
    columns = (told.activity, told.confidence, told.settled)
    return list(zip(*(column.tolist() for column in columns), strict=True)), model.news()


def test_only_who_just_rose_is_slow_to_go_down_again() -> None:
    features = np.tile(STILL, (1, 1))
    seen = evidence(steps(features), has_seen=True)
    calm, hasty = (seen.ways(0, [0.2] * 5, [1.0, one, 1.0, 1.0, 1.0]) for one in (1.0, 0.1))
    assert [ways[SIT] for ways in hasty] == [ways[SIT] for ways in calm]
    assert hasty[SIT][STAND] < calm[SIT][STAND]
    assert hasty[WALK][STAND] == calm[WALK][STAND]


def test_a_back_that_sways_on_brings_who_stands_to_other_movement_and_keeps_who_sits() -> None:
    features = np.tile(STILL, (2, 1))
    features[1, [FEATURES.index(name) for name in ("swaying", "swaying_before", "swaying_earlier")]] = 0.5
    told = evidence(steps(features), has_seen=True)
    still, swaying = (told.ways(row, [1.0] * 5, [1.0] * 5) for row in (0, 1))
    assert swaying[OTHER][STAND] > 3 * still[OTHER][STAND]
    assert swaying[STAND][OTHER] < still[STAND][OTHER] / 3
    assert swaying[SIT] == still[SIT]
    assert told.scores[0, OTHER] < 0.0
    assert told.scores[1, OTHER] == 0.0  # the pelvis stays where it is, which says nothing now


def test_a_state_that_is_outrun_is_told_no_longer() -> None:
    rng = np.random.default_rng(4)
    features = rng.normal(0.0, 0.3, (600, len(FEATURES)))  # nobody moves so: every belief is doubtful at times
    model = ActivityFilter()
    model.calibrated(Stance.STANDING, 0.0, is_current=True)
    model.learn(steps(features, 12.0))
    told = model.at(np.arange(5.0, 295.0))
    assert (told.confidence > 100.0 / len(STATES) / 2).all()


def test_sums_at_once_are_those_one_by_one() -> None:
    some = steps(np.random.default_rng(7).normal(0.0, 0.5, (50, len(FEATURES))))
    parts = (MODEL.gait, MODEL.other, MODEL.stretch, MODEL.rise, MODEL.drop)
    assert np.array_equal(Sums(MODEL).of(some.features), [summed(part, some.features) for part in parts])


def test_the_file_keeps_every_number() -> None:
    assert from_json(to_json(MODEL)) == MODEL
    with pytest.raises(msgspec.ValidationError):
        from_json(to_json(MODEL).replace(b'"haste"', b'"hurry"'))
