"""`upstand run`, whole and real: processes, broker, virtual radio, store, and a browser that reads the page."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from analysis.io.reader import Reader
from analysis.model import Segment
from tests.chromium import chromium, needs_chromium, page_of
from tests.upstand.system import Install

pytestmark = [
    pytest.mark.system,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    needs_chromium,
]


def number_in(page: Page, key: str) -> float:
    text = page.locator(f".st-key-{key}").first.inner_text()
    found = re.search(r"[+−–-]?\d+(?:\.\d+)?", text)
    assert found, f"{key} shows no number: {text!r}"
    return float(re.sub("[−–]", "-", found.group()))


def shown_is_stored(page: Page, reader: Reader, name: str) -> bool:
    """Whether the page shows what the store holds of the last three seconds; a second is waited for before."""
    page.wait_for_timeout(1000)
    session = reader.newest_session("simulated")
    assert session is not None
    assert session.last_s is not None
    frames = reader.frames(session, session.last_s - 3.0, session.last_s)
    return number_in(page, f"now_{name}") == pytest.approx(frames.values[name].mean(), abs=4.0)


def test_a_newcomer_sees_a_live_posture_and_keeps_the_history(tmp_path: Path) -> None:
    install = Install(tmp_path)
    with chromium() as browser, page_of(browser) as page:
        with install.running() as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert install.page in said, said
            page.goto(install.page)
            expect(page.locator(".st-key-banner")).to_contain_text("SIMULATED", timeout=20_000)
            posture = page.locator(".st-key-now_posture")
            expect(posture).to_contain_text(re.compile("Standing|Sitting"), timeout=30_000)
            expect(page.locator(".st-key-now_pelvic_tilt")).to_contain_text(re.compile(r"\d"), timeout=10_000)
            # The script stands for 12 s and then sits down: the pelvis tips back and the low back flattens.
            expect(posture).to_contain_text("Sitting", timeout=30_000)
            expect(page.locator(".st-key-now_bout")).to_contain_text(re.compile(r"\d:\d\d"))
            with Reader(install.store_url) as reader:
                for name in ("pelvic_tilt", "lumbar_lordosis"):
                    assert any(shown_is_stored(page, reader, name) for _ in range(20)), name
                session = reader.newest_session("simulated")
                assert session is not None
            page.goto(f"{install.page}/today")
            expect(page.locator(".st-key-banner")).to_contain_text("SIMULATED", timeout=20_000)
            expect(page.locator(".st-key-today_totals")).to_contain_text(re.compile("sitting", re.IGNORECASE))
        first = session
        with install.running("--simulate"), Reader(install.store_url) as reader:
            deadline = time.monotonic() + 30
            while len(reader.sessions("simulated")) < 2 and time.monotonic() < deadline:
                time.sleep(0.2)
            sessions = reader.sessions("simulated")
            assert sessions[0].session_id == first.session_id
            assert len(sessions) == 2, "the second start began a second session beside the first"
            kept = reader.frames(sessions[0], 0.0, 1e9)
            assert len(kept.t) > 100


def test_a_part_that_dies_is_replaced_and_no_block_is_lost(tmp_path: Path) -> None:
    install = Install(tmp_path)
    with install.running("--simulate", "--speed", "4") as process, Reader(install.store_url) as reader:
        wait_for_samples(reader, 500)
        for part in ("analyze", "mosquitto"):
            member = next(one for one in psutil.Process(process.pid).children() if part in " ".join(one.cmdline()))
            member.send_signal(signal.SIGKILL)
            session = reader.newest_session("simulated")
            assert session is not None
            wait_for_samples(reader, reader.sample_count(session, Segment.PELVIS) + 2000)
        [session] = reader.sessions("simulated")
        frames = reader.frames(session, 0.0, 1e9)
        steps = frames.t[1:] - frames.t[:-1]
        assert steps.max() < 0.11, "the frames have no hole although two parts died"
    done = install.command("reanalyze", "--wearer", "simulated")
    assert done.returncode == 0, done.stdout
    assert "every one the same as live" in done.stdout


def test_the_built_in_broker_carries_it_as_well(tmp_path: Path) -> None:
    install = Install(tmp_path)
    more = {"UPSTAND_NO_MOSQUITTO": "1"}
    with install.running("--simulate", "--speed", "4", **more), Reader(install.store_url) as reader:
        wait_for_samples(reader, 1500)
        [session] = reader.sessions("simulated")
        assert reader.events(session, "calibrated")


def wait_for_samples(reader: Reader, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        session = reader.newest_session("simulated")
        if session is not None and reader.sample_count(session, Segment.PELVIS) >= count:
            return
        time.sleep(0.2)
    pytest.fail(f"{count} samples did not come")
