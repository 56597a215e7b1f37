"""The wearer's own word, from a button in a real Chromium over the broker and the service to the store and back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from analysis import service
from analysis.corrections import Corrected, spans_of
from analysis.io.reader import Reader
from analysis.io.store import Store
from analysis.model import Activity
from analysis.pipeline import PipelineSettings
from analysis.service import Service
from tests.analysis.conftest import Mosquitto
from tests.chromium import BERLIN, chromium, needs_chromium, page_of, served
from tests.dashboard.filled import DAY, fill_day

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.timeout(300),
]


@contextmanager
def serving(broker: Mosquitto, url: str) -> Iterator[None]:
    """The service, in a thread with a loop of its own."""
    begun, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def live() -> None:
        with Store.open(url) as store:
            connection = service.connect(broker.address, "me")
            task = asyncio.create_task(Service(store, connection, PipelineSettings(), {}, wearer="me").run(stop))
            await connection.wait_connected(20)
            begun.set()
            await task

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    try:
        assert begun.wait(30)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """(address of the dashboard, address of the store) of an own day, with everything behind it running."""
    url = f"sqlite:///{tmp_path / 'u.sqlite'}"
    with Store.open(url) as store:
        fill_day(store, "me", ZoneInfo(BERLIN))
    broker = Mosquitto(tmp_path)
    broker.start()
    own = {"UPSTAND_STORE__URL": url, "UPSTAND_DATA_DIR": str(tmp_path)}
    try:
        with serving(broker, url), served(broker.environment | own) as address:
            yield address, url
    finally:
        broker.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser, page_of(browser, height=1000) as opened:
        yield opened


def corrections(url: str) -> list[Corrected]:
    with Reader(url) as reader:
        session = reader.session("me-afternoon")
        assert session is not None
        return spans_of(reader.events(session))


def test_a_bout_is_corrected_on_the_page_and_taken_back(shown: tuple[str, str], page: Page) -> None:
    address, url = shown
    page.goto(f"{address}/today?today_date={DAY}")
    totals = page.locator(".st-key-today_totals")
    expect(totals).to_contain_text("3 h 40 min", timeout=90_000)
    expect(page.locator(".st-key-today_exposure")).to_be_visible(timeout=90_000)  # the last thing on the page
    control = page.locator(".st-key-today_correct")
    control.locator("summary").click()
    expect(control.get_by_role("combobox").first).to_have_value("13:06 – 13:34  Sitting")  # the newest
    control.get_by_role("radio", name="Standing").or_(control.get_by_role("button", name="Standing")).first.click()
    control.get_by_role("button", name="Correct", exact=True).click()
    expect(control).to_contain_text("The correction is kept", timeout=90_000)
    expect(totals).to_contain_text("3 h 12 min", timeout=90_000)
    expect(totals).to_contain_text("1 h 05 min")
    expect(control.get_by_role("combobox").first).to_have_value("13:06 – 13:34  Standing")
    assert corrections(url) == [Corrected(125 * 60.0, 153 * 60.0, Activity.STANDING)]
    control.get_by_role("button", name="Take back").click()
    expect(control).to_contain_text("taken back", timeout=90_000)
    expect(totals).to_contain_text("3 h 40 min", timeout=90_000)
    assert corrections(url) == []
    assert "Traceback" not in page.locator("body").inner_text()
