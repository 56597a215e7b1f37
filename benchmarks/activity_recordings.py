"""Recordings of one sensor through the pipeline that ships: folders in the format of HAPT, and plain CSV files.

The sensor may be turned any way about the body. It is calibrated by its first 5 s of standing or, without that, by how
gravity lies while walking: what a first pass tells as walking is the upright of a second one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from analysis import quaternion
from analysis.detectors.activity import CONFIDENCE
from analysis.detectors.hindsight import DELAY, SETTLED
from analysis.errors import PostureError
from analysis.io.journal import BUNDLE_S
from analysis.model import (
    FRAME_HZ,
    GRAVITY,
    Activity,
    CalibrateRequest,
    Calibration,
    Codes,
    Event,
    Floats,
    Input,
    Output,
    PostureFrame,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings

STOOD_S = 5.0
_ANSWERED_S = 10.0  # after its end a request has surely been answered
_CSV = ("t_s", "ax", "ay", "az", "gx", "gy", "gz")
_STAND = 5  # label
_AXES = ("x", "y", "z")
_NAMED = {kind.name.lower(): kind for kind in Activity}
_UP: Floats = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True)
class Recording:
    """One sensor worn at the waist or low back."""

    name: str
    person: str
    t: Floats  # (n,) s
    acc: Floats  # (n, 3) m/s²
    gyr: Floats  # (n, 3) rad/s
    label: Codes  # (n,) as of HAPT; 0 where nothing is known


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pipeline told of a recording."""

    t: Floats  # (m,) s, at 10 Hz
    activity: Codes  # (m,) looked back upon
    confidence: Floats  # (m,) %, of what was told at once
    events: tuple[Event, ...]
    from_s: float  # nothing is asked of it before


def hapt(folder: Path) -> list[Recording]:
    """Everybody in a folder in the format of HAPT. Raises PostureError."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            missing = {"acc_g", "gyr_rad_s", "label", "recording", "fs_hz"} - set(arrays.files)
            if missing:
                raise PostureError(f"{path} has no column {min(missing)!r}; it is not in the format of hapt.")
            number, hz = arrays["recording"], float(arrays["fs_hz"])
            acc, gyr, label = (
                arrays["acc_g"].astype(np.float64),
                arrays["gyr_rad_s"].astype(np.float64),
                arrays["label"],
            )
        for one in np.unique(number).tolist():
            rows = number == one
            t = np.arange(int(rows.sum())) / hz
            found.append(Recording(f"{path.stem}-{one}", path.stem, t, acc[rows] * GRAVITY, gyr[rows], label[rows]))
    if not found:
        raise PostureError(f"{folder} holds no recordings; give a folder in the format of hapt.")
    return found


def plain(folder: Path) -> list[Recording]:
    """CSV files with the columns t_s, ax, ay, az (g), gx, gy, gz (°/s). Raises PostureError."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            names = [name.strip() for name in file.readline().split(",")]
            if not set(_CSV) <= set(names):
                raise PostureError(f"{path} lacks a column; its first line must name {', '.join(_CSV)}.")
            try:
                rows = np.loadtxt(file, delimiter=",", ndmin=2, usecols=[names.index(name) for name in _CSV])
            except ValueError as error:
                raise PostureError(f"{path} holds something other than numbers ({error}); mend it.") from error
        if len(rows) < 2:
            raise PostureError(f"{path} is empty; give a recording of some seconds.")
        acc, gyr = rows[:, 1:4] * GRAVITY, np.radians(rows[:, 4:])
        found.append(Recording(path.stem, path.stem, rows[:, 0], acc, gyr, np.zeros(len(rows), np.int8)))
    if not found:
        raise PostureError(f"{folder} holds no CSV files; give the folder they lie in.")
    return found


def calibrated(one: Recording) -> Seen:
    """After the first 5 s of standing. Raises PostureError where nobody stands so long."""
    return stood(one, *first_stand(one))


