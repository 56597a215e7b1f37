"""The pages in a real Chromium, served as `upstand dashboard` serves them, over a store that is being written."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from analysis.io.store import Batch, Store
from analysis.model import Event
from tests.chromium import BERLIN, DRAWN, chromium, needs_chromium, page_of, served
from tests.dashboard.filled import DAY, EXPECTED, Wearer, fill_day
from tests.dashboard.test_gait import KNOWN

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard over a day of the past and a simulated wearer of this moment."""
    folder = tmp_path_factory.mktemp("served")
    url, stop = f"sqlite:///{folder / 'u.sqlite'}", threading.Event()
    with Store.open(url) as store:
        fill_day(store, "simulated", ZoneInfo(BERLIN), "simulated")
        walked = store.find("simulated-morning")
        assert walked is not None
        store.write([Batch(walked, [], [Event("gait", 60.0 * minute, None, KNOWN) for minute in range(38, 42)])])
        wearer = Wearer(store, "simulated", "simulated", note="No sensor answered within 8 s.", asked=True)

        def live() -> None:
            while not stop.wait(0.5):
                wearer.tell()

        living = threading.Thread(target=live)
        living.start()
        try:
            with served({"UPSTAND_STORE__URL": url, "UPSTAND_DATA_DIR": str(folder)}) as address:
                yield address
        finally:
            stop.set()
            living.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with page_of(browser) as opened:
        yield opened


@pytest.fixture
def dark_page(browser: Browser) -> Iterator[Page]:
    with page_of(browser, "dark") as opened:
        yield opened


def _told(page: Page, key: str) -> str:
    return page.locator(f".st-key-{key}").first.inner_text()


def test_today_is_read_off_at_its_own_address_on_a_fresh_server(shown: str, page: Page) -> None:
    page.goto(f"{shown}/today?today_date={DAY}")
    expect(page.locator(".st-key-today_prompts tbody tr")).to_have_count(
        EXPECTED.done + EXPECTED.ignored, timeout=90_000
    )
    totals = _told(page, "today_totals")
    assert f"Sitting\n{EXPECTED.sitting_min // 60} h {EXPECTED.sitting_min % 60:02d} min" in totals
    assert f"Standing\n{EXPECTED.standing_min} min" in totals
    assert f"Rises\n{EXPECTED.rises}" in totals
    assert f"{EXPECTED.done} done, {EXPECTED.ignored} ignored" in totals
    first = page.locator(".st-key-today_prompts tbody tr").first.inner_text()
    assert "08:30" in first
    assert "8 min" in first
    assert "SIMULATED — no real sensor is worn" in _told(page, "banner")
    expect(page.locator(".st-key-today_timeline canvas, .st-key-today_timeline svg").first).to_be_visible()


def test_now_tells_the_present_moves_on_and_does_not_flicker(shown: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shown)
    expect(page.locator(".st-key-now_posture")).to_contain_text("Sitting", timeout=90_000)
    assert "SIMULATED — no real sensor is worn" in _told(page, "banner")
    assert "No sensor answered within 8 s." in _told(page, "banner")
    assert "back of your own upright" in _told(page, "now_pelvic_tilt")
    expect(page.locator(".st-key-now_pelvic_tilt")).to_contain_text("−", timeout=60_000)
    assert "flatter than your own upright" in _told(page, "now_lumbar_lordosis")
    assert "Time to stand up" in _told(page, "now_prompt")
    assert "battery 12" in _told(page, "sensor_lumbar").replace("\xa0", " ")
    picture = page.locator(".st-key-now_chart canvas, .st-key-now_chart svg").first
    expect(picture).to_be_visible(timeout=60_000)
    picture.evaluate("node => node.setAttribute('data-same', 'yes')")
    before = _told(page, "now_bout").splitlines()[0]
    dimmed = page.evaluate(_WATCH)
    assert dimmed == []
    page.wait_for_function(_LASTS_LONGER, arg=before)
    assert picture.get_attribute("data-same") == "yes"  # moved on, not drawn anew
    assert not [url for url in asked if not url.startswith((shown, "data:", "blob:"))]


_LASTS_LONGER = """
before => {
  const seconds = clock => clock.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  return seconds(document.querySelector(".st-key-now_bout").innerText.split("\\n")[0]) > seconds(before);
}
"""

# Looks for four seconds whether anything of the page fades or vanishes while it refreshes.
_WATCH = """
async () => {
  const bad = new Set(), end = Date.now() + 4000;
  while (Date.now() < end) {
    await new Promise(requestAnimationFrame);
    for (const key of ["now_posture", "now_bout", "now_pelvic_tilt", "now_side_view", "now_chart", "banner"]) {
      const node = document.querySelector(".st-key-" + key);
      if (!node || node.getBoundingClientRect().height < 20) bad.add(key + " vanished");
      else for (let up = node; up; up = up.parentElement)
        if (+getComputedStyle(up).opacity < 1) bad.add(key + " dimmed");
      for (const inner of node ? node.querySelectorAll("*") : [])
        if (+getComputedStyle(inner).opacity < 1 && inner.matches('[data-stale="true"]')) bad.add(key + " dimmed");
    }
  }
  return [...bad];
}
"""


