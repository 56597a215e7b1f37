"""On which side simulated people lie, by both sensors and by either alone, and what turning over is taken for.

Each of them lies down, turns over to every side and back, up to 25° off its middle, gets up, and does so again. What
was told is held against how the pelvis really lay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis import quaternion
from analysis.detectors.lying import KIND
from analysis.lying_position import LyingPosition, away_deg, nearest, turned_deg
from analysis.model import Activity, CalibrateRequest, Event, Floats, Input, SampleBlock, Segment, SessionEnd, Stance
from analysis.pipeline import Pipeline, PipelineSettings
from benchmarks.report import Section
from hardware.twin.moves import GetUp, Hold, LieDown, Move, Rise, RollOver, SitDown
from hardware.twin.posture import LIE, SIT_EDGE
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer

PEOPLE = 20
WORN = {"both sensors": tuple(Segment), "pelvis alone": (Segment.PELVIS,), "lumbar alone": (Segment.LUMBAR,)}
_SIDES_DEG = (0.0, 90.0, 180.0, -90.0)
_OFF_DEG = 25.0  # uniform, so at least 20° from any edge
_STEP_S = 0.5
_LASTS_S = 10.0  # a true position that is held so long is to be told
_UNTOLD = np.array([None, str(LyingPosition.UNKNOWN)], dtype=object)
_UPS = ("rise", "sit_to_stand", "stand_to_sit", "lie_to_sit", "sit_to_lie")


@dataclass(frozen=True, slots=True)
class Night:
    """One person in bed, as it was and as it was told."""

    lain_s: float  # of the true positions that were held
    right_s: float
    unknown_s: float  # told as unknown, or not at all
    turns: int  # from one held position to another
    ups_in_turns: int  # rises and the like told while the wearer lay
    rises: int
    told_rises: int


def people(count: int = PEOPLE) -> Iterator[Wearer]:
    for seed in range(1, count + 1):
        rng = np.random.default_rng((seed, 40))
        moves: list[Move] = [Hold(16.0), SitDown()]
        for _ in range(2):
            moves += [Hold(8.0), *_in_bed(rng)]
        yield Wearer(of_moves("in bed", *moves, Hold(8.0), Rise(), Hold(8.0)), seed)


def _in_bed(rng: np.random.Generator) -> list[Move]:
    sides = [float(side + rng.uniform(-_OFF_DEG, _OFF_DEG)) for side in rng.permutation(np.tile(_SIDES_DEG, 2))]
    elbow, turn = float(rng.uniform(0.0, 25.0)), int(rng.choice((-1, 1)))
    moves: list[Move] = [LieDown(LIE.vary(rng, 6.0), float(rng.uniform(2.0, 5.0)), sides[0], turn, elbow)]
    for side in sides[1:]:
        posture = LIE.vary(rng, 6.0)
        moves += [Hold(float(rng.uniform(12.0, 40.0))), RollOver(side, posture, float(rng.uniform(1.2, 4.0)))]
    return [*moves, Hold(20.0), GetUp(SIT_EDGE.vary(rng, 3.0), float(rng.uniform(2.0, 4.5)), -turn, elbow)]


def told_by(wearer: Wearer, segments: Sequence[Segment], *, is_calibrated: bool = True) -> list[Event]:
    """The events, each as it was told last."""
    end_s = wearer.script.end_s
    asked: list[Input] = [CalibrateRequest(2.0, 8.0, Stance.STANDING)] if is_calibrated else []
    outputs = Pipeline(PipelineSettings()).feed(*asked, *_samples(wearer, segments), SessionEnd(end_s))
    last = {(one.kind, one.start_s): one for one in outputs if isinstance(one, Event)}
    return list(last.values())


def _samples(wearer: Wearer, segments: Sequence[Segment]) -> Iterator[SampleBlock]:
    for segment in segments:
        source = wearer.source(segment)
        counts = source.read(0.0, wearer.script.end_s)
        raw = counts.counts.astype(np.float64)
        acc, gyr = raw[:, :3] * source.acc_scale, raw[:, 3:] * source.gyr_scale
        yield SampleBlock("night", f"twin-{segment}", segment, 0, counts.t, acc, gyr)


def held_against(wearer: Wearer, events: Sequence[Event]) -> Night:
    t, true = _held(wearer)
    told = np.full(len(t), None, dtype=object)
    for event in events:
        if event.kind == KIND and event.end_s is not None:
            told[(t >= event.start_s) & (t < event.end_s)] = event.values["position"]
    is_held = np.array([one is not None for one in true])
    is_right = is_held & (true == told)
    lain = [one for one in events if one.kind == "lying" and one.end_s is not None]
    ups = [
        event
        for event in events
        for bout in lain
        if event.kind in _UPS and bout.start_s + 5.0 < event.start_s < (bout.end_s or 0.0) - 5.0
    ]
    runs = [str(one) for one in true if one is not None]
    return Night(
        lain_s=_STEP_S * int(is_held.sum()),
        right_s=_STEP_S * int(is_right.sum()),
        unknown_s=_STEP_S * int((is_held & np.isin(told, _UNTOLD)).sum()),
        turns=sum(a != b for a, b in pairwise(runs)),
        ups_in_turns=len(ups),
        rises=len(wearer.rises(wearer.script.end_s)),
        told_rises=sum(event.kind == "rise" for event in events),
    )


def _held(wearer: Wearer) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.object_]]]:
    """Every half second, and the position that the pelvis held then for long enough; None in between."""
    t = np.arange(0.0, wearer.script.end_s, _STEP_S)
    truth = wearer.truth(t)
    up = quaternion.up_in_body(truth.q[Segment.PELVIS])
    turned = [turned_deg(x, y) for x, y, _ in up.tolist()]
    lies = truth.activity == Activity.LYING
    now = [
        str(nearest(one)) if lying and away_deg(one, nearest(one)) < 45.0 else ""
        for one, lying in zip(turned, lies, strict=True)
    ]
    held = np.full(len(t), None, dtype=object)
    edges = [0, *(k for k in range(1, len(now)) if now[k] != now[k - 1]), len(now)]
    for a, b in pairwise(edges):
        if now[a] and (b - a) * _STEP_S >= _LASTS_S:
            held[a:b] = now[a]
    return t, held


def measure() -> Section:
    everyone = list(people())
    rows = []
    for name, segments in WORN.items():
        rows.append((name, _line([held_against(one, told_by(one, segments)) for one in everyone])))
    blind = [held_against(one, told_by(one, tuple(Segment), is_calibrated=False)) for one in everyone[:3]]
    rows.append(("not calibrated", _line(blind)))
    how = (
        f"{PEOPLE} simulated people, calibrated once by 8 s of standing, lie down twice each and turn over to every "
        f"side, up to {_OFF_DEG:.0f}° off its middle. Of the half seconds of positions held {_LASTS_S:.0f} s or more."
    )
    return Section("On which side somebody lies", how, rows)


def _line(nights: Sequence[Night]) -> str:
    lain, right, unknown = (sum(getattr(one, name) for one in nights) for name in ("lain_s", "right_s", "unknown_s"))
    turns, ups = sum(one.turns for one in nights), sum(one.ups_in_turns for one in nights)
    rises, told = sum(one.rises for one in nights), sum(one.told_rises for one in nights)
    return (
        f"right {100 * right / lain:.1f} %, unknown {100 * unknown / lain:.1f} %, wrong "
        f"{100 * (lain - right - unknown) / lain:.1f} % of {lain / 60:.0f} min; {turns} turns in bed, "
        f"taken for a rise or getting up: {ups}; rises {told} told of {rises}"
    )
