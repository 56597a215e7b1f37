"""Which way is forward, from a few steps of recorded people whose sensor's axes are known as it was put on.

Straight walks of the mobgap example, cut to six to eight of their nine steps. The files say that the sensor looks
forward; how far each person's really did from the own pelvis nobody measured, so what is told is off by that, too. How
well two walks of one person agree is free of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from analysis import quaternion
from analysis.bending import Movement
from analysis.calibration import History
from analysis.errors import PostureError
from analysis.model import GRAVITY, Floats, SampleBlock, Segment
from analysis.streams import Stream
from analysis.walking_heading import Walked, walked
from benchmarks.report import Section

STEPS = (6, 7, 8)
_STRAIGHT = "Test5"
_MARGIN_S = 0.3  # before the first contact and after the last one
_QUIET_S = 1.0


@dataclass(frozen=True, slots=True)
class Window:
    """Some steps of one walk and what they told; None where they were refused."""

    person: str
    trial: str
    steps: int
    told: Walked | None


def windows_of(folder: Path) -> list[Window]:
    """Every run of STEPS of every straight walk, in a folder of the mobgap_example format."""
    return [window for path in sorted(folder.glob("*.npz")) for window in _windows(path)]


def measure() -> Section:
    shared = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[2] / "shared"))
    folder = shared / "data" / "mobgap_example"
    if not folder.is_dir():
        return Section("Forward from steps", "Not measured: set UPSTAND_SHARED to the folder of the recordings.", [])
    windows = windows_of(folder)
    rows = [
        (f"{person} {trial}, {len(list(part))} runs", _row(part))
        for (person, trial), group in groupby(windows, key=lambda one: (one.person, one.trial))
        if (part := list(group))
    ]
    told = [one.told for one in windows if one.told is not None]
    left_deg = np.array([one.left_deg for one in told])
    stated_deg = np.array([one.error_deg for one in told])
    rows.append(
        (
            "all, against how the sensor was put on",
            f"RMSE {_rms(left_deg):.1f}°, stated {_rms(stated_deg):.1f}°; {len(told)} of {len(windows)} runs told, "
            f"{sum(one.is_onward for one in told)} of them the right way round",
        )
    )
    return Section(
        "Forward from steps",
        "Runs of 6 to 8 steps of straight walks of the mobgap example (one sensor on the lower back; two people, one "
        "with multiple sclerosis): how far to the left of the sensor's own forward they face. Nobody measured how far "
        "aside each sensor was put on, so the difference between two walks of one person tells more than the level.",
        rows,
    )


def _row(part: Sequence[Window]) -> str:
    told = [one.told for one in part if one.told is not None]
    left_deg = np.array([one.left_deg for one in told])
    stated_deg = np.array([one.error_deg for one in told])
    return f"{left_deg.mean():+.1f} ± {left_deg.std():.1f}°, stated {_rms(stated_deg):.1f}°"


def _windows(path: Path) -> Iterator[Window]:
    with np.load(path) as arrays:
        held = {name: arrays[name] for name in arrays.files}
    trials = sorted(
        name.removesuffix("_ic_s") for name in held if name.startswith(_STRAIGHT) and name.endswith("_ic_s")
    )
    quiet = {}
    moves = {}
    for trial in trials:
        history, t = _history(held, trial)
        contacts_s = held[f"{trial}_ic_s"]
        moves[trial] = history, contacts_s[np.isfinite(contacts_s)]
        starts_s = np.arange(float(t[0]) + 0.3, float(contacts_s[0]) - 1.4, 0.1)
        quiet[trial] = min((history.span(at, at + _QUIET_S) for at in starts_s.tolist()), key=_unrest)
    # One walk begins without a pause, so what its gyroscope reads at rest is that of the person's quietest second.
    still = np.median(min(quiet.values(), key=_unrest).gyr, axis=0)
    for trial, (history, contacts_s) in moves.items():
        up = quaternion.normalise(quiet[trial].acc.mean(axis=0))
        forward = quaternion.normalise(np.array([0.0, 0.0, 1.0]) - up[2] * up)
        for steps in STEPS:
            for first_s, last_s in zip(contacts_s[:-steps], contacts_s[steps:], strict=True):
                walk = history.span(float(first_s) - _MARGIN_S, float(last_s) + _MARGIN_S)
                yield Window(path.stem, trial, steps, _told(walk, forward, still))


def _told(walk: Movement, forward: Floats, still: Floats) -> Walked | None:
    try:
        return walked(Segment.PELVIS, walk, forward, still)
    except PostureError:
        return None


def _history(held: dict[str, Floats], trial: str) -> tuple[History, Floats]:
    acc = held[f"{trial}_acc_g"].astype(np.float64) * GRAVITY
    gyr = np.radians(held[f"{trial}_gyr_dps"].astype(np.float64))
    t = np.arange(len(acc)) / float(held["fs_hz"])
    stream, history = Stream(Segment.PELVIS), History()
    stream.take(SampleBlock("s", "back", Segment.PELVIS, 0, t, acc, gyr))
    for part in stream.turned(is_over=True):
        history.feed(part)
    return history, t


def _unrest(movement: Movement) -> float:
    return float(quaternion.norm(movement.gyr.std(axis=0)))


def _rms(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2)))
