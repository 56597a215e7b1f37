"""A real headless Chromium, and a dashboard for it to look at."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from analysis.io.settings import DashboardSettings, Settings
from benchmarks.ports import free_port
from dashboard import server

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BERLIN = "Europe/Berlin"
DRAWN = re.compile(r"^data:image/svg\+xml;base64,")  # the tab's sign where it is ours; else it is a letter

needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_of(browser: Browser, scheme: Literal["light", "dark"] = "light", height: int = 900) -> Iterator[Page]:
    """A page of somebody in Berlin at a desktop."""
    context = browser.new_context(
        viewport={"width": 1280, "height": height}, color_scheme=scheme, timezone_id=BERLIN, locale="en-GB"
    )
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a dashboard as `upstand dashboard` serves it, in this environment."""
    port = free_port()
    command = server.command(Settings(dashboard=DashboardSettings(port=port)))
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(address: str) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("The dashboard's server did not start.")
