"""The wearer's own word, from a button in a real Chromium over the broker and the service to the store and back."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from analysis import service
from analysis.corrections import Corrected, spans_of
from analysis.io.reader import Reader
from analysis.io.settings import DashboardSettings, Settings
from analysis.io.store import Store
from analysis.model import Activity
from analysis.pipeline import PipelineSettings
from analysis.service import Service
from benchmarks.ports import free_port
from dashboard import server
from tests.analysis.conftest import Mosquitto
from tests.dashboard.filled import DAY, fill_day
from tests.dashboard.test_browser import ARGUMENTS, BERLIN, CHROMIUM, _wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).is_file(), reason="there is no Chromium on this machine"),
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
    url, port = f"sqlite:///{tmp_path / 'u.sqlite'}", free_port()
    with Store.open(url) as store:
        fill_day(store, "me", ZoneInfo(BERLIN))
    broker = Mosquitto(tmp_path)
    broker.start()
    environment = os.environ | broker.environment | {"UPSTAND_STORE__URL": url, "UPSTAND_DATA_DIR": str(tmp_path)}
    command = server.command(Settings(dashboard=DashboardSettings(port=port)))
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        with serving(broker, url):
            _wait_for(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}", url
    finally:
        process.terminate()
        process.wait(10)
        broker.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": 1280, "height": 1000}, color_scheme="light", timezone_id=BERLIN, locale="en-GB"
        )
        yield context.new_page()
        browser.close()


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