def test_the_theme_follows_the_person(shown: str, page: Page, dark_page: Page) -> None:
    colours = []
    for one in (page, dark_page):
        one.goto(shown)
        expect(one.locator(".up-posture")).to_be_visible(timeout=90_000)
        colours.append(one.locator(".up-posture").evaluate("node => getComputedStyle(node).color"))
    assert colours[0] != colours[1]


def test_on_a_phone_nothing_runs_off_the_side(shown: str, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script(_KEEPS_THE_WIDEST)
    pages = (("", "now_posture"), (f"/today?today_date={DAY}", "today_totals"), ("/breaks", "breaks_types"))
    for path, key in pages:
        page.goto(shown + path)
        expect(page.locator(f".st-key-{key}")).to_be_visible(timeout=90_000)
        page.wait_for_timeout(1_000)
        assert page.evaluate("widest") <= 390
    page.goto(f"{shown}/today?today_date={DAY}")
    walks = page.locator(".st-key-today_gait .up-walks")
    expect(walks).to_contain_text("108 steps/min", timeout=90_000)
    expect(walks).to_have_css("display", "block")  # in our styles, which come some frames after the words
    assert walks.evaluate(_IS_ALL_IN_SIGHT, 390)


# Looks at every frame, as the page comes: a second of something too wide is seen, too.
_KEEPS_THE_WIDEST = """
window.widest = 0;
const look = () => {
  window.widest = Math.max(window.widest, document.querySelector(".stMain")?.scrollWidth ?? 0);
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""

_IS_ALL_IN_SIGHT = """
(table, width) => [table, ...table.querySelectorAll("*")].every(
  node => node.getBoundingClientRect().right <= width && node.scrollWidth <= node.clientWidth
)
"""


def test_every_way_to_calibrate_is_in_sight(shown: str, page: Page) -> None:
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(shown)
        control = page.locator(".st-key-calibrate_kind")
        expect(control.locator("button")).to_have_count(4, timeout=90_000)
        room = control.bounding_box()
        assert room is not None
        for way in control.locator("button").all():
            box = way.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= room["x"] + room["width"] + 1


def test_a_button_without_a_broker_tells_what_to_do(shown: str, page: Page) -> None:
    page.goto(shown)
    button = page.locator(".st-key-calibrate button")
    expect(button).to_be_visible(timeout=90_000)
    button.click()
    expect(page.locator(".st-key-calibrate_progress")).to_contain_text("upstand run", timeout=60_000)
    assert "Traceback" not in page.locator("body").inner_text()


# Counts what the browser itself is asked for, and stands where the person's own choice would.
_ASKED_FOR = """
window.notices = []; window.tones = 0;
window.Notification = class extends Notification {
  constructor(title, options) { super(title, options); window.notices.push([title, options.body]); }
};
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
"""


def test_the_card_stands_on_every_page_and_the_tab_tells_of_it(shown: str, page: Page) -> None:
    for path in ("", "/today", "/breaks"):
        page.goto(shown + path)
        expect(page.locator(".st-key-overlay")).to_contain_text("Time to stand up", timeout=90_000)
        expect(page).to_have_title(re.compile("Time to stand up"), timeout=60_000)
        expect(page.locator("link[rel~=icon]").first).to_have_attribute("href", DRAWN)
    page.locator(".st-key-overlay_skip button").first.click()
    page.get_by_role("button", name="In a call").click()
    expect(page.locator(".stToast")).to_contain_text("upstand run", timeout=60_000)  # there is no broker


def test_alerts_are_off_until_asked_for_then_remembered_and_told_once(shown: str, page: Page) -> None:
    page.context.grant_permissions(["notifications"], origin=shown)
    page.add_init_script(_ASKED_FOR)
    page.goto(shown)
    alerts = page.locator(".st-key-alerts")
    expect(alerts.get_by_role("button", name="Sound off")).to_be_visible(timeout=90_000)
    expect(page.locator(".st-key-overlay")).to_contain_text("Time to stand up", timeout=90_000)
    assert page.evaluate("[window.notices.length, window.tones]") == [0, 0]
    alerts.get_by_role("button", name="Sound off").click()
    expect(alerts.get_by_role("button", name="Sound on")).to_be_visible()
    alerts.get_by_role("button", name="Notices off").click()
    expect(alerts.get_by_role("button", name="Notices on")).to_be_visible()
    page.wait_for_function("window.tones === 2")  # this is how it will sound
    page.evaluate(_FORGET_WHAT_WAS_TOLD)
    page.goto(f"{shown}/today")
    page.wait_for_function("window.notices.length === 1", timeout=90_000)
    assert "Time to stand up" in page.evaluate("window.notices[0][0]")
    expect(alerts.get_by_role("button", name="Notices on")).to_be_visible()
    page.reload()
    expect(page.locator(".st-key-overlay")).to_contain_text("Time to stand up", timeout=90_000)
    expect(alerts.get_by_role("button", name="Notices on")).to_be_visible(timeout=60_000)
    assert page.evaluate("window.notices.length") == 0


_FORGET_WHAT_WAS_TOLD = """
const key = "upstand-alerts";
localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), told: "" }));
"""
