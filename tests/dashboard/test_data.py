"""What is read from a real store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analysis.break_flow import PromptState
from analysis.errors import PostureError
from analysis.io.reader import Reader
from analysis.io.settings import Settings
from analysis.io.sources import DESK
from analysis.io.store import Batch, Store
from analysis.model import Activity, Event
from analysis.schema import Status
from dashboard import data, health, server
from tests.dashboard.filled import DAY, EXPECTED, Wearer, fill_day

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'u.sqlite'}") as opened:
        yield opened


@pytest.fixture
def reader(store: Store, tmp_path: Path) -> Iterator[Reader]:
    with Reader(f"sqlite:///{tmp_path / 'u.sqlite'}") as opened:
        yield opened


def test_a_missing_store_is_empty(tmp_path: Path) -> None:
    with Reader(f"sqlite:///{tmp_path / 'none.sqlite'}") as reader:
        session, view, health = data.read_live(reader, "me")
        assert session is None
        assert view.activity is Activity.UNKNOWN
        assert not health.is_live
        assert data.read_day(reader, "me", DAY, BERLIN).recorded_s == 0.0
        assert data.shown_wearer(reader, Settings()) == "me"
        assert data.newest_calibration(reader, "me") is None


def test_a_day_of_two_sessions(store: Store, reader: Reader) -> None:
    fill_day(store, "me", BERLIN)
    day = data.read_day(reader, "me", DAY, BERLIN)
    minutes = {activity: seconds / 60 for activity, seconds in day.totals_s.items()}
    assert minutes[Activity.SITTING] == pytest.approx(EXPECTED.sitting_min)
    assert minutes[Activity.STANDING] == pytest.approx(EXPECTED.standing_min)
    assert minutes[Activity.WALKING] == pytest.approx(EXPECTED.walking_min)
    assert minutes[Activity.LYING] == pytest.approx(EXPECTED.lying_min)
    assert day.rises == EXPECTED.rises
    assert day.longest_sitting_s == 60 * EXPECTED.longest_sitting_min
    assert day.count(PromptState.DONE) == EXPECTED.done
    assert day.count(PromptState.IGNORED) == EXPECTED.ignored
    curve = day.curves["pelvic_tilt"]
    assert (curve.low <= curve.mean)[~(curve.mean != curve.mean)].all()
    assert data.read_day(reader, "me", DAY + timedelta(days=1), BERLIN).recorded_s == 0.0
    assert data.read_day(reader, "somebody", DAY, BERLIN).recorded_s == 0.0


def test_the_present(store: Store, reader: Reader) -> None:
    Wearer(store, "me", asked=True, sat_s=1984.0)
    session, view, health = data.read_live(reader, "me")
    assert health.is_live
    assert view.activity is Activity.SITTING
    assert session is not None
    assert session.last_s is not None
    assert view.at_s == pytest.approx(session.last_s, abs=0.11)
    assert view.bout_s == pytest.approx(view.at_s - 60.0)  # it sat down at 60 s
    assert view.bout_s >= 1983.9
    assert view.prompt is not None
    assert view.age_s[0] == pytest.approx(-120.0, abs=0.5)


def test_how_a_day_was_sat_from_its_frames_and_once_they_are_gone_from_its_minutes(
    store: Store, reader: Reader
) -> None:
    fill_day(store, "me", BERLIN)
    rows = {row.name: row for row in data.read_sitting(reader, "me", DAY, BERLIN, {"pelvic_tilt": (-15.0, 90.0)})}
    assert set(rows) == set(data.metrics()) - {"twist_speed"}  # adding up takes every tick
    tilt = rows["pelvic_tilt"].exposure  # −14° ± 3° while sitting; standing would be near 1°
    assert (tilt.low, tilt.middle, tilt.high) == pytest.approx((-16.9, -14.0, -11.1), abs=0.3)
    assert tilt.below_s / tilt.known_s == pytest.approx(0.39, abs=0.02)
    assert tilt.known_s == pytest.approx(EXPECTED.sitting_min * 60 / 10)  # of ten ticks a second it has one
    store.forget_before(time.time())
    later = {row.name: row for row in data.read_sitting(reader, "me", DAY, BERLIN, {})}
    assert set(later) == set(rows)
    assert later["pelvic_tilt"].exposure.middle == pytest.approx(-14.0, abs=0.3)
    assert later["pelvic_tilt"].exposure.low > tilt.low  # minutes smooth
    assert later["pelvic_tilt"].band is None
    assert data.read_sitting(reader, "me", DAY + timedelta(days=1), BERLIN, {}) == ()


def test_a_band_for_no_metric_is_one_sentence(reader: Reader) -> None:
    with pytest.raises(PostureError, match="no metric 'slouch'"):
        data.read_sitting(reader, "me", DAY, BERLIN, {"slouch": (0.0, 1.0)})


def test_a_simulated_wearer_is_shown_while_one_is_simulated(store: Store, reader: Reader) -> None:
    own, settings = Settings(), Settings(wearer="anna")
    assert data.shown_wearer(reader, own) == "me"
    Wearer(store, "simulated", "simulated")
    assert data.shown_wearer(reader, settings) == "simulated"
    Wearer(store, "anna")
    assert data.shown_wearer(reader, settings) == "anna"
    gone = Status(part="bridge", online=False, at=time.time() + 60.0, source="simulated")
    store.write([], statuses={("simulated", "bridge"): gone})
    assert data.shown_wearer(reader, own) == "me"


def test_beside_a_simulated_wearer_it_is_said_that_the_desk_counts_for_oneself(store: Store, reader: Reader) -> None:
    Wearer(store, "simulated", "simulated")
    assert health.MEANWHILE not in data.read_notices(reader, "simulated", "me")
    store.session("desk-1", "me", DESK, time.time())
    told = Status(part="service", online=True, at=time.time(), source=DESK, session_id="desk-1")
    store.write([], statuses={("me", "service"): told})
    assert data.read_notices(reader, "simulated", "me")[-1] == health.MEANWHILE
    assert health.MEANWHILE not in data.read_notices(reader, "me", "me")


def test_the_command_line_says_whom_to_show(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    monkeypatch.setenv(server.SHOW_WEARER, "replay-walk")
    assert data.shown_wearer(reader, Settings()) == "replay-walk"


def test_simulated_time_that_ran_ahead_decides_the_day(store: Store, reader: Reader) -> None:
    ahead = store.session("ahead", "simulated", "simulated", time.time() + 86400.0 * 2)
    assert data.newest_day(reader, "nobody", BERLIN) < data.newest_day(reader, "simulated", BERLIN)
    assert data.newest_day(reader, "simulated", BERLIN) == datetime.fromtimestamp(ahead.started_at, BERLIN).date()


def test_a_slip_is_shown_until_the_sensors_are_calibrated_again(store: Store, reader: Reader) -> None:
    assert data.newest_slip(reader, "me") is None
    session = store.session("s", "me", "radio", time.time())
    slip = Event("slipped", 20.0, 60.0, {"reason": "The pelvis sensor sits otherwise."})
    store.write([Batch(session, outputs=[Event("calibrated", 2.0, 11.0, {"kind": "stance"}), slip])])
    assert data.newest_slip(reader, "me") == slip
    store.write([Batch(session, outputs=[Event("calibrated", 70.0, 90.0, {"kind": "range"})])])
    assert data.newest_slip(reader, "me") == slip
    store.write([Batch(session, outputs=[Event("calibrated", 95.0, 100.0, {"kind": "bends"})])])
    assert data.newest_slip(reader, "me") is None
