"""The wearer's own word on what they did moves the clocks of breaks, and taking it back moves them back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.break_flow import PromptState
from analysis.breaks.defaults import ACTIVE, DAY, RULES, SHIFT
from analysis.breaks.types import BreakRules, Fading, Mode
from analysis.model import Activity, Event, Label
from tests.analysis.breaks.played import SIT, STAND, UNKNOWN, WALK, Run, anchors, play

CALM = BreakRules(
    (ACTIVE, SHIFT, DAY), {Mode.DESK: frozenset({"active"})}, fading=Fading(is_on=False), return_s=0.0
)  # fmt: skip


def really(start_s: float, end_s: float, activity: Activity) -> Label:
    return Label(start_s, end_s, "", activity)


def test_who_stood_has_not_sat() -> None:
    """Told to have sat all along; by the wearer's word they stood from minute 10 to 20."""
    stood = [(1500.0, really(600.0, 1200.0, STAND))]
    played = play(CALM, (SIT, 3300.0), corrections=stood)
    [asked] = played.asked("active")
    assert asked == pytest.approx(1200.0 + 1800.0)
    assert "You have been sitting for 30 min." in played.prompts[0].reason


def test_the_record_goes_on_from_the_clock_as_it_is_now() -> None:
    played = play(CALM, (SIT, 1600.0), corrections=[(1500.0, really(600.0, 1200.0, STAND))])
    assert "the active clock stood at 24 min" in played.why(1450.0)
    assert "the active clock stood at 5 min" in played.why(1520.0)


def test_a_short_stand_pays_back_its_part() -> None:
    stood = [(1500.0, really(600.0, 660.0, STAND))]  # a minute pays back six of the ten before it
    assert play(CALM, (SIT, 3300.0), corrections=stood).asked("active")[0] == pytest.approx(660.0 + 1800.0 - 240.0)


def test_who_sat_on_was_on_no_break() -> None:
    runs: list[Run] = [(SIT, 900.0), (STAND, 300.0), (SIT, 1500.0)]
    assert not play(CALM, *runs).asked("active")
    sat = play(CALM, *runs, corrections=[(1500.0, really(900.0, 1200.0, SIT))])
    assert sat.asked("active")[0] == pytest.approx(1800.0)
    assert "You have been sitting for 15 min, and for 30 min without" in sat.prompts[0].reason


def test_a_prompt_that_would_not_have_come_is_taken_back() -> None:
    played = play(CALM, (SIT, 2400.0), corrections=[(1860.0, really(1000.0, 1600.0, WALK))])
    assert played.outcomes == [("active", PromptState.WITHDRAWN)]


@pytest.mark.parametrize("activity", [STAND, SIT, Activity.NOT_WORN])
def test_what_is_taken_back_was_never_said(activity: Activity) -> None:
    runs: list[Run] = [(SIT, 700.0), (WALK, 40.0), (SIT, 900.0)]
    said = [(1000.0, really(300.0, 900.0, activity)), (1100.0, really(0.0, 1100.0, UNKNOWN))]
    shifts = [Event("shift", 200.0, 201.0)]
    plain = play(CALM, *runs, inputs=anchors(1640.0), events=shifts)
    told = play(CALM, *runs, inputs=anchors(1640.0), events=shifts, corrections=said)
    assert told.memory.clocks_s == pytest.approx(plain.memory.clocks_s)


def test_the_days_total_follows() -> None:
    stood = [(1500.0, really(300.0, 900.0, STAND))]
    assert play(CALM, (SIT, 2000.0), inputs=anchors(2000.0), corrections=stood).memory.seated_s == pytest.approx(1400.0)


RUNS = st.lists(
    st.tuples(st.sampled_from([SIT, SIT, SIT, STAND, WALK, UNKNOWN, Activity.OTHER]), st.integers(1, 900).map(float)),
    min_size=2,
    max_size=10,
)
SAID = st.lists(
    st.tuples(
        st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 1500), st.sampled_from([SIT, STAND, WALK, UNKNOWN])
    ),
    max_size=5,
)


@settings(max_examples=60)
@given(RUNS, SAID, st.lists(st.integers(1, 20000), max_size=6))
def test_corrections_hold_however_the_day_is_cut_and_are_gone_once_taken_back(
    runs: list[Run], said: list[tuple[int, int, int, Activity]], places: list[int]
) -> None:
    end_s = sum(span_s for _, span_s in runs)
    told = [(float(at), really(float(a), float(a + n), what)) for at, a, n, what in sorted(said)]
    told = [(at, one) for at, one in told if at < end_s and one.end_s <= at]
    whole, parts = (play(RULES, *runs, corrections=told, places=cuts) for cuts in ((), places))
    assert [repr(one) for one in whole.told] == [repr(one) for one in parts.told]
    assert all(clock_s >= 0 for clock_s in whole.memory.clocks_s.values())


@settings(max_examples=60)
@given(RUNS, st.integers(0, 3000), st.integers(1, 1500), st.sampled_from([SIT, STAND, WALK]))
def test_what_was_told_is_counted_anew_as_it_was(runs: list[Run], start: int, length: int, what: Activity) -> None:
    """Taken back at once: every clock shows what it would have shown."""
    at_s = sum(span_s for _, span_s in runs) - 0.5
    calm = BreakRules(RULES.types, {}, fading=Fading(is_on=False))  # no prompt that could come or not
    said = [(at_s, really(float(start), float(start + length), what)), (at_s, really(0.0, 9999.0, UNKNOWN))]
    plain, told = play(calm, *runs), play(calm, *runs, corrections=said)
    assert told.memory.clocks_s == pytest.approx(plain.memory.clocks_s, abs=1e-6)
