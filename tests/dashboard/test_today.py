"""Which day the page Today shows."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.io.store import Store
from tests.dashboard.filled import PATIENCE_S


def _script(url: str) -> None:
    """Runs as a Streamlit script: it must bring all its imports."""
    from datetime import UTC

    from analysis.io.reader import Reader
    from analysis.io.settings import Settings, StoreSettings
    from dashboard.page import Context
    from dashboard.pages.today import PAGE

    PAGE.show(Context(Settings(store=StoreSettings(url=url)), Reader(url), "simulated", UTC))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'u.sqlite'}"


def _app(url: str) -> AppTest:
    return AppTest.from_function(_script, args=(url,), default_timeout=PATIENCE_S).run()


def _shown(app: AppTest) -> date:
    shown = app.date_input(key="today_date").value
    assert isinstance(shown, date)
    return shown


def test_a_page_left_open_goes_on_to_the_new_day(url: str) -> None:
    app = _app(url)
    today, ahead = _shown(app), time.time() + 2 * 86400.0
    with Store.open(url) as store:
        store.session("ahead", "simulated", "simulated", ahead)
    assert today < _shown(app.run()) == datetime.fromtimestamp(ahead, UTC).date()


def test_a_day_that_was_chosen_stays(url: str) -> None:
    app = _app(url)
    chosen = _shown(app) - timedelta(days=3)
    app.date_input(key="today_date").set_value(chosen).run()
    with Store.open(url) as store:
        store.session("ahead", "simulated", "simulated", time.time() + 86400.0)
    assert _shown(app.run()) == chosen
    assert not app.exception


def test_the_own_history_stays_within_reach_of_a_made_up_wearer(url: str) -> None:
    with Store.open(url) as store:
        store.session("mine", "me", "radio", time.time() - 7200.0)
    app = _app(url)
    assert app.selectbox(key="today_wearer").value == "simulated"
    app.selectbox(key="today_wearer").set_value("me").run()
    assert not app.exception
