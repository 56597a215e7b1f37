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
from analysis.gait.final_contacts import Support, support_of
from analysis.gait.measures import cadence_spm, strides_of
from analysis.gait.track import Track, tracks_of
from analysis.model import (
    GRAVITY,
    GRID_HZ,
    Floats,
    Pose,
    SampleBlock,
    Segment,
)
from analysis.mounting import Mountings
from analysis.streams import Stream
from benchmarks.gait_peers import PEERS
from benchmarks.gait_simulated import simulated
from benchmarks.report import Section

TOLERANCE_S = 0.25
TIGHT_S = 0.1
_MARGIN_S = 1.0
_EDGE_S = 0.25
_AGREE_SPM = 0.05
_STRAIGHT = "Test5"  # the others are daily activities
# The files' axes, x up, y right, z forward: as a segment's forward, left and up see them.
_MOUNTING = quaternion.from_axes(np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0]))

Finder = Callable[[Track], Contacts]


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
    span_s = bout.start_s - _EDGE_S, bout.end_s + _EDGE_S
    told = [find(track).between(*span_s) for track in bout.tracks]
    found = np.concatenate([np.empty(0), *(one.t for one in told)])
    cadence = cadence_spm(told[0] if len(told) == 1 else at_times(found))
    off_s = matched(found, bout.contacts_s, TOLERANCE_S)
    tight = len(matched(found, bout.contacts_s, TIGHT_S))
    return Score(bout, found, off_s, tight, cadence - bout.cadence_spm)


def matched(found: Floats, true: Floats, tolerance_s: float) -> Floats:
    """Found less true (k,) s of the pairs within the tolerance."""
    return np.array([found[i] - true[j] for i, j in _paired(found, true, tolerance_s)])


def _paired(found: Floats, true: Floats, tolerance_s: float) -> list[tuple[int, int]]:
    """Which found one belongs to which true one: nearest first, each used once."""
    apart = np.abs(found[:, None] - true[None])
    pairs = np.argwhere(apart <= tolerance_s)
    taken: list[tuple[int, int]] = []
    for i, j in sorted(pairs.tolist(), key=lambda pair: float(apart[pair[0], pair[1]])):
        if all(i != a and j != b for a, b in taken):
            taken.append((i, j))
    return taken


def at_times(t: Floats) -> Contacts:
    """Contacts of which nothing else is known."""
    return Contacts(t, np.zeros(len(t), np.bool_))


def _double_support(bouts: Sequence[Bout]) -> list[tuple[str, str]]:
    """Nobody gives the truth of it here: healthy adults have 20 to 25 % at 1 m/s, and more at a slower pace."""
    told = []
    for person in dict.fromkeys(_person(bout) for bout in bouts):
        for kind, is_straight in (("straight", True), ("daily", False)):
            some = [one for one in bouts if _person(one) == person and (_STRAIGHT in one.name) is is_straight]
            found = [one.double_support_percent for bout in some for one in _supports(bout)]
            shown = f"{np.mean(found):.0f} % of the stride" if found else "not clear"
            told.append((f"{person}, {kind}", f"{shown}, told of {len(found)} of {len(some)} bouts"))
    return told


def _person(bout: Bout) -> str:
    return bout.name.split(" ")[0]


def _supports(bout: Bout) -> list[Support]:
    supports = []
    for track in bout.tracks:
        contacts = contacts_of(track).between(bout.start_s - _EDGE_S, bout.end_s + _EDGE_S)
        support = support_of(track, contacts, strides_of(contacts))
        supports += [] if support is None else [support]
    return supports


def timed(find: Callable[[Track], Floats]) -> Finder:
    """A way that tells no more than times."""
    return lambda track: at_times(find(track))


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
    sections = simulated()
    if folder.is_dir():
        sections.insert(0, _recorded(bouts_of(folder)))
    else:
        sections.insert(0, Section("Gait", "Not measured: set UPSTAND_SHARED to the folder of the recordings.", []))
    return sections


def _recorded(bouts: Sequence[Bout]) -> Section:
    from benchmarks.skdh_peers import contacts_s  # only `make bench` has installed it

    rows = []
    peers = {**PEERS, "scikit-digital-health": contacts_s}
    ways: dict[str, Finder] = {"ours": contacts_of, **{name: timed(find) for name, find in peers.items()}}
    for name, find in ways.items():
        scores = [score(bout, find) for bout in bouts]
        rows.append((name, _told(scores)))
        straight = [one for one in scores if _STRAIGHT in one.bout.name]
        daily = [one for one in scores if _STRAIGHT not in one.bout.name]
        rows += [(f"{name}, {kind}", _told(part)) for kind, part in (("straight", straight), ("daily", daily)) if part]
    for person in dict.fromkeys(_person(bout) for bout in bouts):
        rows.append((f"ours, {person}", _told([score(bout, contacts_of) for bout in bouts if _person(bout) == person])))
    rows += _bounds([score(bout, contacts_of) for bout in bouts])
    rows += [(f"both feet down, {name}", told) for name, told in _double_support(bouts)]
    how = (
        f"{len(bouts)} walking bouts of the mobgap example (Mobilise-D, one sensor on the lower back; two people, one "
        "with multiple sclerosis), whose contacts the parameters were chosen on. Cadence: mean absolute error. "
        "Timing is found less true. The published formulas are coded here, on the same movement. The reference's "
        "cadence is the mean over each foot's own strides of 120 by their time; where both feet come down at once, one "
        "foot twice, or on the spot, every second contact is no stride, so its own contacts do not give its cadence."
    )
    return Section("Gait: steps and cadence", how, rows)


def _bounds(scores: Sequence[Score]) -> list[tuple[str, str]]:
    """How near who knew the reference's contacts would come to its cadence."""
    true = np.array([one.bout.cadence_spm for one in scores])
    own = np.abs(np.array([cadence_spm(at_times(one.bout.contacts_s)) for one in scores]) - true)
    all_found = np.abs(np.array([cadence_if_all_found_spm(one) for one in scores]) - true)
    ours, agree = np.abs(np.array([one.cadence_error_spm for one in scores])), own < _AGREE_SPM
    told = f"{own.mean():.2f} steps/min from the cadence that it gives beside them"
    alone = f"{ours[agree].mean():.2f} steps/min with what we find, {all_found[agree].mean():.2f} so"
    return [
        ("the reference's own contacts", told),
        ("the same, where we find one at our time", f"{all_found.mean():.2f} steps/min"),
        (f"the {agree.sum()} bouts whose own contacts give that cadence", alone),
    ]


def cadence_if_all_found_spm(one: Score) -> float:
    """With every contact of the reference and no other, at the time we found it at where we did."""
    times = one.bout.contacts_s.copy()
    for i, j in _paired(one.contacts_s, times, TOLERANCE_S):
        times[j] = one.contacts_s[i]
    return cadence_spm(at_times(np.sort(times)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder in the format of mobgap_example")
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    given = parser.parse_args(arguments)
    try:
        bouts = bouts_of(given.data)
    except PostureError as error:
        parser.error(str(error))
    scores = [score(bout, contacts_of) for bout in bouts]
    given.json.write_text(json.dumps(figures(scores), indent=2) + "\n", encoding="utf-8")
    print(f"{_told(scores)} ({len(bouts)} bouts)")


if __name__ == "__main__":
    main()
