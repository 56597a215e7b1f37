"""`upstand doctor`: what is missing or wrong on this machine, in plain words, and what to do about it."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from packaging.requirements import Requirement

from analysis.errors import PostureError
from analysis.io.mqtt import LOOPBACK, Connection, resolve
from analysis.io.reader import Reader
from analysis.io.settings import Settings
from analysis.io.store import Store
from firmware_bridge.ble import Ble
from firmware_bridge.choose import known
from firmware_bridge.described import all_drivers
from upstand.broker import find_mosquitto, port_is_free


class Verdict(StrEnum):
    GOOD = "ok"
    NOTE = "note"  # works, but less well
    BAD = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    verdict: Verdict
    sentence: str  # what is so and, where it is not well, what to do


async def examine(settings: Settings) -> list[Finding]:
    """Looks at everything Upstand needs. Changes nothing but an out-of-date store, which it migrates."""
    return [
        _python(),
        *_packages(),
        *_extras(settings),
        _data_folder(settings),
        _store(settings),
        await _broker(settings),
        _dashboard_port(settings),
        await _bluetooth(settings),
    ]


def _python() -> Finding:
    name = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("Python", Verdict.GOOD, f"{name}, in {sys.prefix}.")


def _packages() -> Iterator[Finding]:
    try:
        needs = [Requirement(text) for text in requires("upstand") or []]
    except PackageNotFoundError:
        yield Finding(
            "packages", Verdict.BAD, "Upstand is not installed in this Python; run `pip install .` in its folder."
        )
        return
    wanted = [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    wrong = []
    for need in wanted:
        try:
            if not need.specifier.contains(version(need.name), prereleases=True):
                wrong.append(f"{need.name} {version(need.name)} (needs {need.specifier})")
        except PackageNotFoundError:
            wrong.append(f"{need.name} (missing)")
    if wrong:
        yield Finding("packages", Verdict.BAD, f"These do not fit: {', '.join(wrong)}; run `pip install .` again.")
    else:
        shown = ", ".join(f"{name} {version(name)}" for name in ("bleak", "numpy", "paho-mqtt", "scipy", "streamlit"))
        yield Finding("packages", Verdict.GOOD, f"All {len(wanted)} are there: {shown} and the rest.")


def _extras(settings: Settings) -> Iterator[Finding]:
    """What the settings ask for and an extra would bring."""
    asked = {"phone": bool(settings.notify.phone), "calendar": bool(settings.desk.calendars)}
    needs = {"phone": ("apprise",), "calendar": ("icalendar", "recurring_ical_events")}
    for extra in (extra for extra, is_asked in asked.items() if is_asked):
        if all(find_spec(name) for name in needs[extra]):
            yield Finding(extra, Verdict.GOOD, "What it needs is installed.")
        else:
            told = f"The settings ask for it, and it is not installed; run `pip install 'upstand[{extra}]'`."
            yield Finding(extra, Verdict.BAD, told)


def _data_folder(settings: Settings) -> Finding:
    probe = settings.data_dir / ".writable"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding(
            "data folder",
            Verdict.BAD,
            f"{settings.data_dir} cannot be written ({error.strerror}); "
            "make it writable or set `data_dir` in upstand.toml.",
        )
    return Finding("data folder", Verdict.GOOD, f"{settings.data_dir} can be written.")


def _store(settings: Settings) -> Finding:
    try:
        Store.open(settings.store_url).close()
        with Reader(settings.store_url) as reader:
            count = len(reader.sessions(settings.wearer))
    except PostureError as error:
        return Finding("database", Verdict.BAD, str(error))
    return Finding("database", Verdict.GOOD, f"It opens and holds {count} recorded stretches of {settings.wearer!r}.")


async def _broker(settings: Settings) -> Finding:
    if settings.mqtt.host or not port_is_free(LOOPBACK, settings.mqtt.port):
        where = f"{settings.mqtt.host or LOOPBACK}:{settings.mqtt.port}"
        try:
            async with Connection(resolve(settings), "doctor") as connection:
                await connection.wait_connected(3.0)
        except PostureError as error:
            return Finding("MQTT broker", Verdict.BAD, str(error))
        return Finding("MQTT broker", Verdict.GOOD, f"The one on {where} lets us in.")
    mosquitto = find_mosquitto()
    if mosquitto is None:
        return Finding(
            "MQTT broker",
            Verdict.NOTE,
            "Mosquitto is not installed, so the slower built-in amqtt will be used; installing Mosquitto is better.",
        )
    return Finding("MQTT broker", Verdict.GOOD, f"{mosquitto} will be started on port {settings.mqtt.port}.")


def _dashboard_port(settings: Settings) -> Finding:
    at = settings.dashboard
    if port_is_free(at.address, at.port):
        return Finding("dashboard", Verdict.GOOD, f"Port {at.port} on {at.address} is free.")
    return Finding(
        "dashboard",
        Verdict.NOTE,
        f"Port {at.port} on {at.address} is in use: either Upstand runs already, or another program must be "
        "stopped, or `port` under [dashboard] in upstand.toml be changed.",
    )


async def _bluetooth(settings: Settings) -> Finding:
    try:
        drivers = all_drivers(settings.sensors.described)
        async with asyncio.timeout(15):
            found = await Ble().scan(4.0, lambda _seen: False)
    except PostureError as error:
        return Finding("Bluetooth", Verdict.NOTE, f"{error} Until then the simulated wearer runs.")
    except TimeoutError:
        return Finding("Bluetooth", Verdict.NOTE, "The adapter does not answer; unplug it or restart Bluetooth.")
    return Finding(
        "Bluetooth", Verdict.GOOD, f"The adapter works; {len(found)} devices are in reach. {known(found, drivers)}"
    )
