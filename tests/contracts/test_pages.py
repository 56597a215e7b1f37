"""Every page in dashboard/pages: it draws itself on an empty and on a filled store, and raises nothing."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.pages
from analysis.io.store import Store
from analysis.model import Quality
from analysis.registry import discover
from dashboard.page import Page
from tests.dashboard.filled import PATIENCE_S, Wearer, fill_day

PAGES = discover(dashboard.pages, "PAGE", Page)


def _script(name: str, url: str, wearer: str) -> None:
    """Runs as a Streamlit script: it must bring all its imports."""
    from zoneinfo import ZoneInfo

    import dashboard.pages
    from analysis.io.reader import Reader
    from analysis.io.settings import Settings, StoreSettings
    from analysis.registry import discover
    from dashboard import banner
    from dashboard.page import Context, Page

    settings = Settings(store=StoreSettings(url=url))
    context = Context(settings, Reader(url), wearer, ZoneInfo("Europe/Berlin"))
    banner.show(context)
    discover(dashboard.pages, "PAGE", Page)[name].show(context)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'u.sqlite'}"


def _run(name: str, url: str, wearer: str = "me") -> AppTest:
    return AppTest.from_function(_script, args=(name, url, wearer), default_timeout=PATIENCE_S).run()


def test_there_are_pages_each_with_its_own_place() -> None:
    assert {"now", "today", "breaks"} <= set(PAGES)
    assert len({page.order for page in PAGES.values()}) == len(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_on_a_store_that_is_not_there(name: str, url: str) -> None:
    app = _run(name, url)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("name", PAGES)
def test_on_a_store_without_a_row(name: str, url: str) -> None:
    Store.open(url).close()
    app = _run(name, url)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("quality", [Quality.GOOD, Quality.NOT_CALIBRATED])
def test_on_a_filled_store(name: str, url: str, quality: Quality) -> None:
    with Store.open(url) as store:
        fill_day(store, "me", ZoneInfo("Europe/Berlin"))
        Wearer(store, "me", quality=quality, asked=True)
    app = _run(name, url)
    assert not app.exception
    assert not app.error
    assert app.get("html")
