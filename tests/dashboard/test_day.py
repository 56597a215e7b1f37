"""A day joined from its sessions: its pieces add up, on days of 23, 24 and 25 hours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.break_flow import Prompt, PromptState
from analysis.io.reader import Minutes, MinuteValues, Session
from analysis.lying_position import LyingPosition
from analysis.model import Activity, Event
from dashboard.day import Recorded, bounds, day_of, visible

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 10)
MIDNIGHT, NEXT = bounds(DAY, BERLIN)
KINDS = ("sitting", "standing", "walking", "lying")


def _recorded(
    start: float,
    last_s: float | None,
    events: Sequence[Event] = (),
    prompts: Sequence[Prompt] = (),
    minutes: Minutes | None = None,
) -> Recorded:
    session = Session(f"s{start}", "me", "radio", start, 1, last_s)
    return Recorded(session, events, prompts, minutes or Minutes(np.empty(0), {}, np.empty((0, len(Activity)))))


@st.composite
def _sessions(draw: st.DrawFn) -> list[Recorded]:
    """Sessions around the day, overlapping at will, each with bouts that follow one another."""
    recorded = []
    for _ in range(draw(st.integers(0, 4))):
        start = MIDNIGHT + draw(st.integers(-40_000, 90_000))
        lengths = draw(st.lists(st.integers(1, 20_000), max_size=6))
        edges = np.concatenate(([0.0], np.cumsum(lengths)))
        events = [Event(draw(st.sampled_from(KINDS)), float(a), float(b)) for a, b in itertools.pairwise(edges)]
        recorded.append(_recorded(start, float(edges[-1]) + draw(st.integers(0, 500)), events))
    return recorded


@given(recorded=_sessions())
def test_the_pieces_of_a_day_add_up(recorded: list[Recorded]) -> None:
    day = day_of(DAY, recorded, BERLIN)
    assert sum(day.totals_s.values()) == pytest.approx(day.recorded_s)
    assert day.recorded_s <= day.end - day.start
    assert all(seconds >= 0 for seconds in day.totals_s.values())
    for bout, following in zip(day.bouts, day.bouts[1:], strict=False):
        assert bout.end <= following.start
    assert all(day.start <= bout.start < bout.end <= day.end for bout in day.bouts)


@given(recorded=_sessions())
def test_no_moment_is_counted_twice_and_none_is_lost(recorded: list[Recorded]) -> None:
    pieces = visible(recorded, MIDNIGHT, NEXT)
    seen = np.zeros(int(NEXT - MIDNIGHT), bool)
    for one in recorded:
        a, z = one.session.started_at - MIDNIGHT, one.session.started_at + (one.session.last_s or 0.0) - MIDNIGHT
        seen[max(0, int(a)) : max(0, int(z))] = True
    assert sum(z - a for _, a, z in pieces) == seen.sum()


@given(recorded=_sessions())
@settings(max_examples=30)
def test_two_days_share_a_bout_that_crosses_midnight(recorded: list[Recorded]) -> None:
    days = [day_of(DAY + timedelta(days=shift), recorded, BERLIN) for shift in range(-2, 4)]
    pieces = visible(recorded, days[0].start, days[-1].end)
    assert sum(day.recorded_s for day in days) == pytest.approx(sum(z - a for _, a, z in pieces))


@given(order=st.permutations(range(3)))
def test_the_order_of_sessions_does_not_matter(order: list[int]) -> None:
    three = [
        _recorded(MIDNIGHT + at, 7200.0, [Event(kind, 0.0, 7200.0)])
        for at, kind in ((0, KINDS[0]), (3600, KINDS[1]), (5000, KINDS[2]))
    ]
    assert day_of(DAY, [three[i] for i in order], BERLIN) == day_of(DAY, three, BERLIN)


def test_the_session_started_later_is_believed_and_the_earlier_one_after_it_again() -> None:
    ran_ahead = _recorded(MIDNIGHT, 10_000.0, [Event("sitting", 0.0, 10_000.0)])
    restarted = _recorded(MIDNIGHT + 4000.0, 1000.0, [Event("walking", 0.0, 1000.0)])
    day = day_of(DAY, [ran_ahead, restarted], BERLIN)
    spans = [(bout.activity, bout.start - MIDNIGHT, bout.end - MIDNIGHT) for bout in day.bouts]
    assert spans == [
        (Activity.SITTING, 0.0, 4000.0),
        (Activity.WALKING, 4000.0, 5000.0),
        (Activity.SITTING, 5000.0, 10_000.0),
    ]
    assert day.longest_sitting_s == 5000.0


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)])
def test_days_have_as_many_hours_as_the_clock_says(day: date, hours: int) -> None:
    start, end = bounds(day, BERLIN)
    assert end - start == hours * 3600
    whole = _recorded(start - 100.0, hours * 3600.0 + 300.0, [Event("sitting", 0.0, hours * 3600.0 + 300.0)])
    told = day_of(day, [whole], BERLIN)
    assert told.totals_s[Activity.SITTING] == hours * 3600
    assert datetime.fromtimestamp(told.start, BERLIN).hour == 0


@given(
    day=st.dates(date(2000, 1, 1), date(2060, 1, 1)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_days_touch_and_never_overlap(day: date, zone: str) -> None:
    here = ZoneInfo(zone)
    assert bounds(day, here)[1] == bounds(day + timedelta(days=1), here)[0]


def test_an_open_bout_lasts_until_the_newest_sample() -> None:
    day = day_of(DAY, [_recorded(MIDNIGHT, 500.0, [Event("sitting", 100.0, None)])], BERLIN)
    (bout,) = day.bouts
    assert (bout.end - bout.start, bout.is_open) == (400.0, True)
    assert day.totals_s[Activity.UNKNOWN] == 100.0


def test_only_the_rises_of_the_day_count() -> None:
    rises = [Event("rise", at, at + 1.0) for at in (-50.0, 10.0, 500.0)]
    day = day_of(DAY, [_recorded(MIDNIGHT - 0.0, 400.0, rises)], BERLIN)
    assert day.rises == 1


def test_shifts_and_fidgets_are_counted_apart() -> None:
    events = [Event(kind, at, at + 1.0) for kind, at in (("shift", 5.0), ("fidget", 9.0), ("shift", 30.0))]
    day = day_of(DAY, [_recorded(MIDNIGHT, 400.0, events)], BERLIN)
    assert (day.shifts, day.fidgets) == (2, 1)


def test_prompts_with_outcome_and_response() -> None:
    prompts = [
        Prompt("a", "stand", 1, "You have sat for 30 min.", 100.0, PromptState.DONE, 145.0),
        Prompt("b", "stand", 1, "You have sat for 30 min.", 300.0, PromptState.IGNORED, 900.0),
        Prompt("c", "stand", 1, "You have sat for 30 min.", 950.0, PromptState.UNSEEN, 960.0),
        Prompt("d", "stand", 1, "You have sat for 30 min.", 1000.0, PromptState.OPEN),
    ]
    day = day_of(DAY, [_recorded(MIDNIGHT, 2000.0, prompts=prompts)], BERLIN)
    assert [asked.at - MIDNIGHT for asked in day.prompts] == [100.0, 300.0, 950.0, 1000.0]
    assert day.prompts[0].response_s == 45.0
    assert all(math.isnan(asked.response_s) for asked in day.prompts[1:])
    assert all(day.count(asked.state) == 1 for asked in prompts)


def test_a_prompt_was_asked_when_it_was_told_and_answered_with_the_rise() -> None:
    asked = Prompt(
        "a", "active", 1, "why", 100.0, PromptState.SHORT, 700.0, told_s=400.0, begun_s=430.0, credited_s=60.0
    )
    [one] = day_of(DAY, [_recorded(MIDNIGHT, 2000.0, prompts=[asked])], BERLIN).prompts
    assert (one.at - MIDNIGHT, one.kind, one.response_s, one.credited_s) == (400.0, "active", 30.0, 60.0)


def test_curves_leave_a_hole_where_nothing_was_measured() -> None:
    t0 = np.array([0.0, 60.0, 600.0])
    values = {"pelvic_tilt": MinuteValues(np.array([1.0, 2.0, 3.0]), t0 - 1, t0 + 1, np.full(3, 600.0))}
    minutes = Minutes(t0, values, np.zeros((3, len(Activity))))
    curve = day_of(DAY, [_recorded(MIDNIGHT, 700.0, minutes=minutes)], BERLIN).curves["pelvic_tilt"]
    assert (curve.at - MIDNIGHT).tolist() == [30.0, 90.0, 150.0, 630.0]
    assert np.isnan(curve.mean).tolist() == [False, False, True, False]


def test_a_session_without_samples_is_nothing() -> None:
    assert day_of(DAY, [_recorded(MIDNIGHT, None)], BERLIN).recorded_s == 0.0


def test_lying_is_spread_over_its_sides_within_its_bouts() -> None:
    told = [
        Event("lying", 100.0, 700.0),
        Event("lying_position", 90.0, 400.0, {"position": "supine"}),
        Event("lying_position", 400.0, 600.0, {"position": "left"}),
        Event("lying_position", 600.0, 640.0, {"position": "unknown"}),
        Event("lying_position", 2000.0, 3000.0, {"position": "prone"}),  # nobody lay then
    ]
    day = day_of(DAY, [_recorded(MIDNIGHT, 4000.0, told)], BERLIN)
    assert day.lying_s == {LyingPosition.SUPINE: 300.0, LyingPosition.LEFT: 200.0, LyingPosition.UNKNOWN: 100.0}
    open_end = [Event("lying", 100.0, None), Event("lying_position", 100.0, None, {"position": "right"})]
    assert day_of(DAY, [_recorded(MIDNIGHT, 500.0, open_end)], BERLIN).lying_s == {LyingPosition.RIGHT: 400.0}
    denied = Event("corrected", 100.0, 500.0, {"activity": "sitting"})
    assert day_of(DAY, [_recorded(MIDNIGHT, 500.0, [*open_end, denied])], BERLIN).lying_s == {}


@given(recorded=_sessions())
@settings(max_examples=30)
def test_the_sides_add_up_to_the_lying(recorded: list[Recorded]) -> None:
    day = day_of(DAY, recorded, BERLIN)
    assert sum(day.lying_s.values()) == pytest.approx(day.totals_s[Activity.LYING])
