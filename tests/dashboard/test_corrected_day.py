"""A day as its wearer corrected it: totals, bouts, rises, shifts and curves follow, and nothing is lost or doubled."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.corrections import CORRECTED, Corrected, event_of
from analysis.io.reader import Minutes, MinuteValues, Session
from analysis.model import Activity, Event, PostureFrame
from dashboard.day import Day, Recorded, bounds, day_of
from dashboard.seat import Piece, corrected

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 10)
MIDNIGHT, _ = bounds(DAY, BERLIN)
NINE = MIDNIGHT + 9 * 3600.0

# 40 min of sitting, 20 of standing, 30 of sitting, 10 of walking
TOLD = [
    Event("sitting", 0.0, 2400.0),
    Event("rise", 2400.0, 2400.0),
    Event("standing", 2400.0, 3600.0),
    Event("sitting", 3600.0, 5400.0),
    Event("rise", 5400.0, 5400.0),
    Event("walking", 5400.0, 6000.0),
    *(Event("shift", 60.0 * minute, 60.0 * minute + 2.0) for minute in range(1, 40, 2)),
]


def minutes() -> Minutes:
    t0 = 60.0 * np.arange(100)
    values = MinuteValues(np.ones(100), np.zeros(100), np.full(100, 2.0), np.full(100, 600.0))
    return Minutes(t0, {"pelvic_tilt": values}, np.zeros((100, len(Activity))))


def day(*corrections: Corrected, told: Sequence[Event] = TOLD, last_s: float = 6000.0) -> Day:
    session = Session("s", "me", "radio", NINE, 1, last_s)
    return day_of(DAY, [Recorded(session, [*told, *map(event_of, corrections)], [], minutes())], BERLIN)


def test_standing_that_was_sitting_makes_one_piece_of_three() -> None:
    corrected = day(Corrected(2400.0, 3600.0, Activity.SITTING))
    assert [(bout.activity, bout.end - bout.start) for bout in corrected.bouts] == [
        (Activity.SITTING, 5400.0),
        (Activity.WALKING, 600.0),
    ]
    assert corrected.totals_s[Activity.SITTING] == 5400.0
    assert corrected.totals_s[Activity.STANDING] == 0.0
    assert corrected.longest_sitting_s == 5400.0
    assert corrected.rises == 1
    assert (corrected.corrections[0].start, corrected.corrections[0].activity) == (NINE + 2400.0, Activity.SITTING)


def test_sitting_that_was_standing_adds_a_rise_and_takes_its_shifts_away() -> None:
    corrected = day(Corrected(600.0, 1200.0, Activity.STANDING))
    assert corrected.rises == 3
    assert corrected.longest_sitting_s == 1800.0
    assert corrected.shifts == day().shifts - 5
    assert day().rises == 2


def test_what_was_not_worn_has_no_posture() -> None:
    corrected = day(Corrected(1200.0, 2400.0, Activity.NOT_WORN))
    assert corrected.totals_s[Activity.NOT_WORN] == 1200.0
    assert np.isfinite(corrected.curves["pelvic_tilt"].mean).sum() == 80
    assert np.isfinite(day().curves["pelvic_tilt"].mean).sum() == 100


def test_a_correction_that_was_taken_back_leaves_the_day_as_it_was() -> None:
    gone = [Event(CORRECTED, 600.0, 600.0, {})]
    assert day(told=[*TOLD, *gone]).bouts == day().bouts
    assert day(told=[*TOLD, *gone]).corrections == ()


def test_sitting_on_is_still_going_on() -> None:
    told = [Event("standing", 0.0, 600.0), Event("sitting", 600.0, None)]
    corrected = day(Corrected(0.0, 300.0, Activity.SITTING), told=told, last_s=900.0)
    assert [bout.is_open for bout in corrected.bouts] == [False, False, True]
    assert day(Corrected(600.0, 900.0, Activity.STANDING), told=told, last_s=900.0).bouts[-1].is_open is False


@given(
    st.lists(st.tuples(st.integers(1, 900), st.sampled_from(list(Activity)[1:])), max_size=8),
    st.lists(st.tuples(st.integers(1, 900), st.sampled_from(list(Activity))), max_size=8),
)
def test_totals_add_up_whatever_was_corrected(
    told: list[tuple[int, Activity]], words: list[tuple[int, Activity]]
) -> None:
    edges = list(itertools.accumulate((length for length, _ in told), initial=0))
    events = [
        Event(activity.name.lower(), float(a), float(b))
        for (_, activity), (a, b) in zip(told, itertools.pairwise(edges), strict=True)
    ]
    own = list(itertools.accumulate((length for length, _ in words), initial=0))
    corrections = [
        Corrected(float(a), float(b), activity)
        for (_, activity), (a, b) in zip(words, itertools.pairwise(own), strict=True)
        if activity is not Activity.UNKNOWN
    ]
    shown = day(*corrections, told=events, last_s=8000.0)
    assert sum(shown.totals_s.values()) == pytest.approx(shown.recorded_s) == 8000.0
    truth = [Activity.UNKNOWN] * 8000
    for (_, activity), (a, b) in zip(told, itertools.pairwise(edges), strict=True):
        truth[a:b] = [activity] * (b - a)
    for span in corrections:
        truth[int(span.start_s) : int(span.end_s)] = [span.activity] * int(span.end_s - span.start_s)
    for activity in Activity:
        assert shown.totals_s[activity] == pytest.approx(truth.count(activity), abs=1e-3)


def test_exposure_counts_the_ticks_and_minutes_that_were_sitting_by_the_wearers_word() -> None:
    t = np.arange(6000) / 10
    frame = PostureFrame(t, {}, np.full(6000, Activity.STANDING, np.int8), np.zeros(6000, np.uint16))
    seconds = np.zeros((10, len(Activity)))
    seconds[:, Activity.STANDING] = 60.0
    piece = Piece(frame, Minutes(60.0 * np.arange(10), {}, seconds))
    told = corrected(piece, [Corrected(90.0, 240.0, Activity.SITTING), Corrected(500.0, 900.0, Activity.LYING)])
    assert (told.frame.activity == Activity.SITTING).sum() == 1500
    assert told.minutes.seconds[:, Activity.SITTING].tolist() == [0.0, 30.0, 60.0, 60.0] + [0.0] * 6
    assert told.minutes.seconds.sum(axis=1).tolist() == [60.0] * 10
    assert told.minutes.seconds[:, Activity.LYING].sum() == 100.0
    assert (frame.activity == Activity.STANDING).all()
