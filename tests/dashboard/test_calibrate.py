"""Where a calibration stands, as far as the person who asked for it can be told."""

from __future__ import annotations

import pytest

from analysis.model import CalibrationKind, Event
from dashboard.calibrate import HOLD_S, LASTS_S, AskedFor, Phase, phase
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


def test_bends_follow_the_stance_and_take_their_time() -> None:
    bending, lasts_s = AskedFor(1000.0, BEFORE, kind=CalibrationKind.BENDS), LASTS_S[CalibrationKind.BENDS]
    told = [phase(bending, BEFORE, 1000.0 + after_s) for after_s in (0.0, HOLD_S, lasts_s, lasts_s + 100.0)]
    assert told == [Phase.HOLD, Phase.BEND, Phase.WAIT, Phase.SILENT]
