"""`upstand replay`: recorded people on the virtual radio, read, stored and shown as if they were worn now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.io.mqtt import LOOPBACK, Connection, resolve
from analysis.io.reader import Reader
from analysis.io.settings import Settings
from analysis.model import Floats, PostureFrame, Segment
from hardware.twin.clock import PacedClock
from hardware.twin.recording import Recording, load
from upstand import broker
from upstand.playing import Played, play, replayed
from upstand.whole import (
    dashboard_part,
    dashboard_port_must_be_free,
    own_part,
    service_listens,
    start_broker,
    supervised,
)

CALIBRATED = "upright"  # the trials that the calibration is taken from: zero by definition
TILT, LORDOSIS = "pelvic_tilt", "lumbar_lordosis"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What one thing that the person did changed from upright, in degrees."""

    pelvic_tilt_deg: float
    lumbar_lordosis_deg: float


@dataclass(frozen=True, slots=True)
class Replayed:
    """One recording after its way through radio, bridge, broker, analysis and store."""

    name: str
    sent: Mapping[Segment, int]
    stored: Mapping[Segment, int]
    speed: float  # reached
    changes: Mapping[str, Change]  # by label; means over the label's spans

    @property
    def lost(self) -> int:
        return sum(self.sent.values()) - sum(self.stored.values())


async def replay_files(
    settings: Settings,
    config: Path | None,
    files: Sequence[Path],
    speed: float,
    show: bool,
    say: Say,
    stop: asyncio.Event,
) -> list[Replayed]:
    """Plays one recording after the other and says what came out. Uses the Upstand that runs, else starts its own.

    Raises PostureError for a file that is no recording and for a dashboard's port that is taken, before anything is
    played.
    """
    recordings = [load(file) for file in files]
    if show:
        dashboard_port_must_be_free(settings)
    results: list[Replayed] = []
    async with supervised(settings, say) as supervisor:
        if not await _runs_already(settings):
            await start_broker(supervisor, settings, config, say)
            await supervisor.start(own_part("service", ("analyze", "--made-up"), config))
        await service_listens(settings)
        if show:
            await supervisor.start(dashboard_part(settings, config, f"replay-{recordings[0].name}"))
            say(f"They are shown on http://{settings.dashboard.address}:{settings.dashboard.port}.")
        for recording in recordings:
            played = await play(settings, replayed(recording), PacedClock(speed), stop)
            if stop.is_set():
                break
            results.append(summary(settings, recording, played))
            if len(results) == 1:
                say(header(results[0]))
            say(row(results[-1]))
        else:
            say(closing(results))
        if show and not stop.is_set():
            say(f"The pages stay on http://{settings.dashboard.address}:{settings.dashboard.port} until Ctrl-C.")
            await stop.wait()
    return results


async def _runs_already(settings: Settings) -> bool:
    if not settings.mqtt.host and broker.port_is_free(LOOPBACK, settings.mqtt.port):
        return False
    async with Connection(resolve(settings), "upstand-replay") as connection:
        await connection.wait_connected(5.0)  # says what to do where another program holds the port
    return True


def summary(settings: Settings, recording: Recording, played: Played) -> Replayed:
    """What the store holds of a replayed recording."""
    with Reader(settings.store_url) as reader:
        session = reader.session(played.session_id)
        if session is None:
            stored, changes = dict.fromkeys(Segment, 0), {}
        else:
            stored = {segment: reader.sample_count(session, segment) for segment in Segment}
            frames = reader.frames(session, 0.0, played.virtual_s + 1.0)
            spans: dict[str, list[tuple[float, float]]] = {}
            for label in reader.events(session, "label"):
                spans.setdefault(str(label.values["text"]), []).append((label.start_s, label.end_s or label.start_s))
            changes = changes_by_label(frames, spans)
    return Replayed(recording.name, played.sent, stored, played.virtual_s / played.real_s, changes)


def changes_by_label(frames: PostureFrame, spans: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, Change]:
    """Mean pelvic tilt and lumbar lordosis over each label's spans; NaN where nothing is known.

    Both are told as change from the calibrated upright posture, so the reference is already in them.
    """

    def mean(name: str, label: str) -> float:
        inside = np.zeros(len(frames.t), dtype=bool)
        for start_s, end_s in spans[label]:
            inside |= (frames.t >= start_s) & (frames.t < end_s)
        values: Floats = frames.values[name][inside] if name in frames.values else np.empty(0)
        known = values[np.isfinite(values)]
        return float(known.mean()) if len(known) else float("nan")

    return {label: Change(mean(TILT, label), mean(LORDOSIS, label)) for label in spans if label != CALIBRATED}


def header(first: Replayed) -> str:
    """The head of the table: for each label, change of pelvic tilt and of lumbar lordosis from upright in °."""
    labels = "".join(f"{label:>16}" for label in sorted(first.changes))
    title = (
        "Mean change from each person's own upright trials, in °: pelvic tilt / lumbar lordosis (flexion is negative)"
    )
    return "\n".join([title, "", f"{'':12}{labels}{'samples':>10}{'lost':>6}{'speed':>8}"])


def row(result: Replayed) -> str:
    """One person's line of the table."""
    cells = "".join(
        f"{f'{change.pelvic_tilt_deg:+.1f} / {change.lumbar_lordosis_deg:+.1f}':>16}"
        for _, change in sorted(result.changes.items())
    )
    samples = sum(result.stored.values())
    return f"{result.name:12}{cells}{samples:>10}{result.lost:>6}{f'{result.speed:.0f} ×':>8}"


def closing(results: Sequence[Replayed]) -> str:
    """How many people moved as their labels say, where the recordings have these labels."""
    slouched = [result.changes["slouch"] for result in results if "slouch" in result.changes]
    leaned = [result.changes["forward lean"] for result in results if "forward lean" in result.changes]
    lines = [""]
    if slouched:
        flexed = sum(change.lumbar_lordosis_deg < 0 for change in slouched)
        lines.append(f"Slouching flexed the low back in {flexed} of {len(slouched)} people.")
    if leaned:
        hinged = sum(abs(change.pelvic_tilt_deg) > abs(change.lumbar_lordosis_deg) for change in leaned)
        lines.append(f"Leaning forward moved the pelvis more than the low back in {hinged} of {len(leaned)} people.")
    lost = sum(result.lost for result in results)
    sent = sum(sum(result.sent.values()) for result in results)
    lines.append(f"Of {sent} samples {lost} were lost on the way.")
    return "\n".join(lines)
