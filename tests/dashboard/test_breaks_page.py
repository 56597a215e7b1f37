"""The page Breaks, run as Streamlit runs it but without a browser."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.break_flow import BreakTally, LedgerSpan
from analysis.io import settings as settings_file
from analysis.io.store import Batch, Store
from dashboard import break_day
from tests.dashboard.filled import DAY, PATIENCE_S, fill_day


def _script(url: str) -> None:
    """Runs as a Streamlit script: it must bring all its imports."""
    from datetime import UTC

    from analysis.io import settings as settings_file
    from analysis.io.reader import Reader
    from analysis.io.settings import StoreSettings
    from dashboard.page import Context
    from dashboard.pages.breaks import PAGE

    settings = settings_file.load().model_copy(update={"store": StoreSettings(url=url)})
    PAGE.show(Context(settings, Reader(url), "me", UTC))


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
    assert "Nothing has come of any break" in _texts(app)
    assert len(app.table) == 2


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
    assert len(app.table) == 3
    assert "10 min (camera)" in app.table[0].value.to_string()
    at = app.time_input(key=f"breaks_why_at_{DAY}")
    at.set_value(time(8, 40)).run()
    assert "because the camera was in use" in _texts(app)
    app.time_input(key=f"breaks_why_at_{DAY}").set_value(time(8, 10)).run()
    assert "No break was due yet" in _texts(app)
    assert not app.exception


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file that the page writes."""
    path = tmp_path / "upstand.toml"
    path.write_text("# mine\n[notify]\ndesktop = false  # quiet\n", encoding="utf-8")
    monkeypatch.setenv("UPSTAND_CONFIG", str(path))
    return path


def test_a_changed_number_is_written_and_taken_back(url: str, file: Path) -> None:
    before = file.read_text()
    app = _app(url)
    app.selectbox(key="breaks_change").set_value("active").run()
    app.number_input(key="breaks_change_active_interval").set_value(45.0).run()
    app.button(key="breaks_save").click().run()
    assert not app.exception
    assert not app.error
    assert file.read_text().startswith(before)
    assert "[breaks.types.active]\ninterval_s = 2700" in file.read_text()
    assert "active: saved" in app.success[0].value
    assert "45 min of sitting" in app.table[0].value.to_string()
    app.selectbox(key="breaks_change").set_value("active").run()
    app.button(key="breaks_remove").click().run()
    assert file.read_text().strip() == before.strip()


def test_a_break_of_ones_own_is_checked_before_it_is_written(url: str, file: Path) -> None:
    before = file.read_text()
    app = _app(url)
    app.selectbox(key="breaks_change").set_value("a new one").run()
    for name, said in (("Two words", "must be 1 to 32 small letters"), ("active", "There is a break 'active' already")):
        app.text_input(key="breaks_change_new_name").set_value(name).run()
        app.button(key="breaks_save").click().run()
        assert not app.exception
        assert said in app.error[0].value
        assert file.read_text() == before
    app.text_input(key="breaks_change_new_name").set_value("water").run()
    app.button(key="breaks_save").click().run()
    assert settings_file.load().breaks.rules().of("water") is not None
    assert app.selectbox(key="breaks_change").value == "water"
    app.button(key="breaks_remove").click().run()
    assert not app.exception
    assert settings_file.load().breaks.rules().of("water") is None


def test_hours_are_written_and_what_is_none_is_said(url: str, file: Path) -> None:
    app = _app(url)
    app.text_input(key="breaks_hours_mon").set_value("9 to 5").run()
    app.button(key="breaks_rules_save").click().run()
    assert "is not a span of the day" in app.error[0].value
    app.text_input(key="breaks_hours_mon").set_value("09:00-12:30, 13:15-17:30").run()
    app.number_input(key="breaks_spacing").set_value(10.0).run()
    app.button(key="breaks_rules_save").click().run()
    assert not app.exception
    rules = settings_file.load().breaks.rules()
    assert [(span.start_s, span.end_s) for span in rules.hours[0]] == [(32400.0, 45000.0), (47700.0, 63000.0)]
    assert rules.spacing_s == 600.0


def test_a_type_is_switched_off(url: str, file: Path) -> None:
    app = _app(url)
    app.toggle(key="breaks_change_shift_on").set_value(False).run()
    app.button(key="breaks_save").click().run()
    assert not app.exception
    assert settings_file.load().breaks.types["shift"].modes == ()
