"""Desktop notifications over a real session bus, with a desktop and without."""

from __future__ import annotations

import asyncio
import gc
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from analysis.io.notify import Delivery, notifiers
from analysis.io.notify.desktop import Desktop
from analysis.model import Prompt, PromptState

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("dbus-daemon") is None, reason="needs a D-Bus daemon"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the library never closes its bus connection
]

OPEN = Prompt("p1", "stand", 1, "You have been sitting for 30 minutes.", 1800.0)
DONE = Prompt("p1", "stand", 1, "You have been sitting for 30 minutes.", 1800.0, PromptState.DONE, 1850.0)

# A desktop's notification service, as a process of its own: prints what it is asked.
_SERVICE = """
import asyncio
from dbus_fast import PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, method, signal

class Notifications(ServiceInterface):
    def __init__(self): super().__init__("org.freedesktop.Notifications")
    @method()
    def GetCapabilities(self) -> "as": return ["body", "actions"]
    @method()
    def GetServerInformation(self) -> "ssss": return ["test", "test", "1", "1.2"]
    @method()
    def Notify(self, app: "s", replaces: "u", icon: "s", title: "s", body: "s", actions: "as", hints: "a{sv}",
               timeout: "i") -> "u":
        print(f"show {app}: {title}: {body} ({hints['urgency'].value})", flush=True)
        return 7
    @method()
    def CloseNotification(self, number: "u"):
        print(f"close {number}", flush=True)
        self.NotificationClosed(number, 3)
    @signal()
    def NotificationClosed(self, number, reason) -> "uu": return [number, reason]
    @signal()
    def ActionInvoked(self, number, key) -> "us": return [number, key]

async def main():
    bus = await MessageBus().connect()
    bus.export("/org/freedesktop/Notifications", Notifications())
    await bus.request_name("org.freedesktop.Notifications")
    print("ready", flush=True)
    await bus.wait_for_disconnect()

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def left_behind() -> Iterator[None]:
    yield
    gc.collect()  # while the filter above is in force


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session bus of its own, on which nobody shows notifications yet."""
    config = tmp_path / "bus.conf"
    config.write_text(
        f"<busconfig><type>session</type><listen>unix:path={tmp_path}/bus</listen><policy context='default'>"
        "<allow send_destination='*'/><allow own='*'/><allow receive_sender='*'/></policy></busconfig>"
    )
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
        daemon.terminate()


@pytest.fixture
def screen(bus: str) -> Iterator[IO[str]]:
    """A desktop on that bus; what it is asked can be read line by line."""
    with subprocess.Popen([sys.executable, "-c", _SERVICE], stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "ready\n"
        yield service.stdout
        service.terminate()


async def test_a_prompt_is_shown_and_taken_away(screen: IO[str], caplog: pytest.LogCaptureFixture) -> None:
    desktop = Desktop()
    assert await desktop.deliver(OPEN) == Delivery(True)
    said = await asyncio.to_thread(screen.readline)
    assert said == "show Upstand: Time to stand up: You have been sitting for 30 minutes. (1)\n"
    assert await desktop.deliver(DONE) == Delivery(True)
    assert await asyncio.to_thread(screen.readline) == "close 7\n"
    assert await desktop.deliver(DONE) == Delivery(True)  # nothing left to take away
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_without_a_desktop_it_says_why(bus: str, caplog: pytest.LogCaptureFixture) -> None:
    delivery = await Desktop().deliver(OPEN)
    assert not delivery.delivered
    assert "no desktop to notify" in delivery.reason
    assert "org.freedesktop.Notifications" in delivery.reason
    assert not caplog.records  # no traceback of the library's


async def test_without_a_bus_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    delivery = await Desktop().deliver(OPEN)
    assert not delivery.delivered
    assert "no desktop to notify" in delivery.reason


async def test_a_bus_that_hangs_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.io.notify.desktop.DELIVER_S", 0.3)
    hangs = await asyncio.start_unix_server(lambda *_: asyncio.sleep(5), tmp_path / "bus")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
    async with hangs:
        delivery = await Desktop().deliver(OPEN)
    assert delivery == Delivery(False, "The desktop did not answer within 0.3 s.")


def test_it_is_found() -> None:
    assert "desktop" in notifiers()
