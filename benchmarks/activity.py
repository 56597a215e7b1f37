"""`python -m benchmarks.activity --data DIR --json FILE`: how well sitting, standing, walking and lying are told.

DIR is in the format of HAPT, whose licence forbids commercial use: it is measured on and nothing is fitted to it. With
`--csv DIR --out DIR` instead, plain CSV files are told: files of states, transitions and positions of lying for each.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from analysis.detectors.lying import KIND as LYING_KIND
from analysis.errors import PostureError
from analysis.lying_position import LyingPosition
from analysis.model import Activity, Codes, Event
from benchmarks.activity_recordings import (
    STOOD_S,
    Recording,
    Seen,
    by_walking,
    calibrated,
    first_stand,
    forward_axis,
    hapt,
    plain,
    stood,
)
from benchmarks.report import Section

KINDS = {"sit": Activity.SITTING, "stand": Activity.STANDING, "walk": Activity.WALKING, "lie": Activity.LYING}
ACTIVITY = np.array([0, 3, 3, 3, 1, 2, 4, 0, 0, 0, 0, 0, 0], np.int8)  # by label
WINDOW_S = 5.0
_NEAR_S = 2.0
_WALK, _DOWN, _RISE = 1, 7, 8  # labels; of the changes stand-to-sit and sit-to-stand
_UP = (Activity.STANDING, Activity.WALKING, Activity.OTHER)


@dataclass(frozen=True, slots=True)
class Windows:
    """5-s windows of one label each."""

    true: Codes  # (n,)
    told: Codes  # (n,)
    person: list[str]  # (n,)


def windows_of(recordings: Sequence[Recording], seen: Sequence[Seen]) -> Windows:
    true, told, person = [], [], []
    for one, what in zip(recordings, seen, strict=True):
        for kind, start_s in spans_of(one, what.from_s):
            inside = (what.t >= start_s) & (what.t < start_s + WINDOW_S)
            true.append(kind)
            told.append(int(np.bincount(what.activity[inside], minlength=7).argmax()))
            person.append(one.person)
    return Windows(np.array(true, np.int8), np.array(told, np.int8), person)


def spans_of(one: Recording, from_s: float) -> list[tuple[int, float]]:
    """What is done, and begins, s, of the windows of one label each from then on."""
    spans = []
    for a, b, label in _runs(one.label):
        kind = int(ACTIVITY[label])
        first_s = max(float(one.t[a]), from_s)
        count = int((one.t[b - 1] - first_s + 0.02) / WINDOW_S) if kind else 0
        spans += [(kind, first_s + k * WINDOW_S) for k in range(count)]
    return spans


def _runs(label: Codes) -> list[tuple[int, int, int]]:
    """Rows [first, end) of one label each."""
    edges = [0, *(np.flatnonzero(np.diff(label)) + 1).tolist(), len(label)]
    return [(a, b, int(label[a])) for a, b in pairwise(edges)]


def f1(true: Codes, told: Codes, kind: int) -> float:
    total = int((true == kind).sum() + (told == kind).sum())
    return 2 * int(((true == kind) & (told == kind)).sum()) / total if total else 1.0


def figures(recordings: Sequence[Recording], seen: Sequence[Seen]) -> dict[str, object]:
    errors = [error for pair in zip(recordings, seen, strict=True) if (error := _sitting_error(*pair)) is not None]
    return {**scores(windows_of(recordings, seen)), "sitting_min_error": float(np.mean(errors))}


def scores(one: Windows) -> dict[str, object]:
    each = {name: f1(one.true, one.told, kind) for name, kind in KINDS.items()}
    people = np.array(one.person)
    worst = min(f1(one.true[people == name], one.told[people == name], 1) for name in set(one.person))
    return {"macro_f1": sum(each.values()) / len(each), "f1": each, "worst_sit_f1": worst}


def _sitting_error(one: Recording, what: Seen) -> float | None:
    """Of the minutes of known posture: how far the sitting told is from the true, as a share of it."""
    label = one.label[np.clip(np.searchsorted(one.t, what.t), 0, len(one.t) - 1)]
    known = (ACTIVITY[label] != 0) & (what.t >= what.from_s)
    true = int((ACTIVITY[label][known] == Activity.SITTING).sum())
    return abs(int((what.activity[known] == Activity.SITTING).sum()) - true) / true if true else None


def changes(recordings: Sequence[Recording], seen: Sequence[Seen]) -> dict[str, dict[str, float]]:
    """Rises and sittings-down, ±2 s, where it is known what was done; getting up from lying is left out."""
    from_s = [what.from_s for what in seen]
    return {
        "sit_to_stand": matched(recordings, [_rises(what) for what in seen], from_s, _RISE),
        "stand_to_sit": matched(recordings, [_drops(what) for what in seen], from_s, _DOWN),
    }


def matched(
    recordings: Sequence[Recording], moments: Sequence[Sequence[float]], from_s: Sequence[float], code: int
) -> dict[str, float]:
    """Recall and precision of the moments told of each recording against the middles of that label."""
    hits = found = right = total = 0
    for one, told_s, begun_s in zip(recordings, moments, from_s, strict=True):
        spans = [(float(one.t[a]), float(one.t[b - 1]), label) for a, b, label in _runs(one.label)]
        true = [(a + b) / 2 for a, b, label in spans if label == code and a > begun_s]
        told = [at for at in told_s if at > begun_s and _is_judged(at, spans)]
        hits += sum(any(abs(at - mid) <= _NEAR_S for at in told) for mid in true)
        right += sum(any(abs(at - mid) <= _NEAR_S for mid in true) for at in told)
        total, found = total + len(true), found + len(told)
    return {"recall": hits / max(total, 1), "precision": right / max(found, 1)}


def _is_judged(at: float, spans: Sequence[tuple[float, float, int]]) -> bool:
    lying = any(a - _NEAR_S <= at <= b + _NEAR_S for a, b, label in spans if label >= 9)
    return not lying and any(a <= at <= b for a, b, label in spans if label)


def _rises(what: Seen) -> list[float]:
    return [event.start_s for event in what.events if event.kind == "rise"]


def _drops(what: Seen) -> list[float]:
    up = {kind.name.lower() for kind in _UP}
    ends = [event.end_s for event in what.events if event.kind in up and event.end_s is not None]
    starts = {event.start_s for event in what.events if event.kind == "sitting"}
    return [at for at in starts if any(abs(at - end) < 0.05 for end in ends)]


def all_figures(recordings: Sequence[Recording]) -> dict[str, object]:
    began_s = time.process_time()
    stood_up = [calibrated(one) for one in recordings]
    spent_s = time.process_time() - began_s
    walked = [by_walking(one) for one in recordings]
    lasted_s = sum(float(one.t[-1] - one.t[0]) for one in recordings)
    return {
        "calibrated": figures(recordings, stood_up),
        "walking_reference": figures(recordings, walked),
        **changes(recordings, stood_up),
        "times_real_time": lasted_s / spent_s,
    }


def measure() -> Section:
    """HAPT, beside what is usual, fitted to it with the person left out, and what was published of others."""
    folder = Path(os.environ.get("UPSTAND_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "hapt"
    if not folder.is_dir():
        return Section("Activity", "Not measured: set UPSTAND_SHARED to the folder of the recordings.", [])
    recordings = hapt(folder)
    rows = [(name, _shown(value)) for name, value in all_figures(recordings).items()]
    published = [
        ("published: random forest, people left out", "macro-F1 0.985, sit 0.968; minutes 5 %"),
        ("published: angle rule from a walking reference", "sit F1 0.85; worst person 0.65"),
        ("published: rises, forest and Viterbi", "recall/precision 0.95/0.83"),
    ]
    how = (
        "HAPT, one sensor at the waist; 5-s windows of one label, calibrated by 5 s of standing or by a first pass's "
        "walking. Rises within 2 s, where the labels say what was done. Nothing of ours is fitted to it; the forests "
        "(benchmarks/activity_peers.py) are, to the other people, and are told what is upright by the same 5 s or by "
        "all that is labelled as walking."
    )
    return Section("Activity", how, [*rows, *_peers(recordings), *published])


def _peers(recordings: Sequence[Recording]) -> list[tuple[str, str]]:
    """Measured in this run; only `make bench` has installed them."""
    from benchmarks.activity_peers import peers, rises_of
    from benchmarks.skdh_peers import rises_s

    theirs = [rises_s(one.t, one.acc).tolist() for one in recordings]
    rows = [("sit_to_stand of scikit-digital-health", _shown(matched(recordings, theirs, [0.0] * len(theirs), _RISE)))]
    begun = [first_stand(one) for one in recordings]
    still = [
        (one.t >= start_s) & (one.t < start_s + STOOD_S) for one, (start_s, _) in zip(recordings, begun, strict=True)
    ]
    walks = [one.label == _WALK for one in recordings]
    for name, upright, from_s in (
        ("calibrated", still, [start_s + STOOD_S for start_s, _ in begun]),
        ("walking_reference", walks, [-np.inf] * len(recordings)),
    ):
        ups = [one.acc[rows].mean(axis=0) for one, rows in zip(recordings, upright, strict=True)]
        told = peers(recordings, ups, from_s)
        rises = matched(recordings, [rises_of(one) for one in told.smoothed], from_s, _RISE)
        rows += [
            (f"{name}: random forest", _shown(scores(told.windows))),
            (f"{name}: forest and Viterbi", _shown({**figures(recordings, told.smoothed), "sit_to_stand": rises})),
        ]
    return rows


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(part)}" for name, part in value.items())
    return f"{value:.3f}" if isinstance(value, float) and value < 10 else f"{value:.0f}"


def write_plain(folder: Path, out: Path, standing_s: float | None, forward: str | None = None) -> int:
    """States, transitions and positions of every CSV file; positions are unknown without `forward`, an axis.

    Raises PostureError.
    """
    out.mkdir(parents=True, exist_ok=True)
    recordings = plain(folder)
    axis = None if forward is None else forward_axis(forward)
    for one in recordings:
        what = by_walking(one, axis) if standing_s is None else stood(one, standing_s, forward=axis)
        states = [
            (what.t[a], what.t[b - 1] + 0.1, Activity(code).name.lower(), float(what.confidence[a:b].mean()))
            for a, b, code in _runs(what.activity)
        ]
        moves = sorted([(at, "sit_to_stand") for at in _rises(what)] + [(at, "stand_to_sit") for at in _drops(what)])
        _write(
            out / f"{one.name}_states.csv",
            ("start_s", "end_s", "state", "confidence_percent"),
            [_rounded(row) for row in states],
        )
        _write(out / f"{one.name}_transitions.csv", ("at_s", "kind"), [_rounded(row) for row in moves])
        lain = [_lain(event, is_forward_known=axis is not None) for event in _positions(what)]
        names = ("start_s", "end_s", "position", "sure_percent")
        _write(out / f"{one.name}_positions.csv", names, [_rounded(row) for row in lain])
    return len(recordings)


def _positions(what: Seen) -> list[Event]:
    """Of lying, each as it was told last."""
    last = {one.start_s: one for one in what.events if one.kind == LYING_KIND}
    return sorted((one for one in last.values() if one.end_s and one.end_s > one.start_s), key=lambda one: one.start_s)


def _lain(event: Event, *, is_forward_known: bool) -> tuple[float, float, str, float]:
    position, sure = (event.values["position"], event.values["sure"]) if is_forward_known else (None, 0.0)
    told = str(position or LyingPosition.UNKNOWN)
    return event.start_s, float(event.end_s or event.start_s), told, 100.0 * float(sure or 0.0)


def _rounded(row: Sequence[float | str]) -> list[str]:
    return [part if isinstance(part, str) else f"{part:.1f}" for part in row]


def _write(path: Path, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *rows])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder in the format of hapt")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--csv", type=Path, help="a folder of CSV files: t_s, ax, ay, az in g, gx, gy, gz in °/s")
    parser.add_argument("--out", type=Path, help="where their states and transitions go")
    parser.add_argument(
        "--standing", type=float, help="seconds into each CSV file from which 5 s of standing calibrate"
    )
    parser.add_argument("--forward", help="the sensors' axis that faces forward: x, -x, y, -y, z or -z")
    given = parser.parse_args(arguments)
    try:
        if given.csv is not None and given.out is not None:
            print(f"Told {write_plain(given.csv, given.out, given.standing, given.forward)} recordings.")
        elif given.data is not None and given.json is not None:
            told = all_figures(hapt(given.data))
            given.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
            print(json.dumps(told, indent=2))
        else:
            parser.error("Give --data and --json, or --csv and --out.")
    except PostureError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
