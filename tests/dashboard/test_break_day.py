"""The record of a day's breaks, its ribbon, and why there was no prompt at a moment."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.break_flow import BreakTally, LedgerSpan
from analysis.breaks.types import Why
from analysis.io.reader import Session
from dashboard import break_day
from dashboard.break_day import ORDER, Told

SESSION = Session("a", "me", "radio", 1000.0, 1, 4000.0)
SPANS = (
    LedgerSpan(0.0, 1800.0, "not_due", "active", 0.0, 1.0, 1800.0),
    LedgerSpan(1800.0, 2400.0, "microphone", "active", 1800.0, 1.0, 1800.0),
    LedgerSpan(2400.0, None, "prompted", "active", 2400.0, 1.0, 1800.0, "aloud"),
)
TOLD = Told(SESSION, 1000.0, 5000.0, SPANS)


def test_the_ribbon_covers_what_was_measured_once() -> None:
    pieces = break_day.pieces_of([TOLD])
    assert [(piece.start, piece.end, piece.row) for piece in pieces] == [
        (1000.0, 2800.0, "Not due"),
        (2800.0, 3400.0, "Kept away"),
        (3400.0, 5000.0, "Prompted"),
    ]


def test_the_ribbon_stays_within_its_day() -> None:
    pieces = break_day.pieces_of([Told(SESSION, 3000.0, 3600.0, SPANS)])
    assert [(piece.start, piece.end) for piece in pieces] == [(3000.0, 3400.0), (3400.0, 3600.0)]


@pytest.mark.parametrize("why", list(Why))
def test_every_reason_has_its_row(why: Why) -> None:
    assert break_day.row_of(why.value) in ORDER


def test_why_at_a_moment_is_one_sentence_of_that_moment() -> None:
    assert break_day.why_at([TOLD], 3100.0, 5000.0).startswith("No prompt came, because the microphone was in use;")
    assert break_day.why_at([TOLD], 4000.0, 5000.0).startswith("You were prompted: aloud")


def test_before_after_and_to_come_are_three_things() -> None:
    for past in (900.0, 6000.0):
        assert break_day.why_at([TOLD], past, 7000.0) == "No data: nothing was measured at that moment."
    assert break_day.why_at([TOLD], 8000.0, 7000.0) == "Not yet: that moment is still to come."


def test_days_are_numbered_as_tallies_number_them() -> None:
    assert break_day.ordinal(date(1970, 1, 1)) == 0
    assert break_day.ordinal(date(2026, 3, 10)) == 20522


def test_the_record_has_a_column_for_each_type_and_no_empty_row() -> None:
    active = BreakTally(
        5, "active", prompted=3, taken=1, skipped={"in a call": 2}, suppressed_s={"camera": 90.0}, response_s=45.0
    )
    shift = BreakTally(5, "shift", natural=4)
    columns = break_day.record([active, shift])
    assert list(columns) == ["", "Active", "Shift"]
    rows = {label: (a, b) for label, a, b in zip(*columns.values(), strict=True)}
    assert rows == {
        "Prompted": ("3", "–"),
        "Taken when asked": ("1", "–"),
        "Taken unasked": ("–", "4"),
        "Skipped": ("2 (in a call)", "–"),
        "Kept away while due": ("1 min 30 s (camera)", "–"),
        "Time to rise, mean": ("45 s", "–"),
    }


counts = st.integers(0, 5)
tallies = st.builds(
    BreakTally,
    day=st.just(5),
    kind=st.sampled_from(["active", "shift"]),
    prompted=counts,
    ignored=counts,
    skipped=st.dictionaries(st.sampled_from(["now", "then"]), st.integers(1, 3)),
)


@given(st.lists(tallies, max_size=6))
def test_sums_lose_nothing_and_make_nothing_up(several: list[BreakTally]) -> None:
    sums = break_day.summed(several)
    assert len({one.kind for one in sums}) == len(sums)
    assert sum(one.prompted for one in sums) == sum(one.prompted for one in several)
    assert sum(sum(one.skipped.values()) for one in sums) == sum(sum(one.skipped.values()) for one in several)
