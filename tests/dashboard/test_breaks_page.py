"""The page Breaks, run as Streamlit runs it but without a browser."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.io.store import Batch, Store
from analysis.model import BreakTally, LedgerSpan
from dashboard import break_day
from tests.dashboard.filled import DAY, PATIENCE_S, fill_day


def _script(url: str) -> None:
    """Runs as a Streamlit script: it must bring all its imports."""
    from datetime import UTC

    from analysis.io.reader import Reader
    from analysis.io.settings import Settings, StoreSettings
    from dashboard.page import Context
    from dashboard.pages.breaks import PAGE

    PAGE.show(Context(Settings(store=StoreSettings(url=url)), Reader(url), "me", UTC))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'u.sqlite'}"


def _app(url: str) -> AppTest:
    app = AppTest.from_function(_script, args=(url,), default_timeout=PATIENCE_S).run()
    assert not app.exception
    return app


def _texts(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def test_an_empty_store_says_so_and_still_shows_the_types(url: str) -> None:
    app = _app(url)
    assert "Nothing has been counted" in _texts(app)
    assert len(app.table) == 1


def test_a_day_tells_its_record_and_why_at_any_moment(url: str) -> None:
    with Store.open(url) as store:
        fill_day(store, "me", UTC)
        begun = datetime(DAY.year, DAY.month, DAY.day, 8, tzinfo=UTC).timestamp()
        session = store.session("me-morning", "me", "radio", begun)
        told = [
            LedgerSpan(0.0, 1800.0, "not_due", "active", 0.0, 1.0, 1800.0),
            LedgerSpan(1800.0, None, "camera", "active", 1800.0, 1.0, 1800.0),
            BreakTally(break_day.ordinal(DAY), "active", prompted=2, suppressed_s={"camera": 600.0}),
        ]
        store.write([Batch(session, [], told)])
    app = _app(url)
    app.date_input(key="breaks_date").set_value(DAY).run()
    assert not app.exception
    assert len(app.table) == 2
    assert "10 min (camera)" in app.table[0].value.to_string()
    at = app.time_input(key=f"breaks_why_at_{DAY}")
    at.set_value(time(8, 40)).run()
    assert "because the camera was in use" in _texts(app)
    app.time_input(key=f"breaks_why_at_{DAY}").set_value(time(8, 10)).run()
    assert "No break was due yet" in _texts(app)
    assert not app.exception


def test_a_changed_number_becomes_the_line_to_write(url: str) -> None:
    app = _app(url)
    app.selectbox(key="breaks_change").set_value("active").run()
    app.number_input(key="breaks_change_active_interval").set_value(45.0).run()
    assert app.code[0].value == "[breaks.types.active]\ninterval_s = 2700"


def test_a_break_of_ones_own_is_checked_before_it_is_shown(url: str) -> None:
    app = _app(url)
    app.selectbox(key="breaks_change").set_value("a new one").run()
    assert app.code[0].value.startswith("[breaks.types.eyes]")
    app.text_input(key="breaks_change_eyes_name").set_value("Two words").run()
    assert not app.exception
    assert "cannot be" in app.error[0].value