def first_stand(one: Recording) -> tuple[float, float]:
    """When somebody first stands for 5 s or more, s from and until. Raises PostureError where nobody does."""
    stands = np.concatenate([[False], one.label == _STAND, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(stands))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if one.t[b - 1] - one.t[a] >= STOOD_S - 0.1:
            return float(one.t[a]), float(one.t[b - 1])
    raise PostureError(f"{one.name} never stands for {STOOD_S:.0f} s; leave it out.")


def stood(one: Recording, start_s: float, until_s: float = 0.0, forward: Floats | None = None) -> Seen:
    """After standing upright for STOOD_S from `start_s`, or from a second later and so on while that is not still.

    `forward` is the axis of the sensor that faces forward. Raises PostureError where it is the one that stands.
    """
    still = (one.t >= start_s) & (one.t < start_s + STOOD_S)
    up = one.acc[still].mean(axis=0)
    turned = _with_x_up(one, up) if forward is None else _worn_flat(one, up, forward)
    for begin_s in np.arange(start_s, max(until_s - STOOD_S, start_s) + 0.1).tolist():
        told = _answered(turned, CalibrateRequest(begin_s, STOOD_S, Stance.STANDING))
        if any(isinstance(output, Event) and output.kind == "calibrated" for output in told):
            return _seen(told, begin_s + STOOD_S)
    return _seen(_run(one, [_carried(up, forward)]), start_s + STOOD_S)


def by_walking(one: Recording, forward: Floats | None = None) -> Seen:
    """Without any calibration: a first pass finds the walking, whose mean force is the upright of the second."""
    seen = _seen(_run(one, []), -np.inf)
    walks = seen.t[seen.activity == Activity.WALKING]
    if not len(walks):
        return seen
    rows = np.isin(np.floor(one.t * FRAME_HZ + 1e-6).astype(np.int64), np.rint(walks * FRAME_HZ).astype(np.int64))
    return _seen(_run(one, [_carried(one.acc[rows].mean(axis=0), forward)]), -np.inf)


def forward_axis(name: str) -> Floats:
    """(3,) of "x", "-x" and so on. Raises PostureError."""
    if name.removeprefix("-") not in _AXES:
        raise PostureError(
            f"{name!r} is no axis of a sensor; give x, y or z, with a minus where the other end is forward."
        )
    axis: Floats = np.eye(3)[_AXES.index(name.removeprefix("-"))] * (-1.0 if name.startswith("-") else 1.0)
    return axis


def _with_x_up(one: Recording, up: Floats) -> Recording:
    """With the axes renamed so that the case stands, as a calibration wants it."""
    turn = -int(np.argmax(np.abs(up)))
    acc, gyr = np.roll(one.acc, turn, axis=1), np.roll(one.gyr, turn, axis=1)
    return Recording(one.name, one.person, one.t, acc, gyr, one.label)


def _worn_flat(one: Recording, up: Floats, forward: Floats) -> Recording:
    """With the axes renamed so that the case stands with its flat on the back: x up, z backward."""
    x = np.zeros(3)
    x[np.argmax(np.abs(up))] = np.sign(up[np.argmax(np.abs(up))])
    if np.any(x * forward):
        raise PostureError(f"{one.name} stands on the axis that is said to face forward; give another one.")
    axes = np.stack([x, np.cross(-forward, x), -forward])
    return Recording(one.name, one.person, one.t, one.acc @ axes.T, one.gyr @ axes.T, one.label)


def _carried(up: Floats, forward: Floats | None) -> Calibration:
    """As of an earlier session: this is upright, and forward is so or, for None, anywhere."""
    up = quaternion.normalise(up)
    if forward is None:
        mounting = quaternion.between(_UP, up)
        return Calibration(
            Segment.PELVIS, "one", Stance.STANDING, float("nan"), mounting, 3.0, heading_error_deg=float("inf")
        )
    level = quaternion.normalise(forward - (forward @ up) * up)
    mounting = quaternion.from_axes(level, np.cross(up, level), up)
    return Calibration(Segment.PELVIS, "one", Stance.STANDING, float("nan"), mounting, 3.0)


def _answered(one: Recording, request: CalibrateRequest) -> list[Output]:
    """All that is told after that request; only what led to its refusal where it is refused."""
    told = []
    for outputs in _fed(one, [request], request.start_s + request.duration_s + _ANSWERED_S):
        told += outputs
        if any(isinstance(output, Event) and output.kind == "calibration_failed" for output in outputs):
            break
    return told


def _run(one: Recording, first: Sequence[Input]) -> list[Output]:
    return [output for outputs in _fed(one, first) for output in outputs]


def _fed(one: Recording, first: Sequence[Input], pause_s: float = -np.inf) -> Iterator[list[Output]]:
    """What is told of each bundle, which are as long as in a reanalysis, but that one ends at `pause_s`."""
    pipeline = Pipeline(PipelineSettings())
    yield pipeline.feed(*first)
    begin_s = float(one.t[0])
    ends_s = np.append(pause_s, np.arange(max(begin_s, pause_s) + BUNDLE_S, one.t[-1], BUNDLE_S))
    edges = np.searchsorted(one.t, ends_s[ends_s > begin_s]).tolist()
    for number, (a, b) in enumerate(pairwise([0, *edges, len(one.t)])):
        if b > a:
            yield pipeline.feed(
                SampleBlock(one.name, "one", Segment.PELVIS, number, one.t[a:b], one.acc[a:b], one.gyr[a:b])
            )
    yield pipeline.feed(SessionEnd(float(one.t[-1])))


def _seen(told: Sequence[Output], from_s: float) -> Seen:
    frames = [output for output in told if isinstance(output, PostureFrame)]
    events = [output for output in told if isinstance(output, Event)]
    t, live, late, confidence = (
        np.concatenate(columns)
        for columns in zip(
            *((one.t, one.activity, one.values[SETTLED], one.values[CONFIDENCE]) for one in frames), strict=True
        )
    )
    activity = np.concatenate([late[DELAY:], live[-DELAY:]]).astype(np.int8)[: len(t)]
    for event in events:
        if event.kind == "retold" and event.end_s is not None:
            activity[(t >= event.start_s) & (t < event.end_s)] = _NAMED[str(event.values["activity"])]
    return Seen(t, activity, confidence, tuple(events), from_s)
