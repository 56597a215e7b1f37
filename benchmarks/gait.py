"""`python -m benchmarks.gait --data DIR --json FILE`: steps and cadence against a reference, with what ships.

One sensor on the lower back, through the pipeline's own filter, grid and gait core. A bout is the reference's; the
movement from a second before it to a second after is looked at, and the contacts that lie in it, or no further outside
than matching allows, are scored. A contact is found if it is the nearest one within TOLERANCE_S, one to one.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from analysis import quaternion
from analysis.align import Aligner
from analysis.errors import PostureError
from analysis.gait.contacts import Contacts, contacts_of
from analysis.gait.measures import cadence_spm
from analysis.gait.track import Track, tracks_of
from analysis.metrics import pitch_deg, roll_deg
from analysis.model import (
    GRAVITY,
    GRID_HZ,
    CalibrateRequest,
    Event,
    Floats,
    Input,
    Pose,
    SampleBlock,
    Segment,
    SessionEnd,
    Stance,
)
from analysis.mounting import Mountings
from analysis.pipeline import Pipeline, PipelineSettings
from analysis.streams import Stream
from benchmarks.gait_peers import PEERS
from benchmarks.report import Section
from hardware.twin.moves import Hold, Walk, step_length_m
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer

TOLERANCE_S = 0.25
TIGHT_S = 0.1
_MARGIN_S = 1.0
_EDGE_S = 0.25
_STRAIGHT = "Test5"  # the others are daily activities
# The files' axes, x up, y right, z forward: as a segment's forward, left and up see them.
_MOUNTING = quaternion.from_axes(np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0]))

Finder = Callable[[Track], Floats]  # contacts (n,) s


@dataclass(frozen=True, slots=True)
class Bout:
    """One walking bout of the reference."""

    name: str  # of the recording
    start_s: float
    end_s: float
    cadence_spm: float
    contacts_s: Floats  # (n,)
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How one way to find contacts did on one bout."""

    bout: Bout
    contacts_s: Floats  # (n,) found
    off_s: Floats  # (k,) found less true, of those matched within TOLERANCE_S
    tight: int  # matched within TIGHT_S
    cadence_error_spm: float  # NaN without a stride


def bouts_of(folder: Path) -> list[Bout]:
    """Every bout of the reference in a folder of the mobgap_example format. Raises PostureError without any."""
    bouts = [bout for path in sorted(folder.glob("*.npz")) for bout in _bouts(path)]
    if not bouts:
        raise PostureError(f"{folder} holds no walking bouts to use; give the folder of a mobgap_example data set.")
    return bouts


def _bouts(path: Path) -> list[Bout]:
    try:
        with np.load(path) as arrays:
            held = {name: arrays[name] for name in arrays.files}
        rate_hz = float(held["fs_hz"])
        names = [name.removesuffix("_bouts") for name in held if name.endswith("_bouts")]
        return [bout for name in names for bout in _of_trial(f"{path.stem} {name}", name, held, rate_hz)]
    except (KeyError, ValueError, OSError, BadZipFile) as error:
        raise PostureError(f"{path.name} cannot be read ({error}); replace or remove it.") from error


def _of_trial(title: str, name: str, held: dict[str, Floats], rate_hz: float) -> list[Bout]:
    acc, gyr = held[f"{name}_acc_g"].astype(np.float64), held[f"{name}_gyr_dps"].astype(np.float64)
    poses = _poses(np.arange(len(acc)) / rate_hz, acc * GRAVITY, np.radians(gyr))
    contacts = held[f"{name}_ic_s"]
    bouts = []
    for start_s, end_s, cadence in held[f"{name}_bouts"][:, :3].astype(np.float64).tolist():
        first, end = (math.floor(at_s * GRID_HZ) for at_s in (start_s - _MARGIN_S, end_s + _MARGIN_S))
        true = contacts[(contacts >= start_s - 0.02) & (contacts <= end_s + 0.02)]  # the bounds are rounded
        bouts.append(Bout(title, start_s, end_s, cadence, true, tuple(tracks_of(poses, max(first, 0), end))))
    return bouts


def _poses(t: Floats, acc: Floats, gyr: Floats) -> list[Pose]:
    """As the pipeline makes them of one calibrated sensor on the pelvis."""
    stream, aligner, mountings = Stream(Segment.PELVIS), Aligner(), Mountings()
    stream.take(SampleBlock("s", "back", Segment.PELVIS, 0, t, acc, gyr))
    mountings.put(Segment.PELVIS, -1.0, _MOUNTING)
    aligner.take(stream.turned(is_over=True))
    return [mountings.applied(pose) for pose in aligner.flush()]


def score(bout: Bout, find: Finder) -> Score:
    found = np.concatenate([np.empty(0), *(find(track) for track in bout.tracks)])
    found = found[(found >= bout.start_s - _EDGE_S) & (found <= bout.end_s + _EDGE_S)]
    cadence = cadence_spm(Contacts(found, np.zeros(len(found), np.bool_)))
    off_s = matched(found, bout.contacts_s, TOLERANCE_S)
    tight = len(matched(found, bout.contacts_s, TIGHT_S))
    return Score(bout, found, off_s, tight, cadence - bout.cadence_spm)


