"""What the strip above every page says of the next break."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.break_flow import LedgerSpan
from analysis.breaks.orders import MODE_KIND, PAUSED_KIND, RESUMED_KIND
from analysis.breaks.types import Why
from analysis.corrections import CORRECTED
from analysis.model import Event
from dashboard import due

SEATED = LedgerSpan(100.0, None, "not_due", "active", 0.0, 1.0, 1800.0)


def _ordered(kind: str, at_s: float, **values: float | str | None) -> Event:
    return Event(kind, at_s, at_s, values)


def test_the_time_left_is_told_from_the_clock_and_its_rate() -> None:
    assert due.next_due([SEATED], 700.0) == "Next: your active break in 20 min, if you go on like this."


def test_off_the_seat_the_clock_is_told() -> None:
    up = LedgerSpan(700.0, None, "off_seat", "active", 600.0, -6.0, 1800.0)
    assert (
        due.next_due([SEATED, up], 720.0)
        == "Next: your active break; its clock stands at 8 min of 30 min and runs back."
    )


@pytest.mark.parametrize("why", list(Why))
def test_there_is_a_sentence_for_every_reason_but_while_the_card_says_it_all(why: Why) -> None:
    told = due.next_due([replace(SEATED, why=why.value, detail="aloud")], 200.0)
    assert told == "" if why in (Why.PROMPTED, Why.IN_BREAK) else told.endswith(".")


def test_nothing_known_is_said() -> None:
    assert due.next_due([], 10.0) == "No break is counted yet."


def test_the_clocks_of_the_body_are_those_of_what_lasts() -> None:
    events = [
        Event("sitting", 0.0, 90.0),
        Event("sitting", 100.0, None),
        Event("shift", 395.0, 400.0),
        Event("seated_posture", 500.0, None, {"posture": "slouched"}),
    ]
    assert due.clocks(events, 700.0) == "Seated for 10 min, no shift of posture for 5 min, slouched for 3 min."
    assert due.clocks(events[:1], 700.0) == ""


def test_a_pause_holds_until_its_end_or_until_it_is_taken_back() -> None:
    paused = _ordered(PAUSED_KIND, 100.0, until_s=1900.0)
    assert due.orders_of([paused], 200.0) == due.Orders(True, 1900.0, "")
    assert not due.orders_of([paused], 1900.0).is_paused
    assert not due.orders_of([paused, _ordered(RESUMED_KIND, 150.0, until_s=None)], 200.0).is_paused
    assert due.orders_of([_ordered(PAUSED_KIND, 100.0, until_s=None)], 9e9) == due.Orders(True, None, "")


def test_the_newest_mode_holds() -> None:
    events = [_ordered(MODE_KIND, 20.0, mode=""), _ordered(MODE_KIND, 10.0, mode="meeting")]
    assert due.orders_of(events, 30.0).mode == ""
    assert due.orders_of(events[1:], 30.0).mode == "meeting"


def test_the_wearers_own_word_is_taken_for_how_long_they_have_sat() -> None:
    sitting = Event("sitting", 100.0, None)
    stood = Event(CORRECTED, 400.0, 1000.0, {"activity": "standing"})
    assert due.clocks([sitting, stood], 1600.0).startswith("Seated for 10 min")
    sat = Event(CORRECTED, 0.0, 100.0, {"activity": "sitting"})
    assert due.clocks([sitting, sat], 1600.0).startswith("Seated for 27 min")
