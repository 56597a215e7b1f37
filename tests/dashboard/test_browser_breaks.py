"""A type of break, changed in a real Chromium: into the settings file, and on into a service that goes on running."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PageTimeoutError

from analysis import service
from analysis.break_flow import NewRules
from analysis.desk import Desk
from analysis.io.desk import Probe, Seen
from analysis.io.journal import input_of
from analysis.io.reader import Reader
from analysis.io.rules_file import RulesFile
from analysis.io.settings import DeskSettings, load
from analysis.io.store import Store
from analysis.io.watching import DeskWatch, Watching
from analysis.pipeline import PipelineSettings
from analysis.service import Service
from tests.analysis.conftest import Mosquitto
from tests.chromium import chromium, needs_chromium, page_of, served

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.timeout(110),
]


@dataclass(frozen=True)
class Shown:
    address: str
    file: Path
    url: str


async def _in_use(_settings: DeskSettings) -> Seen:
    return Seen(Desk.CAMERA, Desk.NOTHING, 0.0)


def _serve(broker: Mosquitto, url: str, file: Path, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """The service of somebody at a desk without sensors, until `stop`."""

    async def live() -> None:
        watching = Watching(DeskWatch({"keys": Probe("Keys", 1.0, _in_use)}, DeskSettings()), is_here=True)
        with Store.open(url) as store:
            connection = service.connect(broker.address, "me")
            rules_file = RulesFile(file, partial(load, file))
            settings = PipelineSettings(load(file).breaks.rules())
            made = Service(store, connection, settings, {}, watching=watching, alone=True, rules_file=rules_file)
            await made.run(stop)

    loop.run_until_complete(live())


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    """A dashboard with its service and settings file; nobody wears a sensor."""
    file, url = tmp_path / "upstand.toml", f"sqlite:///{tmp_path / 'u.sqlite'}"
    file.write_text("# my own\n[notify]\ndesktop = false  # it is quiet here\n", encoding="utf-8")
    broker, loop, stop = Mosquitto(tmp_path), asyncio.new_event_loop(), asyncio.Event()
    broker.start()
    own = {"UPSTAND_CONFIG": str(file), "UPSTAND_STORE__URL": url, "UPSTAND_DATA_DIR": str(tmp_path)}
    thread = threading.Thread(target=_serve, args=(broker, url, file, loop, stop))
    thread.start()
    try:
        with served(broker.environment | own) as address:
            yield Shown(address, file, url)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
        broker.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser, page_of(browser, height=1200) as opened:
        yield opened


def rules_told(url: str) -> int:
    """How often the running session was told of its rules."""
    with Reader(url) as reader:
        session = reader.newest_session("me")
    if session is None:
        return 0
    with Store.open(url) as store:
        stored = store.find(session.session_id)
        assert stored is not None
        return sum(isinstance(input_of(entry), NewRules) for entry in store.journal(stored))


def choose(page: Page, name: str) -> None:
    """A list that is opened while its section still unfolds closes as the page scrolls; a person clicks again."""
    option = page.get_by_role("option", name=name)
    for _ in range(10):
        page.locator(".st-key-breaks_change input").click()
        try:
            option.click(timeout=3_000)
        except PageTimeoutError:
            continue
        break
    expect(page.locator(".st-key-breaks_change_active_interval")).to_be_visible(timeout=30_000)


def test_a_break_is_changed_on_the_page_and_the_running_service_takes_it_up(shown: Shown, page: Page) -> None:
    page.goto(f"{shown.address}/breaks")
    types = page.locator(".st-key-breaks_types")
    expect(types).to_contain_text("30 min of sitting", timeout=30_000)
    expect(page.locator(".st-key-banner")).to_contain_text("No sensor is worn", timeout=30_000)
    page.get_by_text("Change a break, or make one of your own").click()
    choose(page, "active")
    interval = page.locator(".st-key-breaks_change_active_interval input")
    interval.fill("45")
    interval.press("Enter")
    page.locator(".st-key-breaks_save button").click()
    expect(types).to_contain_text("active: saved", timeout=30_000)
    expect(types).to_contain_text("45 min of sitting")
    assert shown.file.read_text() == (
        "# my own\n[notify]\ndesktop = false  # it is quiet here\n\n[breaks.types.active]\ninterval_s = 2700\n"
    )
    for _ in range(100):
        if rules_told(shown.url) == 2:
            break
        page.wait_for_timeout(200)
    assert rules_told(shown.url) == 2
    assert "Traceback" not in page.locator("body").inner_text()
