"""What one wearer costs live, how long a notification takes to become a frame on MQTT, and what an hour takes again."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil

from analysis import schema
from analysis.batch import reanalyze
from analysis.io.journal import readable_inputs
from analysis.io.mqtt import Connection, resolve
from analysis.io.reader import Reader
from analysis.io.settings import Settings
from analysis.io.store import Store
from analysis.model import Floats, SampleBlock, Segment
from analysis.schema import FrameMessage
from benchmarks.breaks_over_mqtt import of_settings, settings_in
from benchmarks.report import Section
from firmware_bridge import capture
from firmware_bridge.packet import RawPacket
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.script import office_day
from hardware.twin.wearer import Wearer, demo
from upstand.analyzing import pipeline_settings
from upstand.playing import Play, play, simulated
from upstand.supervisor import Part, Supervisor
from upstand.whole import own_part, service_listens, start_broker, supervised

WARM_UP_S, COST_S, LATENCY_S = 15.0, 60.0, 60.0
HOUR_SPEED = 100.0
CLOCK_S = 30.0  # a clock fit has a full window by then


def measure() -> list[Section]:
    """Some four minutes."""
    with tempfile.TemporaryDirectory() as folder:
        cost = asyncio.run(_cost(settings_in(Path(folder) / "cost", {})))
        late_s, clocks = asyncio.run(_latency(settings_in(Path(folder) / "latency", {})))
        hour = asyncio.run(_hour(settings_in(Path(folder) / "hour", {})))
    return [
        Section(
            "Live cost of one wearer",
            f"Two of our sensors at 52 Hz in real time, {COST_S:g} s after {WARM_UP_S:g} s of warm-up. "
            "The bridge's share contains the twin: the simulated body, both sensors and the virtual radio.",
            cost,
        ),
        Section(
            "From notification to frame on MQTT",
            f"For each frame of {LATENCY_S:g} s in real time: from the arrival of the notification that holds its "
            "moment (the later one of the two sensors) to the frame's own arrival at a subscriber. "
            "A notification holds 0.25 s.",
            [
                ("median", f"{1e3 * float(np.median(late_s)):.0f} ms"),
                ("99th percentile", f"{1e3 * float(np.percentile(late_s, 99)):.0f} ms"),
                ("frames", str(len(late_s))),
            ],
        ),
        Section(
            "The two sensors' clocks",
            "The times of the stored samples of the same run against the true ones of the simulated sensors, "
            "whose crystals are off by up to 40 ppm and whose packets wait up to 20 ms for the virtual radio.",
            clocks,
        ),
        Section("Reanalysis", "From the store, through the pipeline, into the store, and compared with live.", [hour]),
    ]


async def _cost(settings: Settings) -> list[tuple[str, str]]:
    started_s = time.monotonic()
    async with _analysing(settings) as supervisor:
        await supervisor.start(_part("bridge", ("bridge", "--simulate"), settings))
        await _first_angle(settings)
        angle_s = time.monotonic() - started_s
        await asyncio.sleep(WARM_UP_S)
        names = ("bridge", "service", "broker")
        processes = {name: psutil.Process(supervisor.pids()[name]) for name in names}
        before = {name: _busy_s(process) for name, process in processes.items()}
        begun_s = time.monotonic()
        await asyncio.sleep(COST_S)
        took_s = time.monotonic() - begun_s
        rows = [("from start to the first live angle", f"{angle_s:.1f} s, 7 s of them the wearer's calibration")]
        rows += [
            (
                name,
                f"{100 * (_busy_s(process) - before[name]) / took_s:.1f} % of one core, "
                f"{process.memory_info().rss / 2**20:.0f} MiB resident",
            )
            for name, process in processes.items()
        ]
        return rows


async def _first_angle(settings: Settings) -> None:
    """Returns when a pelvic tilt is in the store."""
    with Reader(settings.store_url) as reader:
        while True:
            await asyncio.sleep(0.1)
            session = reader.newest_session("simulated")
            if session is not None and session.last_s is not None:
                tilt = reader.frames(session, session.last_s - 1.0, session.last_s).values.get("pelvic_tilt")
                if tilt is not None and np.isfinite(tilt).any():
                    return


async def _latency(settings: Settings) -> tuple[Floats, list[tuple[str, str]]]:
    """Seconds from the notification to each frame; and what the clocks' times are worth."""
    clock = PacedClock()
    heard: list[tuple[float, float]] = []  # (moment, arrival) on the session's clock
    stop = asyncio.Event()
    file = settings.data_dir / "packets"

    async def listen(connection: Connection) -> None:
        async for message in connection.messages():
            arrived_s = clock.now()
            heard.append((schema.decode(message.payload, FrameMessage).t, arrived_s))

    async with _analysing(settings), Connection(resolve(settings), "bench") as connection:
        await connection.wait_connected(10.0)
        await connection.subscribe(schema.topic("simulated", "frames"), qos=0)
        listening = asyncio.create_task(listen(connection))
        asyncio.get_running_loop().call_later(WARM_UP_S + LATENCY_S, stop.set)
        played = await play(settings, simulated("demo", 1, 52, ""), clock, stop, file)
        listening.cancel()
    moments, arrivals = np.array([one for one in heard if one[0] > WARM_UP_S]).T
    late_s: Floats = arrivals - _notified(file, moments)
    return late_s, list(_late(settings, played.session_id, demo(1), played.virtual_s))


