"""Gait of the simulated wearer against the truth, and of two modelled feet whose contacts are known."""

from __future__ import annotations

import numpy as np

from analysis import quaternion
from analysis.gait.contacts import Contacts
from analysis.gait.final_contacts import support_of
from analysis.gait.measures import cadence_spm
from analysis.gait.track import Track
from analysis.metrics import pitch_deg, roll_deg
from analysis.model import (
    GRAVITY,
    GRID_HZ,
    CalibrateRequest,
    Event,
    Input,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.pipeline import Pipeline, PipelineSettings
from benchmarks.report import Section
from hardware.twin.moves import Hold, Walk, step_length_m
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer

_PACES_SPM = (40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 110.0, 120.0, 130.0, 140.0)
_LIMP = 0.25  # rad of the stride: steps of 0.42 and 0.58 of it
_SHORT_S = 18.0
_QUIET = CalibrateRequest(2.0, 8.0, Stance.STANDING)


def simulated() -> list[Section]:
    return [_measures(), _paces(), _feet()]


def _measures() -> Section:
    """Four wearers at four paces, 80 s each, round corners."""
    rows = []
    for seed, pace in ((1, 84.0), (2, 96.0), (3, 108.0), (4, 122.0)):
        wearer = Wearer(of_moves("a walk", Hold(20.0), Walk(80.0, cadence_spm=pace), Hold(10.0)), seed)
        height_m = wearer.body.standing_hip_m / 0.53
        pipeline = Pipeline(PipelineSettings(height_m=height_m))
        end_s = wearer.script.end_s
        outputs = pipeline.feed(_QUIET, *_samples(wearer), SessionEnd(end_s))
        walk = next(output for output in outputs if isinstance(output, Event) and output.kind == "gait")
        true = {"cadence_spm": pace, "step_length_m": step_length_m(pace), **_true_ranges_deg(wearer, walk)}
        told = ", ".join(f"{name} {walk.values[name]:.2f} (true {value:.2f})" for name, value in true.items())
        rows.append((f"wearer {seed}, {pace:g} steps/min", told))
    return Section("Gait: a simulated wearer against the truth", "The first minute of each walk.", rows)


def _true_ranges_deg(wearer: Wearer, walk: Event) -> dict[str, float]:
    """What the pelvis really did from end to end within a stride, median over the strides of a walk."""
    contacts = wearer.contacts(walk.end_s or wearer.script.end_s)
    ranges = []
    for start_s, end_s in zip(contacts[:-2], contacts[2:], strict=True):
        q = wearer.truth(np.linspace(start_s, end_s, 101)).q[Segment.PELVIS]
        facing = quaternion.rotate(q, np.array([1.0, 0.0, 0.0]))
        heading = np.degrees(np.unwrap(np.arctan2(facing[:, 1], facing[:, 0])))
        heading -= np.linspace(heading[0], heading[-1], len(heading))
        ranges.append([float(np.ptp(angle)) for angle in (heading, roll_deg(q), pitch_deg(q))])
    return dict(zip(("rotation_deg", "obliquity_deg", "tilt_deg"), np.median(ranges, axis=0).tolist(), strict=True))


def _samples(wearer: Wearer) -> list[Input]:
    blocks: list[Input] = []
    for segment in Segment:
        source = wearer.source(segment)
        counts = source.read(0.0, wearer.script.end_s)
        raw = counts.counts.astype(np.float64)
        acc, gyr = raw[:, :3] * source.acc_scale, raw[:, 3:] * source.gyr_scale
        blocks.append(SampleBlock("walk", f"twin-{segment}", segment, 0, counts.t, acc, gyr))
    return blocks


def _paces() -> Section:
    """Short walks round the corners of a rectangle, three people at each pace."""
    rows = [(f"{pace:g} steps/min", _short(pace, 0.0)) for pace in _PACES_SPM]
    rows += [(f"{pace:g} steps/min, limping", _short(pace, _LIMP)) for pace in (50.0, 70.0, 100.0)]
    how = (
        f"Walks of {_SHORT_S:g} s with corners, by the whole pipeline; who limps takes steps of 0.42 and 0.58 of a "
        "stride. Below 70 steps/min the activity says standing. Chosen on them: how much force in a second of standing "
        "is looked at, and that the step time goes by sway to the other side, too."
    )
    return Section("Gait: cadence of simulated short walks", how, rows)


def _short(pace_spm: float, limp: float) -> str:
    errors, missed, added = [], 0, 0
    for seed in (1, 2, 3):
        walk = Walk(_SHORT_S, cadence_spm=pace_spm, limp=limp)
        wearer = Wearer(of_moves("a walk", Hold(20.0), walk, Hold(8.0)), seed)
        end_s = wearer.script.end_s
        outputs = Pipeline(PipelineSettings()).feed(_QUIET, *_samples(wearer), SessionEnd(end_s))
        walks = [one for one in outputs if isinstance(one, Event) and one.kind == "gait"]
        true = wearer.contacts(end_s)
        steps = sum(int(one.values["steps"] or 0) for one in walks)
        missed, added = missed + max(len(true) - steps, 0), added + max(steps - len(true), 0)
        told = [float(one.values["cadence_spm"]) for one in walks if one.values["cadence_spm"] is not None]
        true_spm = cadence_spm(Contacts(true, np.zeros(len(true), np.bool_)))
        errors += [abs(told[0] - true_spm)] if told else []
    mean = f"off by {np.mean(errors):.2f} steps/min" if errors else "not told"
    return f"{mean}, told of {len(errors)} of 3; steps missed {missed}, added {added}"


def _feet() -> Section:
    rows = []
    for duty in (0.58, 0.62, 0.66, 0.70):
        told = [support_of(*two_feet(step_s, duty), np.arange(2, 26)) for step_s in (0.5, 0.6, 0.75)]
        shown = [f"{one.stance_percent:.1f} %" for one in told if one is not None]
        rows.append((f"{100 * duty:.0f} % of the stride", f"told {', '.join(shown)} at 120, 100 and 80 steps/min"))
    how = (
        "Stance by the force of two modelled feet (Alexander & Jayes 1980). Such a force is symmetric about the middle "
        "of double support, so that half of what that changes shows: good for comparing people with themselves."
    )
    return Section("Gait: stance of two modelled feet", how, rows)


def two_feet(step_s: float, duty: float, shape: float = 0.4, steps: int = 30) -> tuple[Track, Contacts]:
    """The upward force of two feet, each on the ground for the share `duty` of the stride, and when they touch it.

    Alexander & Jayes, J Biomech 1980;13:383: cos − shape · cos of three times that, over the time of stance.
    """
    stance_s = 2 * duty * step_s
    t = np.arange(round((steps * step_s + 4.0) * GRID_HZ)) / GRID_HZ
    size = np.pi * GRAVITY / (4 * duty * (1 + shape / 3))
    contacts = np.linspace(2.0, 2.0 + step_s * (steps - 1), steps)
    force = np.zeros_like(t)
    for contact in 2.0 + step_s * np.arange(-6, steps + 5):
        share = (t - contact) / stance_s - 0.5
        pushed = size * (np.cos(np.pi * share) - shape * np.cos(3 * np.pi * share))
        force += np.where(np.abs(share) <= 0.5, pushed, 0.0)
    nothing = np.zeros_like(force)
    return Track(Segment.PELVIS, 0, force - GRAVITY, *[nothing] * 5), Contacts(contacts, np.arange(steps) % 2 == 0)
