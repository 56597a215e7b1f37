"""Where a calibration stands, as far as the person who asked for it can be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.io.store import Batch, Store
from analysis.model import CalibrationKind, Event
from dashboard.calibrate import HOLD_S, STEPS, AskedFor, Phase, lasts_s, phase, success
from dashboard.data import Told
from tests.dashboard.filled import PATIENCE_S

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


def _script(url: str) -> None:
    """Runs as a Streamlit script: it must bring all its imports."""
    from analysis.io.reader import Reader
    from analysis.io.settings import Settings
    from dashboard import calibrate
    from dashboard.page import Context

    calibrate.show(Context(Settings(), Reader(url), "me", None))


@pytest.mark.parametrize("has_slipped", [False, True])
def test_standing_tall_is_offered_with_its_reason_while_a_sensor_has_slipped(tmp_path: Path, has_slipped: bool) -> None:
    url = f"sqlite:///{tmp_path / 'u.sqlite'}"
    reason = "The pelvis sensor sits 12° otherwise than when you calibrated."
    events = [Event("calibrated", 2.0, 7.0, {"kind": "stance"}), Event("slipped", 60.0, 90.0, {"reason": reason})]
    mended = Event("calibrated", 100.0, 106.0, {"kind": "tall"})
    with Store.open(url) as store:
        session = store.session("s", "me", "radio", 0.0)
        store.write([Batch(session, outputs=events if has_slipped else [*events, mended])])
    app = AppTest.from_function(_script, args=(url,), default_timeout=PATIENCE_S).run()
    assert not app.exception
    assert ("Stand tall" in [button.label for button in app.button]) is has_slipped
    assert (reason in [warning.value for warning in app.warning]) is has_slipped


def test_mended_is_said_as_such() -> None:
    told = Told("s", Event("calibrated", 100.0, 106.0, {"kind": "tall", "tilt_error_deg": 1.34}))
    assert success(told) == "Mended to within 1.3°: upright is upright again."