def _notified(file: Path, moments: Floats) -> Floats:
    """When the notifications that hold each moment had come from both sensors."""
    _, records = capture.read(file)
    by_sensor: dict[str, list[float]] = {}
    for record in records:
        if isinstance(record, RawPacket) and len(record.data) > 100:  # a stream packet, not a status or an answer
            by_sensor.setdefault(record.sensor_id, []).append(record.arrived_s)
    # The twin sends a packet once its last sample is taken: the first packet after a moment is the one that holds it.
    firsts = []
    for times in by_sensor.values():
        at = np.append(np.array(times), np.nan)
        firsts.append(at[np.searchsorted(at[:-1], moments)])
    latest: Floats = np.max(firsts, axis=0)
    return latest


async def _hour(settings: Settings) -> tuple[str, str]:
    wearer = Wearer(office_day(1, 1.0), 1)
    peripherals = tuple(UpstandPeripheral(f"Upstand {at.value[0].upper()}", wearer.source(at)) for at in Segment)
    act = Play("simulated", "simulated", "", peripherals, simulated("demo", 1, 52, "").commands)
    async with _analysing(settings):
        played = await play(settings, act, PacedClock(HOUR_SPEED), asyncio.Event())
    begun_s = time.monotonic()
    comparison = reanalyze(settings.store_url, played.session_id, pipeline_settings(settings))
    took_s = time.monotonic() - begun_s
    size = sum(file.stat().st_size for file in settings.data_dir.glob("upstand.sqlite*")) / 2**20
    same = "the same as live to the last bit" if comparison.is_identical else comparison.first_difference
    return (
        f"{played.virtual_s / 3600:.2f} hours ({comparison.ticks[0]} frames)",
        f"{took_s:.1f} s, {played.virtual_s / took_s:.0f} × real time; {same}; live ran at {HOUR_SPEED:g} × asked, "
        f"{played.virtual_s / played.real_s:.0f} × reached; both runs take {size:.0f} MiB",
    )


def _late(settings: Settings, session_id: str, wearer: Wearer, end_s: float) -> Iterator[tuple[str, str]]:
    """By how much each sensor's samples are told too late, and by how much the two differ."""
    late_s: dict[Segment, tuple[Floats, Floats]] = {}
    with Store.open(settings.store_url) as store:
        session = store.find(session_id)
        assert session is not None
        blocks = [item for item in readable_inputs(store.journal(session)) if isinstance(item, SampleBlock)]
    for segment in Segment:
        told = np.concatenate([block.t for block in blocks if block.segment == segment])
        true = wearer.source(segment).read(0.0, end_s).t[: len(told)]
        settled = true > CLOCK_S
        late_s[segment] = true[settled], told[settled] - true[settled]
        late_ms = 1e3 * late_s[segment][1]
        yield (
            f"{segment} clock, after {CLOCK_S:g} s",
            f"late by {late_ms.mean():.1f} ms, SD {late_ms.std():.1f}, {late_ms.min():.1f} to {late_ms.max():.1f}",
        )
    (t, pelvis), (other_t, lumbar) = late_s[Segment.PELVIS], late_s[Segment.LUMBAR]
    apart_ms = 1e3 * np.abs(pelvis - np.interp(t, other_t, lumbar))
    yield (
        "between the two sensors",
        f"median {np.median(apart_ms):.1f} ms, 99th percentile {np.percentile(apart_ms, 99):.1f} ms, "
        f"most {apart_ms.max():.1f} ms",
    )


@asynccontextmanager
async def _analysing(settings: Settings) -> AsyncIterator[Supervisor]:
    """A broker and the analysis service as processes of their own."""
    async with supervised(settings, print) as supervisor:
        await start_broker(supervisor, settings, None, print)
        await supervisor.start(_part("service", ("analyze",), settings))
        await service_listens(settings)
        yield supervisor


def _part(name: str, command: tuple[str, ...], settings: Settings) -> Part:
    return Part(name, own_part(name, command, None).argv, of_settings(settings))


def _busy_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
