"""Sensors that do not stay where they were put: whether a slip is found and mended, and a slow drift followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.model import (
    CalibrateRequest,
    CalibrationKind,
    Event,
    Floats,
    Output,
    PostureFrame,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.slips import KIND
from benchmarks.report import Section
from benchmarks.worn_askew import Creep, slip, worn_askew
from hardware.twin.moves import Hold, Move, Rise, SitDown, Walk
from hardware.twin.script import Script, of_moves, sitting
from hardware.twin.wearer import Wearer

SIZES_DEG = (5.0, 8.0, 12.0, 18.0, 25.0)
WEARERS = 8  # per size, half of them with a slip of the lumbar sensor
DRIFT_DEG, DRIFT_S = 3.0, 7200.0
DRIFTERS = 4
_FIRST_SEED = 300
_QUIET = CalibrateRequest(2.0, 9.0, Stance.STANDING)
_TILT = {Segment.PELVIS: "pelvic_tilt", Segment.LUMBAR: "trunk_lean"}
_BEFORE = (Hold(15.0), Walk(40.0), Hold(5.0), SitDown(), Hold(30.0))
_AFTER = (Rise(), Hold(5.0), Walk(45.0), Hold(25.0), SitDown(), Hold(60.0))
_SLIP_S = 75.0
_WALK_S = sum(move.duration_s for move in (*_BEFORE, *_AFTER[:2]))
_TALL = CalibrateRequest(_WALK_S + 55.0, 6.0, Stance.STANDING, CalibrationKind.TALL)


@dataclass(frozen=True, slots=True)
class Worn:
    """One wearer's day as the pipeline told it."""

    t: Floats
    error_deg: Floats  # (n,) of the inclination of the segment whose sensor moves
    events: tuple[Event, ...]

    def rms(self, start_s: float, end_s: float) -> float:
        chosen = (self.t >= start_s) & (self.t < end_s) & np.isfinite(self.error_deg)
        return float(np.sqrt(np.mean(self.error_deg[chosen] ** 2)))

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


def measure() -> Section:
    rows = [(f"slip of {size_deg:.0f}°", _slip_row(size_deg)) for size_deg in SIZES_DEG]
    rows += [("no slip at all", _no_slip_row()), *_drift_rows(), ("two hours of sitting, 3° of drift", _sitting_row())]
    return Section(
        "Sensors that slip or creep",
        f"Simulated wearers, half with a pelvis, half with a lumbar sensor that moves, in a random direction. A slip "
        f"comes while the wearer sits; then they walk for 45 s, stand tall when asked, and sit. A drift of "
        f"{DRIFT_DEG:.0f}° takes {DRIFT_S / 3600:.0f} h of desk work with 45 s of walking every quarter of an hour. "
        "Errors are RMSE of that segment's inclination forward.",
        rows,
    )


def _slip_row(size_deg: float) -> str:
    worn = []
    for number in range(WEARERS):
        segment, rng = list(Segment)[number % 2], np.random.default_rng((number, 73))
        direction = rng.uniform(0.0, 2 * np.pi)
        creep = slip(_SLIP_S, size_deg * np.cos(direction), size_deg * np.sin(direction))
        script = of_moves("slipping", *_BEFORE, *_AFTER)
        worn.append(_lived(script, _FIRST_SEED + number, segment, creep, _TALL))
    found = [one for one in worn if one.told(KIND)]
    if not found:
        return f"told in 0 of {WEARERS}"
    most = max(len(one.told(KIND)) for one in worn)
    mended = [one for one in found if one.told("calibrated")[1:]]
    after_s = _TALL.start_s + _TALL.duration_s
    late_s = np.median([(one.told(KIND)[0].end_s or 0.0) - _WALK_S for one in found])
    wrong = _mean([one.rms(_SLIP_S + 1.0, _TALL.start_s) for one in found])
    right = [one.rms(after_s, np.inf) for one in mended]
    return (
        f"told in {len(found)} of {WEARERS}, at most {most} × each, {late_s:.0f} s after walking began; mended "
        f"{len(mended)}; error {wrong:.2f}° from the slip on, {_mean(right):.2f}° once mended (worst {max(right):.2f}°)"
    )


