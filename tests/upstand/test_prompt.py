"""A wearer who sits 31 minutes is asked to stand, may postpone it, stands, and the page shows the break as done.

Then all of it is computed again from the raw samples, and must be the same.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from analysis.break_flow import PromptState
from analysis.io.reader import Reader
from tests.chromium import DRAWN, chromium, needs_chromium, page_of
from tests.upstand.system import Install

pytestmark = [
    pytest.mark.long,
    pytest.mark.system,
    pytest.mark.browser,
    pytest.mark.timeout(700),
    needs_chromium,
]


def test_the_prompt_comes_and_closes_when_the_wearer_stands(tmp_path: Path) -> None:
    """The wearer rises a minute after the prompt: six seconds here, which no page should miss."""
    install = Install(tmp_path)
    with (
        chromium() as browser,
        page_of(browser) as page,
        install.running("--simulate", "--speed", "10", "--script", "sit-then-stand") as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        page.goto(install.page)
        prompt = page.locator(".st-key-now_prompt")
        expect(prompt).to_contain_text("You have been sitting for 30 min", timeout=450_000)
        page.screenshot(path=tmp_path / "asked.png")
        expect(prompt.filter(has_text="You have been sitting for 30 min")).to_have_count(0, timeout=60_000)
        page.goto(f"{install.page}/today")
        prompts = page.locator(".st-key-today_prompts")
        expect(prompts).to_be_visible(timeout=20_000)
        expect(page.locator(".st-key-today_totals")).to_contain_text(
            re.compile("1 done", re.IGNORECASE), timeout=20_000
        )
        page.screenshot(path=tmp_path / "done.png", full_page=True)
        with Reader(install.store_url) as reader:
            session = reader.newest_session("simulated")
            assert session is not None
            [asked] = [one for one in reader.prompts(session) if one.kind == "active"]  # beside shifts on the seat
            bouts = reader.events(session, "sitting")
            rises = reader.events(session, "rise")
    long_bout = next(bout for bout in bouts if bout.end_s is not None and bout.end_s - bout.start_s > 1800.0)
    assert asked.state is PromptState.DONE
    assert asked.due_s == pytest.approx(long_bout.start_s + 1800.0, abs=1.0)
    assert asked.begun_s == pytest.approx(next(rise.start_s for rise in rises if rise.start_s > asked.due_s), abs=3.0)
    assert asked.credited_s == pytest.approx(180.0, abs=15.0)
    done = install.command("reanalyze", "--wearer", "simulated", timeout_s=300.0)
    assert done.returncode == 0, done.stdout
    assert "every one the same as live" in done.stdout


# The wearer of the demo sits for some minutes, walks for about half a minute, and sits down again: asked after one
# minute, there is time to answer and to be asked again before the rise. The pace is one that a busy machine can keep.
_SOONER = {
    "return_s": 0.0,
    "types": {
        "active": {
            "interval_s": 60.0,
            "length_s": 40.0,
            "enough_s": 15.0,
            "heads_up_s": 5.0,
            "ignore_s": 1200.0,
            "postpone_s": 20.0,
        },
        **{name: {"modes": []} for name in ("shift", "slouch", "arch")},
    },
}


def test_a_prompt_is_postponed_comes_again_and_sees_the_wearer_rise(tmp_path: Path) -> None:
    install = Install(tmp_path)
    settings = json.dumps(_SOONER)
    with (
        chromium() as browser,
        page_of(browser) as page,
        install.running("--simulate", "--speed", "2", UPSTAND_BREAKS=settings) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        page.goto(f"{install.page}/breaks")
        due = page.locator(".st-key-breaks_next")
        expect(due).to_contain_text("Next: your active break", timeout=90_000)
        page.locator(".st-key-breaks_controls button").first.click()
        page.get_by_role("button", name="1 h", exact=True).click()
        expect(due).to_contain_text("No prompts until", timeout=20_000)
        page.get_by_role("button", name="Resume").click()
        expect(due).not_to_contain_text("No prompts until", timeout=20_000)
        page.keyboard.press("Escape")
        overlay = page.locator(".st-key-overlay")
        expect(overlay).to_contain_text(re.compile(r"You have been sitting for \d+ (s|min)"), timeout=60_000)
        expect(page).to_have_title(re.compile("Time to stand up"), timeout=20_000)
        expect(page.locator("link[rel~=icon]").first).to_have_attribute("href", DRAWN, timeout=20_000)
        overlay.get_by_role("button", name="In 20 s").click()
        expect(overlay).to_contain_text("Postponed", timeout=20_000)
        expect(overlay).to_contain_text("It closes by itself when you stand up.", timeout=60_000)
        page.screenshot(path=tmp_path / "again.png")
        expect(overlay).to_contain_text(re.compile(r"on your feet of 40 s; .* to go"), timeout=180_000)
        page.screenshot(path=tmp_path / "break.png")
        expect(overlay).to_contain_text(re.compile(r"Done: \d+ s on your feet"), timeout=60_000)
        page.screenshot(path=tmp_path / "done.png")
        with Reader(install.store_url) as reader:
            session = reader.newest_session("simulated")
            assert session is not None
            first, again, *_ = reader.prompts(session)
            rises = reader.events(session, "rise")
    assert (first.state, again.state) == (PromptState.POSTPONED, PromptState.DONE)
    assert first.closed_s is not None
    assert again.told_s == pytest.approx(first.closed_s + 20.0, abs=0.2)
    assert again.begun_s == pytest.approx(next(rise.start_s for rise in rises if rise.start_s > again.due_s), abs=3.0)
    assert 15.0 <= again.credited_s <= 40.0
    done = install.command("reanalyze", "--wearer", "simulated", timeout_s=300.0, UPSTAND_BREAKS=settings)
    assert done.returncode == 0, done.stdout
    assert "every one the same as live" in done.stdout