def matched(found: Floats, true: Floats, tolerance_s: float) -> Floats:
    """Found less true (k,) s of the pairs within the tolerance, nearest first, each used once."""
    apart = np.abs(found[:, None] - true[None])
    pairs = np.argwhere(apart <= tolerance_s)
    taken: list[tuple[int, int]] = []
    for i, j in sorted(pairs.tolist(), key=lambda pair: float(apart[pair[0], pair[1]])):
        if all(i != a and j != b for a, b in taken):
            taken.append((i, j))
    return np.array([found[i] - true[j] for i, j in taken])


def ours(track: Track) -> Floats:
    return contacts_of(track).t


def figures(scores: Sequence[Score]) -> dict[str, float | dict[str, float | None] | None]:
    """What the command writes."""
    return {
        "cadence_mae": cadence_mae(scores),
        "initial_contacts": {"recall": _share(scores, true=True), "precision": _share(scores, true=False)},
    }


def cadence_mae(scores: Sequence[Score]) -> float:
    """Mean absolute error in steps a minute over bouts; one without a stride is wrong by the whole of its cadence."""
    errors = [
        one.bout.cadence_spm if math.isnan(one.cadence_error_spm) else abs(one.cadence_error_spm) for one in scores
    ]
    return float(np.mean(errors))


def _share(scores: Sequence[Score], *, true: bool, is_tight: bool = False) -> float | None:
    """Of the true contacts, or of those told, how many are matched; None where there are none."""
    hits = sum(one.tight if is_tight else len(one.off_s) for one in scores)
    total = sum(len(one.bout.contacts_s if true else one.contacts_s) for one in scores)
    return hits / total if total else None


def _told(scores: Sequence[Score]) -> str:
    off_ms = 1000.0 * np.concatenate([one.off_s for one in scores])
    shares = [_share(scores, true=true, is_tight=is_tight) for is_tight in (False, True) for true in (True, False)]
    recall, precision, tight_recall, tight_precision = ("none" if one is None else f"{one:.3f}" for one in shares)
    timing = f"{off_ms.mean():+.0f} ± {off_ms.std():.0f} ms" if len(off_ms) else "no contact matched"
    return (
        f"cadence {cadence_mae(scores):.2f} steps/min; contacts within {TOLERANCE_S:g} s recall {recall}, "
        f"precision {precision}; within {TIGHT_S:g} s {tight_recall}, {tight_precision}; {timing}"
    )


def measure() -> list[Section]:
    """Ours and the published formulas on recorded people, and every measure on the simulated wearer."""
    folder = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "mobgap_example"
    sections = [_simulated()]
    if folder.is_dir():
        sections.insert(0, _recorded(bouts_of(folder)))
    else:
        sections.insert(0, Section("Gait", "Not measured: set UPSTAND_SHARED to the folder of the recordings.", []))
    return sections


def _recorded(bouts: Sequence[Bout]) -> Section:
    from benchmarks.skdh_peers import contacts_s  # only `make bench` has installed it

    rows = []
    for name, find in {"ours": ours, **PEERS, "scikit-digital-health": contacts_s}.items():
        scores = [score(bout, find) for bout in bouts]
        rows.append((name, _told(scores)))
        straight = [one for one in scores if _STRAIGHT in one.bout.name]
        daily = [one for one in scores if _STRAIGHT not in one.bout.name]
        rows += [(f"{name}, {kind}", _told(part)) for kind, part in (("straight", straight), ("daily", daily)) if part]
    own = float(np.mean([abs(_own_cadence_spm(bout) - bout.cadence_spm) for bout in bouts]))
    rows.append(("the reference's own contacts", f"{own:.2f} steps/min from the cadence that it gives beside them"))
    how = (
        f"{len(bouts)} walking bouts of the mobgap example (Mobilise-D, one sensor on the lower back; two people, one "
        "with multiple sclerosis), whose contacts the parameters were chosen on. Cadence: mean absolute error. "
        "Timing is found less true. The published formulas are coded here, on the same movement."
    )
    return Section("Gait: steps and cadence", how, rows)


def _own_cadence_spm(bout: Bout) -> float:
    t = bout.contacts_s
    return cadence_spm(Contacts(t, np.zeros(len(t), np.bool_)))


def _simulated() -> Section:
    """Four wearers at four paces, 80 s each, round corners."""
    rows = []
    for seed, pace in ((1, 84.0), (2, 96.0), (3, 108.0), (4, 122.0)):
        wearer = Wearer(of_moves("a walk", Hold(20.0), Walk(80.0, cadence_spm=pace), Hold(10.0)), seed)
        height_m = wearer.body.standing_hip_m / 0.53
        pipeline = Pipeline(PipelineSettings(height_m=height_m))
        quiet = CalibrateRequest(2.0, 8.0, Stance.STANDING)
        end_s = wearer.script.end_s
        outputs = pipeline.feed(quiet, *_samples(wearer), SessionEnd(end_s))
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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder in the format of mobgap_example")
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    given = parser.parse_args(arguments)
    try:
        bouts = bouts_of(given.data)
    except PostureError as error:
        parser.error(str(error))
    scores = [score(bout, ours) for bout in bouts]
    given.json.write_text(json.dumps(figures(scores), indent=2) + "\n", encoding="utf-8")
    print(f"{_told(scores)} ({len(bouts)} bouts)")


if __name__ == "__main__":
    main()
