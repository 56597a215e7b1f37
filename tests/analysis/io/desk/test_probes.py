"""What the computer tells of its user, from real processes, files and a real session bus."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import IO

import pytest

from analysis.desk import Desk
from analysis.io.desk import UNKNOWN, Seen, battery, camera, do_not_disturb, idle, locked, microphone, probes, programs
from analysis.io.desk.bus import BUS
from analysis.io.desk.calendar import Calendars
from analysis.io.desk.idle import Idle, mac_idle_s
from analysis.io.desk.sleep import slept_total_s
from analysis.io.settings import DeskSettings

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the library where there is no bus
linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
with_bus = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("dbus-daemon") is None, reason="needs a D-Bus daemon"
)
with_calendar = pytest.mark.skipif(
    find_spec("icalendar") is None or find_spec("recurring_ical_events") is None,
    reason="the extra `calendar` is not installed",
)
SETTINGS = DeskSettings()

# A desktop as a process of its own: told by its arguments what it is like.
_DESKTOP = """
import asyncio, json, sys
from dbus_fast import PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_property, method
like = json.loads(sys.argv[1])

class IdleMonitor(ServiceInterface):
    def __init__(self): super().__init__("org.gnome.Mutter.IdleMonitor")
    @method()
    def GetIdletime(self) -> "t": return like["gnome_ms"]

class ScreenSaver(ServiceInterface):
    def __init__(self): super().__init__("org.freedesktop.ScreenSaver")
    @method()
    def GetSessionIdleTime(self) -> "u": return like["idle_ms"].pop(0)
    @method()
    def GetActive(self) -> "b": return like["locked"]

class Notifications(ServiceInterface):
    def __init__(self): super().__init__("org.freedesktop.Notifications")
    @dbus_property(PropertyAccess.READ)
    def Inhibited(self) -> "b": return like["inhibited"]

