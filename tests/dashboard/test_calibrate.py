"""Where a calibration stands, as far as the person who asked for it can be told."""

from __future__ import annotations

import pytest

from analysis.model import CalibrationKind, Event
from dashboard.calibrate import HOLD_S, STEPS, AskedFor, Phase, lasts_s, phase
from dashboard.data import Told

BEFORE = Told("s", Event("calibrated", 10.0, 15.0))
ASKED = AskedFor(at=1000.0, known=BEFORE)


@pytest.mark.parametrize(
    ("now", "expected"), [(1000.0, Phase.HOLD), (1000.0 + HOLD_S, Phase.WAIT), (1100.0, Phase.SILENT)]
)
def test_it_goes_by_the_clock_until_the_analysis_speaks(now: float, expected: Phase) -> None:
    assert phase(ASKED, BEFORE, now) is expected


@pytest.mark.parametrize(("kind", "expected"), [("calibrated", Phase.DONE), ("calibration_failed", Phase.FAILED)])
def test_the_answer_counts_whenever_it_comes(kind: str, expected: Phase) -> None:
    for now in (1000.5, 1006.0, 1100.0):  # simulated time may run faster than ours
        assert phase(ASKED, Told("s", Event(kind, 20.0, 25.0)), now) is expected


def test_the_first_calibration_of_a_session_is_an_answer() -> None:
    assert phase(AskedFor(1000.0, None), BEFORE, 1001.0) is Phase.DONE
    assert phase(ASKED, Told("another", BEFORE.event), 1001.0) is Phase.DONE


def test_a_refusal_is_said_until_it_is_asked_again() -> None:
    refused = AskedFor(1000.0, BEFORE, "The MQTT broker cannot be reached.")
    assert phase(refused, BEFORE, 1001.0) is phase(refused, BEFORE, 2000.0) is Phase.REFUSED


@pytest.mark.parametrize("kind", list(CalibrationKind))
def test_every_kind_leads_through_its_steps_and_then_waits(kind: CalibrationKind) -> None:
    asked, lasts = AskedFor(1000.0, BEFORE, kind=kind), lasts_s(kind)
    told = [phase(asked, BEFORE, 1000.0 + after_s) for after_s in (0.0, lasts - 0.1, lasts, lasts + 100.0)]
    assert told == [Phase.HOLD, Phase.HOLD, Phase.WAIT, Phase.SILENT]
    began_s = 0.0
    for until_s, words in STEPS[kind]:
        said, left_s, share = asked.step(1000.0 + (began_s + until_s) / 2)
        assert said == words
        assert left_s == pytest.approx((until_s - began_s) / 2)
        assert share == pytest.approx(0.5)
        began_s = until_s
    assert asked.step(1000.0 + lasts + 5.0)[1:] == (0.0, 1.0)
