"""The control that takes the wearer's own word."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.corrections import Corrected, event_of
from analysis.io.store import Batch, Store
from analysis.model import Activity
from dashboard.correct import Wrong, exact, parts_of
from dashboard.day import Stretch
from tests.dashboard.filled import DAY, PATIENCE_S, fill_day

MIDNIGHT = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp()


def test_a_span_over_two_sessions_is_told_to_each() -> None:
    stretches = [Stretch("a", 1000.0, 1000.0, 2000.0), Stretch("b", 1500.0, 2100.0, 3000.0)]
    assert parts_of(stretches, 1900.0, 2200.0) == [Wrong("a", 900.0, 1000.0), Wrong("b", 600.0, 700.0)]
    assert parts_of(stretches, 2000.0, 2100.0) == []
    assert parts_of(stretches, 1900.0, 1800.0) == []


def test_a_clock_that_was_left_alone_means_the_edge_itself() -> None:
    edge = MIDNIGHT + 9 * 3600.0 + 15 * 60.0 + 42.5
    assert exact(time(9, 15), edge, DAY, UTC) == edge
    assert exact(time(9, 16), edge, DAY, UTC) == MIDNIGHT + 9 * 3600.0 + 16 * 60.0


def _script(url: str, ordinal: int) -> None:
    """Runs as a Streamlit script: it must bring all its imports."""
    from datetime import UTC, date

    from analysis.io.reader import Reader
    from analysis.io.settings import Settings, StoreSettings
    from dashboard import correct
    from dashboard.page import Context

    correct.show(
        Context(Settings(store=StoreSettings(url=url)), Reader(url), "me", UTC), "me", date.fromordinal(ordinal)
    )


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("UPSTAND_DATA_DIR", str(tmp_path))
    return f"sqlite:///{tmp_path / 'u.sqlite'}"


def _app(url: str, day: date = DAY) -> AppTest:
    app = AppTest.from_function(_script, args=(url, day.toordinal()), default_timeout=PATIENCE_S).run()
    assert not app.exception
    return app


def test_a_day_without_measurements_has_nothing_to_correct(url: str) -> None:
    assert not _app(url).button


def test_every_bout_of_the_day_can_be_chosen(url: str) -> None:
    with Store.open(url) as store:
        fill_day(store, "me", UTC)
    app = _app(url)
    options = app.selectbox(key="today_correct_bout").options
    assert len(options) == 12
    assert options[-1] == "08:00 – 08:38  Sitting"
    assert app.button(key="today_correct_do").disabled  # until it is said what it really was
    first = f"{MIDNIGHT + 8 * 3600.0:.0f}"
    app.selectbox(key="today_correct_bout").set_value(f"{first} SITTING").run()
    assert app.time_input(key=f"today_correct_to_{first}").value == time(8, 38)


def test_without_a_broker_the_page_says_what_to_do(url: str) -> None:
    with Store.open(url) as store:
        fill_day(store, "me", UTC)
    app = _app(url)
    app.button_group(key="today_correct_activity").set_value(Activity.STANDING).run()
    app.button(key="today_correct_do").click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert "upstand run" in app.error[0].value
    assert not app.run().error  # said once


def test_each_correction_can_be_taken_back(url: str) -> None:
    with Store.open(url) as store:
        fill_day(store, "me", UTC)
        session = store.find("me-morning")
        assert session is not None
        store.write([Batch(session, outputs=[event_of(Corrected(0.0, 600.0, Activity.STANDING))])])
    app = _app(url)
    assert len(app.selectbox(key="today_correct_bout").options) == 13
    app.button(key=f"today_correct_undo_{MIDNIGHT + 8 * 3600.0:.0f}").click().run()
    assert "upstand run" in app.error[0].value