async def main():
    bus = await MessageBus().connect()
    offers = {
        "gnome_ms": (IdleMonitor, "/org/gnome/Mutter/IdleMonitor/Core"),
        "idle_ms": (ScreenSaver, "/org/freedesktop/ScreenSaver"),
        "locked": (ScreenSaver, "/org/freedesktop/ScreenSaver"),
        "inhibited": (Notifications, "/org/freedesktop/Notifications"),
    }
    for made, path in {offers[name] for name in like if name in offers}:
        interface = made()
        bus.export(path, interface)
        await bus.request_name(interface.name)
    print("ready", flush=True)
    await bus.wait_for_disconnect()

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
async def no_bus(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Nobody's real desktop is asked."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    monkeypatch.delenv("DISPLAY", raising=False)
    yield
    await BUS.close()
    gc.collect()  # while the filter above is in force


@pytest.fixture
def desktop(bus: subprocess.Popen[str], request: pytest.FixtureRequest) -> Iterator[IO[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _DESKTOP, json.dumps(request.param)], stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "ready\n"
        yield service.stdout
        service.terminate()


def like(**what: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("desktop", [what], indirect=True)


@with_bus
@like(gnome_ms=12_345)
async def test_gnome_tells_the_idle_time(desktop: IO[str]) -> None:
    assert await Idle().look(SETTINGS) == Seen(idle_s=12.345)


@with_bus
@like(idle_ms=[0, 0, 4000, 0])
async def test_a_desktop_that_always_answers_0_tells_nothing(desktop: IO[str]) -> None:
    watched = Idle()
    told = [(await watched.look(SETTINGS)).idle_s for _ in range(4)]
    assert told == [None, None, 4.0, 0.0]


@with_bus
@like(inhibited=True, locked=True)
async def test_do_not_disturb_and_a_lock_are_seen(desktop: IO[str]) -> None:
    assert await do_not_disturb.look(SETTINGS) == Seen(Desk.DO_NOT_DISTURB, Desk.DO_NOT_DISTURB)
    assert await locked.look(SETTINGS) == Seen(Desk.LOCKED, Desk.LOCKED)


@with_bus
@like(inhibited=False, locked=False)
async def test_that_they_are_not_is_known_too(desktop: IO[str]) -> None:
    assert await do_not_disturb.look(SETTINGS) == Seen(Desk.DO_NOT_DISTURB)
    assert await locked.look(SETTINGS) == Seen(Desk.LOCKED)


@with_bus
@like(gnome_ms=12_345)
async def test_a_desktop_that_has_gone_tells_nothing(desktop: IO[str], bus: subprocess.Popen[str]) -> None:
    watched = Idle()
    assert (await watched.look(SETTINGS)).idle_s == 12.345
    await asyncio.to_thread(bus.terminate)
    await asyncio.to_thread(bus.wait)
    assert await watched.look(SETTINGS) == UNKNOWN
    assert await watched.look(SETTINGS) == UNKNOWN


@linux
async def test_without_a_desktop_nothing_is_guessed() -> None:
    assert await idle.PROBE.look(SETTINGS) == UNKNOWN
    assert await do_not_disturb.look(SETTINGS) == UNKNOWN
    for probe in probes().values():
        seen = await probe.look(SETTINGS)
        assert not seen.desk & ~seen.known


@linux
def test_a_device_held_open_by_a_process_is_seen(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()
    assert not camera.is_held(str(tmp_path / "video"))
    hold = f"import sys; held = open({str(device)!r}); print('holds', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        assert camera.is_held(str(tmp_path / "video"))
        assert programs.is_running([Path(f"/proc/{holder.pid}/comm").read_text().strip()])
        holder.communicate()
    assert not camera.is_held(str(tmp_path / "video"))
    assert not programs.is_running(["no-such-program-here"])


def test_who_records_is_told_from_who_only_measures_the_level() -> None:
    def outputs(**stream: object) -> str:
        return json.dumps([{"index": 1, "corked": False, "properties": {"media.name": "Call"}} | stream])

    assert microphone.is_recorded(outputs()) is True
    assert microphone.is_recorded(outputs(corked=True)) is False
    assert microphone.is_recorded(outputs(properties={"media.name": "Peak detect"})) is False
    assert microphone.is_recorded(outputs(properties={"stream.monitor": "true"})) is False
    assert microphone.is_recorded("[]") is False
    assert microphone.is_recorded("No PulseAudio daemon running") is None


def test_what_alsa_captures_is_seen(tmp_path: Path) -> None:
    assert microphone.is_captured(tmp_path) is None
    for name, state in (("pcm0c", "closed"), ("pcm1c", "state: RUNNING\nowner_pid: 12")):
        folder = tmp_path / "card0" / name / "sub0"
        folder.mkdir(parents=True)
        assert microphone.is_captured(tmp_path) is (False if name == "pcm1c" else None)
        (folder / "status").write_text(state)
    assert microphone.is_captured(tmp_path) is True


@linux
async def test_pactl_is_asked_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pactl"
    program.write_text('#!/bin/sh\n[ "$*" = "-f json list source-outputs" ] && echo \'[{"corked": false}]\'\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert await microphone.look(SETTINGS) == Seen(Desk.MICROPHONE, Desk.MICROPHONE)


def test_the_battery_of_a_mouse_is_not_the_computers(tmp_path: Path) -> None:
    def supply(name: str, **files: str) -> None:
        (tmp_path / name).mkdir(exist_ok=True)
        for file, text in files.items():
            (tmp_path / name / file).write_text(text + "\n")

    supply("AC", type="Mains", online="0")
    supply("mouse", type="Battery", scope="Device", status="Discharging")
    assert battery.is_discharging(tmp_path) is None
    supply("BAT0", type="Battery", status="Charging")
    assert battery.is_discharging(tmp_path) is False
    supply("BAT0", type="Battery", status="Discharging")
    assert battery.is_discharging(tmp_path) is True


def test_a_lid_is_read(tmp_path: Path) -> None:
    assert locked.is_shut(tmp_path) is None
    (tmp_path / "LID0").mkdir()
    (tmp_path / "LID0" / "state").write_text("state:      closed\n")
    assert locked.is_shut(tmp_path) is True


def test_what_other_systems_print_is_read() -> None:
    assert mac_idle_s('    | |   "HIDIdleTime" = 2500000000\n') == 2.5
    assert mac_idle_s(None) is None
    assert battery.mac_is_discharging("Now drawing from 'Battery Power'\n -InternalBattery-0 80%") is True
    assert battery.mac_is_discharging("Now drawing from 'AC Power'\n") is False
    assert battery.mac_is_discharging(None) is None


async def test_without_a_calendar_nothing_is_known_and_nothing_is_needed() -> None:
    assert await Calendars().look(SETTINGS) == UNKNOWN


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "icalendar", None)
    seen = await Calendars().look(DeskSettings(calendars=(tmp_path / "a.ics",)))
    assert seen.known == Desk.NOTHING
    assert "pip install 'upstand[calendar]'" in seen.note


_EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
DTSTAMP:20200101T000000Z
{start}
{more}
SUMMARY:Meeting
END:VEVENT
END:VCALENDAR
"""
_ALWAYS = "DTSTART:20200101T000000Z\nDURATION:P1D\nRRULE:FREQ=DAILY"


@with_calendar
@pytest.mark.parametrize(
    ("start", "more", "is_busy"),
    [
        (_ALWAYS, "TRANSP:OPAQUE", True),
        (_ALWAYS, "TRANSP:TRANSPARENT", False),
        (_ALWAYS, "STATUS:CANCELLED", False),
        ("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY", "TRANSP:OPAQUE", False),
        ("DTSTART:20200101T000000Z\nDURATION:PT1H", "TRANSP:OPAQUE", False),
    ],
)
async def test_a_meeting_in_the_calendar_is_busy(tmp_path: Path, start: str, more: str, is_busy: bool) -> None:
    file = tmp_path / "a.ics"
    file.write_text(_EVENT.format(start=start, more=more).replace("\n", "\r\n"), newline="")
    seen = await Calendars().look(DeskSettings(calendars=(file,)))
    assert seen == Seen(Desk.BUSY, Desk.BUSY if is_busy else Desk.NOTHING)


@with_calendar
async def test_a_calendar_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    seen = await Calendars().look(DeskSettings(calendars=(tmp_path / "no.ics",)))
    assert "correct `calendars` under [desk]" in seen.note


def test_who_is_awake_has_not_slept_meanwhile() -> None:
    looks_s = [slept_total_s()]
    for _ in range(9):
        time.sleep(0.02)
        looks_s.append(slept_total_s())
    assert median(looks_s[5:]) == pytest.approx(median(looks_s[:5]), abs=0.05)  # one look may be held up in its middle


def test_every_probe_is_found() -> None:
    assert set(probes()) == {
        "battery",
        "calendar",
        "camera",
        "do_not_disturb",
        "full_screen",
        "idle",
        "locked",
        "microphone",
        "programs",
    }
