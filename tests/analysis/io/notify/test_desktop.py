"""Desktop notifications over a real session bus, with a desktop and without."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from analysis.break_flow import BreakAct, Prompt, PromptState
from analysis.breaks.words import span
from analysis.io.notify import Delivery, notifiers
from analysis.io.notify.desktop import Desktop
from tests.analysis.io.notify.made_means import MadeMeans

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("dbus-daemon") is None, reason="needs a D-Bus daemon"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the library never closes its bus connection
]

OPEN = Prompt("p1", "stand", 1, "You have been sitting for 30 minutes.", 1800.0)
MEANS = MadeMeans().means
DONE = Prompt("p1", "stand", 1, "You have been sitting for 30 minutes.", 1800.0, PromptState.DONE, 1850.0)

# A desktop's notification service, as a process of its own: prints what it is asked.
_SERVICE = """
import asyncio, json, sys
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, method, signal

presses = json.loads(sys.argv[1])  # button by the text above it

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
        if body in presses:
            asyncio.get_running_loop().call_later(0.05, self.ActionInvoked, 7, presses[body])
            print(f"offered {' | '.join(actions[1::2])}, pressed {presses[body]}", flush=True)
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
def screen(bus: subprocess.Popen[str], request: pytest.FixtureRequest) -> Iterator[IO[str]]:
    """A desktop on that bus, and who presses buttons on it; what it is asked can be read line by line."""
    presses = json.dumps(getattr(request, "param", {}))
    with subprocess.Popen([sys.executable, "-c", _SERVICE, presses], stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "ready\n"
        yield service.stdout
        service.terminate()


async def test_a_prompt_is_shown_and_taken_away(screen: IO[str], caplog: pytest.LogCaptureFixture) -> None:
    desktop = Desktop()
    assert await desktop.deliver(OPEN, MEANS) == Delivery(True)
    said = await asyncio.to_thread(screen.readline)
    assert said == "show Upstand: Time to stand up: You have been sitting for 30 minutes. (1)\n"
    assert await desktop.deliver(DONE, MEANS) == Delivery(True)
    assert await asyncio.to_thread(screen.readline) == "close 7\n"
    assert await desktop.deliver(DONE, MEANS) == Delivery(True)  # nothing left to take away
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


ASKED = Prompt("p2", "active", 1, "You have been sitting for 30 min.", 1800.0, action="Walk a little.")


async def lines(screen: IO[str], count: int) -> list[str]:
    return [(await asyncio.to_thread(screen.readline)).strip() for _ in range(count)]


@pytest.mark.parametrize("screen", [{ASKED.reason: f"In {span(300)}"}], indirect=True)
async def test_postponing_is_one_tap(screen: IO[str]) -> None:
    made, desktop = MadeMeans(), Desktop()
    assert await desktop.deliver(ASKED, made.means) == Delivery(True)
    assert await lines(screen, 2) == [
        "show Upstand: Walk a little.: You have been sitting for 30 min. (1)",
        "offered  | Start | In 5 min | Skip, pressed In 5 min",
    ]
    await asyncio.wait_for(made.acted.wait(), 10)
    [command] = made.acts
    assert (command.action, command.act, command.prompt_id) == ("break", BreakAct.POSTPONE, "p2")


@pytest.mark.parametrize("screen", [{ASKED.reason: "Skip", ASKED.action: "In a call"}], indirect=True)
async def test_skipping_takes_a_reason_with_one_more_tap(screen: IO[str]) -> None:
    made, desktop = MadeMeans(), Desktop()
    assert await desktop.deliver(ASKED, made.means) == Delivery(True)
    said = await lines(screen, 4)
    assert said[2].startswith("show Upstand: Skip it – why?: Walk a little.")
    assert said[3].startswith("offered  | In a call | In the middle of something | No need")
    await asyncio.wait_for(made.acted.wait(), 10)
    [command] = made.acts
    assert (command.act, command.text, command.prompt_id) == (BreakAct.SKIP, "In a call", "p2")


async def test_the_heads_up_is_quiet_and_offers_no_more_than_can_be_done(screen: IO[str]) -> None:
    soon = replace(ASKED, state=PromptState.HEADS_UP, can_skip=False, can_postpone=False)
    assert await Desktop().deliver(soon, MEANS) == Delivery(True)
    assert await lines(screen, 1) == ["show Upstand: Soon: Walk a little.: You have been sitting for 30 min. (0)"]


async def test_without_a_desktop_it_says_why(bus: subprocess.Popen[str], caplog: pytest.LogCaptureFixture) -> None:
    delivery = await Desktop().deliver(OPEN, MEANS)
    assert not delivery.delivered
    assert "no desktop to notify" in delivery.reason
    assert "org.freedesktop.Notifications" in delivery.reason
    assert not caplog.records  # no traceback of the library's


async def test_without_a_bus_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    delivery = await Desktop().deliver(OPEN, MEANS)
    assert not delivery.delivered
    assert "no desktop to notify" in delivery.reason


async def test_a_bus_that_hangs_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.io.notify.desktop.DELIVER_S", 0.3)
    hangs = await asyncio.start_unix_server(lambda *_: asyncio.sleep(5), tmp_path / "bus")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
    async with hangs:
        delivery = await Desktop().deliver(OPEN, MEANS)
    assert delivery == Delivery(False, "The desktop did not answer within 0.3 s.")


def test_it_is_found() -> None:
    assert "desktop" in notifiers()
