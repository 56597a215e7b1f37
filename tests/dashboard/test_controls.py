"""The line above every page, put together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from analysis.break_flow import LedgerSpan
from analysis.breaks import defaults
from analysis.io.reader import Session
from analysis.model import Activity, Event
from dashboard import controls
from dashboard.data import Moment
from dashboard.due import Orders

RULES = defaults.RULES
NONE = Orders(False, None, "")
SESSION = Session("a", "me", "radio", 12 * 3600.0, 1, 700.0)
SPANS = (LedgerSpan(100.0, None, "not_due", "active", 0.0, 1.0, 1800.0),)
SEATED = Moment(SESSION, True, 700.0, Activity.SITTING, (), SPANS, (Event("sitting", 100.0, None),))


def test_what_is_due_comes_with_the_clocks_of_who_sits() -> None:
    told = controls.sentence(SEATED, NONE, RULES, UTC)
    assert told.startswith("Next: your active break in 20 min")
    assert "Seated for 10 min" in told


def test_who_has_risen_is_not_told_to_sit() -> None:
    risen = replace(SEATED, activity=Activity.WALKING)
    assert "Seated" not in controls.sentence(risen, NONE, RULES, UTC)


def test_a_pause_is_told_first_with_its_end_on_the_clock() -> None:
    told = controls.sentence(SEATED, Orders(True, 7200.0, "meeting"), RULES, UTC)
    assert told.startswith("<b>No prompts until 14:00.</b>")
    assert told.endswith("Mode: meeting, until you change it.")


def test_the_evening_is_told_by_the_clock_on_the_wall() -> None:
    late = replace(SEATED, session=replace(SESSION, started_at=21 * 3600.0 - 600.0))
    assert controls.sentence(late, NONE, RULES, UTC).endswith("Mode: evening, by the clock until 04:00.")
    assert "Mode" not in controls.sentence(SEATED, NONE, replace(RULES, evening=None), UTC)


def test_without_a_sensor_it_says_what_it_goes_by() -> None:
    alone = replace(SEATED, session=replace(SESSION, source="desk"), activity=Activity.UNKNOWN)
    assert "No sensor is worn: by the clock and the keyboard." in controls.sentence(alone, NONE, RULES, UTC)


def test_nobody_measured_is_said() -> None:
    nobody = Moment(None, False, 0.0, Activity.UNKNOWN, (), (), ())
    for one in (nobody, replace(nobody, session=SESSION)):
        assert "nothing is being measured" in controls.sentence(one, NONE, RULES, UTC)


def test_who_is_measured_since_this_moment_is_not_told_that_nothing_is() -> None:
    told = controls.sentence(replace(SEATED, spans=(), events=()), NONE, RULES, UTC)
    assert told == "No break is counted yet."
