"""A store as the service would have filled it, through the service's own writer."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

import numpy as np

from analysis.break_flow import Prompt, PromptState
from analysis.io.journal import Entry, samples_entry
from analysis.io.store import Batch, Store, StoredSession
from analysis.model import Activity, Event, Floats, Output, PostureFrame, Quality, Segment
from analysis.schema import LinkStatus, Samples, Status, block_of, encode

DAY = date(2026, 3, 10)  # of the finished sessions

# (activity, minutes) from 08:00, with a break between the two sessions
MORNING = (("sitting", 38), ("walking", 4), ("sitting", 55), ("standing", 12), ("sitting", 20), ("walking", 2))
AFTERNOON = (("sitting", 31), ("standing", 25), ("sitting", 48), ("walking", 6), ("lying", 15), ("sitting", 28))
LUNCH_MIN = 50
PATIENCE_S = 90  # until a page that hangs is given up
REASON = "You have been sitting for 30 minutes without a break."


@dataclass(frozen=True, slots=True)
class Expected:
    """What a page must show of DAY."""

    sitting_min: int
    standing_min: int
    walking_min: int
    lying_min: int
    rises: int
    longest_sitting_min: int
    done: int
    ignored: int


EXPECTED = Expected(220, 37, 12, 15, rises=5, longest_sitting_min=55, done=2, ignored=2)


def fill_day(store: Store, wearer: str, zone: tzinfo | None, source: str = "radio") -> None:
    """DAY in two finished sessions, at one frame a second."""
    start = datetime(DAY.year, DAY.month, DAY.day, 8, tzinfo=zone).timestamp()
    _fill(store, wearer, source, f"{wearer}-morning", start, MORNING)
    later = start + 60 * (sum(minutes for _, minutes in MORNING) + LUNCH_MIN)
    _fill(store, wearer, source, f"{wearer}-afternoon", later, AFTERNOON)


def _fill(
    store: Store, wearer: str, source: str, session_id: str, start: float, plan: Iterable[tuple[str, int]]
) -> None:
    outputs: list[Output] = []
    at, before = 0.0, ""
    for kind, minutes in plan:
        end = at + 60.0 * minutes
        outputs.append(Event(kind, at, end))
        outputs.append(frame_of(np.arange(at, end), Activity[kind.upper()]))
        if kind == "sitting":
            outputs += [Event("shift", at + 60.0 * m, at + 60.0 * m + 2.0) for m in range(1, minutes, 2)]
            outputs += [Event("fidget", at + 60.0 * m + 30.0, at + 60.0 * m + 32.0) for m in range(1, minutes)]
        if before == "sitting" and kind != "lying":
            outputs.append(Event("rise", at - 1.0, at))
        if kind == "sitting" and minutes > 30:
            state = PromptState.DONE if minutes <= 40 else PromptState.IGNORED
            outputs.append(
                Prompt(f"{session_id}-{at:.0f}", "active", 1, REASON, at + 1800.0, state, min(end, at + 2400.0))
            )
        at, before = end, kind
    session = store.session(session_id, wearer, source, start)
    store.write([Batch(session, [_samples(session, 0, at)], outputs)])


def frame_of(t: Floats, activity: Activity, quality: Quality = Quality.GOOD) -> PostureFrame:
    """Frames of a body that sways a little; all values NaN where the quality is not good."""
    tilt = {Activity.SITTING: -14.0, Activity.LYING: -6.0}.get(activity, 1.0) + 3.0 * np.sin(t / 23.0)
    lordosis = {Activity.SITTING: -18.0, Activity.LYING: -4.0}.get(activity, 2.0) + 4.0 * np.sin(t / 17.0 + 1.0)
    values = {
        "pelvic_tilt": tilt,
        "lumbar_lordosis": lordosis,
        "trunk_lean": tilt - lordosis,
        "pelvic_obliquity": 3.0 + np.sin(t / 31.0),
        "lateral_bend": -4.0 + np.sin(t / 29.0),
        "pelvis_speed": 1.0 + 0.5 * np.sin(t / 3.0),
        "trunk_speed": 2.0 + np.sin(t / 2.0),
        "twist_speed": 0.1 * np.sin(t / 2.0),
    }
    if quality is not Quality.GOOD:
        values = {name: np.full(len(t), np.nan) for name in values}
    n = len(t)
    return PostureFrame(t, values, np.full(n, activity, np.int8), np.full(n, quality, np.uint16))


class Wearer:
    """Somebody who is measured at this moment: `tell` writes all that is new since the last time."""

    def __init__(
        self,
        store: Store,
        name: str,
        source: str = "radio",
        *,
        note: str = "",
        quality: Quality = Quality.GOOD,
        asked: bool = False,
        sat_s: float = 1984.0,
    ) -> None:
        self._store, self._name, self._source, self._note, self._quality = store, name, source, note, quality
        self._begun = time.time() - sat_s - 60.0
        self._session = store.session(f"{name}-now", name, source, self._begun)
        self._told_s = 60.0 + sat_s - 180.0
        stood = frame_of(_grid(self._told_s, self._told_s + 60.0), Activity.STANDING, quality)
        self._told_s += 60.0
        first: list[Output] = [Event("standing", 0.0, 60.0), Event("sitting", 60.0, None), stood]
        first.append(Event("shift", sat_s - 32.0, sat_s - 30.0, {"change_deg": 9.0}))
        first.append(Event("seated_posture", sat_s - 28.0, None, {"posture": "slouched", "confidence": 0.9}))
        if asked:
            first.append(Prompt("open", "active", 1, REASON, 1860.0))
        self._seq = 0
        store.write([Batch(self._session, [_samples(self._session, self._seq, self._told_s)], first)])
        self.tell()

    def tell(self) -> None:
        """Frames up to now, and both statuses."""
        now_s = time.time() - self._begun
        frame = frame_of(_grid(self._told_s, now_s), Activity.SITTING, self._quality)
        self._told_s = now_s
        self._seq += 1
        batch = Batch(self._session, [_samples(self._session, self._seq, now_s)], [frame] if len(frame.t) else [])
        self._store.write([batch], statuses={(self._name, part): self._status(part) for part in ("bridge", "service")})

    def _status(self, part: str) -> Status:
        if part == "service":
            return Status(part=part, online=True, at=time.time())
        return Status(
            part=part,
            online=True,
            at=time.time(),
            source=self._source,
            session_id=self._session.session_id,
            note=self._note,
            links=[_link(Segment.PELVIS, 81, 12), _link(Segment.LUMBAR, 12, 340)],
        )


def _samples(session: StoredSession, seq: int, end_s: float) -> Entry:
    """One sample at `end_s`: the pages read no samples, only how far they reach."""
    message = Samples(
        session_id=session.session_id,
        started_at=session.started_at,
        source=session.source,
        sensor_id="AA:BB:CC:00:11:81",
        segment=Segment.PELVIS,
        seq=seq,
        t0=end_s,
        dt=0.02,
        acc_scale=0.01,
        gyr_scale=0.001,
        counts=bytes(12),
    )
    return samples_entry(block_of(message), encode(message))


def _link(segment: Segment, battery_percent: int, lost: int) -> LinkStatus:
    return LinkStatus(
        segment=segment,
        sensor_id=f"AA:BB:CC:00:11:{battery_percent:02d}",
        name=f"Upstand {segment}",
        family="upstand",
        state="streaming",
        rate_hz=51.9,
        samples=103_000,
        lost=lost,
        battery_percent=battery_percent,
        clock_residual_ms=1.3,
        worn=True,
    )


def _grid(start_s: float, end_s: float) -> Floats:
    """Ticks of the 10 Hz grid in [start_s, end_s)."""
    return np.arange(math.ceil(start_s * 10), math.ceil(end_s * 10)) / 10.0