def _no_slip_row() -> str:
    script = of_moves("slipping", *_BEFORE, *_AFTER)
    worn = [_lived(script, _FIRST_SEED + number, Segment.PELVIS, None) for number in range(WEARERS)]
    return f"told in {sum(bool(one.told(KIND)) for one in worn)} of {WEARERS}"


def _drift_rows() -> list[tuple[str, str]]:
    rows = []
    for name, drift_deg in ((f"{DRIFT_DEG:.0f}° of drift in 2 h", DRIFT_DEG), ("no drift in 2 h", 0.0)):
        worn, unfollowed = [], []
        for number in range(DRIFTERS):
            segment, sign = list(Segment)[number % 2], (-1) ** (number // 2)
            creep = Creep(0.0, DRIFT_S, sign * drift_deg)
            one = _lived(_desk(number), _FIRST_SEED + number, segment, creep)
            worn.append(one)
            unfollowed.append(Worn(one.t, one.error_deg + _corrected_deg(one, segment), ()))
        steps = sum(len(one.told("corrected")) for one in worn) / DRIFTERS
        whole, last = ([one.rms(start_s, np.inf) for one in worn] for start_s in (20.0, DRIFT_S - 1800.0))
        without, at_last = ([one.rms(start_s, np.inf) for one in unfollowed] for start_s in (20.0, DRIFT_S - 1800.0))
        slips = sum(bool(one.told(KIND)) for one in worn)
        told = (
            f"{_mean(whole):.2f}° (without corrections {_mean(without):.2f}°), in the last half hour "
            f"{_mean(last):.2f}° ({_mean(at_last):.2f}°); {steps:.1f} corrections a wearer, {slips} slips told"
        )
        rows.append((name, told))
    return rows


def _sitting_row() -> str:
    rng = np.random.default_rng(74)
    script = of_moves("sitting", Hold(15.0), Walk(40.0), SitDown(), *sitting(rng, DRIFT_S))
    worn = [
        _lived(script, _FIRST_SEED + number, segment, Creep(60.0, DRIFT_S, DRIFT_DEG))
        for number, segment in enumerate(Segment)
    ]
    learned = sum(len(one.told("corrected")) + len(one.told(KIND)) for one in worn)
    return f"{learned} corrections or slips told"


def _desk(number: int) -> Script:
    rng = np.random.default_rng((number, 75))
    moves: list[Move] = [Hold(15.0), Walk(40.0)]
    while sum(move.duration_s for move in moves) < DRIFT_S:
        moves += [SitDown(), *sitting(rng, 840.0), Rise(), Hold(3.0), Walk(45.0), Hold(3.0)]
    return of_moves("desk", *moves)


def _lived(script: Script, seed: int, segment: Segment, creep: Creep | None, *asked: CalibrateRequest) -> Worn:
    wearer = Wearer(script, seed)
    whole = worn_askew(wearer, {} if creep is None else {segment: creep})
    outputs = Pipeline(PipelineSettings()).feed(_QUIET, *asked, *whole, SessionEnd(script.end_s))
    return _worn(wearer, segment, outputs)


def _worn(wearer: Wearer, segment: Segment, outputs: Sequence[Output]) -> Worn:
    frames = [one for one in outputs if isinstance(one, PostureFrame)]
    t = np.concatenate([frame.t for frame in frames])
    found = np.concatenate([frame.values[_TILT[segment]] for frame in frames])
    truth = wearer.truth(t)
    true = truth.pelvic_tilt_deg - (truth.lumbar_lordosis_deg if segment is Segment.LUMBAR else 0.0)
    error = (found - true + 180.0) % 360.0 - 180.0
    return Worn(t, error, tuple(one for one in outputs if isinstance(one, Event)))


def _corrected_deg(one: Worn, segment: Segment) -> Floats:
    """(n,) What the corrections have taken away by then."""
    total = np.zeros(len(one.t))
    for event in one.told("corrected"):
        turned = event.values.get(f"{segment}_forward_deg", 0.0)
        if isinstance(turned, float) and event.end_s is not None:
            total[one.t > event.end_s] += turned
    return total


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
