"""People of a folder in the cairo_sitting format as windows of seated posture, by the pipeline that ships.

Every trial is replayed in its recorded order after a calibration on upright trials. An upright trial is only ever
told against the person's other upright trials, never against itself; all other trials against all upright ones.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.detectors.seated import METRICS, WINDOW_S, angles_of, of_window
from analysis.errors import PostureError
from analysis.model import CalibrateRequest, Calibration, Event, Floats, Input, PostureFrame, SampleBlock, Stance
from analysis.pipeline import Pipeline, PipelineSettings
from hardware.twin.recording import Recording, Trial, load_cairo

LABELS = ("upright", "slouch", "forward lean", "backward lean", "right bend", "left bend")  # as of Trial.label
UPRIGHT = 0
_UPRIGHT_CODE = 2  # in the files
_GAP_S = 5.0
_START_S = 4.0


@dataclass(frozen=True, slots=True)
class Series:
    """One person's windows in recorded order, against one calibration."""

    angles_deg: Floats  # (n, 4)
    label: NDArray[np.intp]  # (n,) index into LABELS
    trial: NDArray[np.intp]  # (n,) number of the trial, in recorded order
    is_scored: NDArray[np.bool_]  # (n,)


@dataclass(frozen=True, slots=True)
class Person:
    """One person: a series for each set of upright trials that calibrated."""

    name: str
    series: tuple[Series, ...]
    refused: tuple[str, ...]  # calibrations that would have been asked for again


def people_of(folder: Path) -> list[Person]:
    """Everybody in the folder; whose file cannot be used is named and left out. Raises PostureError without anybody."""
    people = []
    for path in sorted(folder.glob("*.npz")):
        try:
            people.append(_person(path))
        except PostureError as error:
            print(f"Left out: {error}", file=sys.stderr)
    if not people:
        raise PostureError(f"{folder} holds no recordings to use; give the folder of a cairo_sitting data set.")
    return people


def _person(path: Path) -> Person:
    recording = load_cairo(path)
    trials = _recorded_order(path, recording)
    upright = [number for number, trial in enumerate(trials) if LABELS.index(trial.label) == UPRIGHT]
    others = {number for number, trial in enumerate(trials) if number not in upright}
    series, refused = [], []
    sets = [(upright, others)] + [([n for n in upright if n != k], {k}) for k in upright if len(upright) > 1]
    for calibrating, scored in sets:
        one, why = _series(recording, trials, calibrating, scored)
        series.append(one)
        refused += why
    return Person(path.stem, tuple(series), tuple(refused))


def _recorded_order(path: Path, recording: Recording) -> list[Trial]:
    """A recording plays its upright trials first; here they are back where they were."""
    with np.load(path) as arrays:
        number, label = arrays["trial"], arrays["label"]
    upright = [trial for trial in recording.trials if trial.label == LABELS[UPRIGHT]]
    others = [trial for trial in recording.trials if trial.label != LABELS[UPRIGHT]]
    codes = [int(label[number == n][0]) for n in np.unique(number)]
    return [(upright if code == _UPRIGHT_CODE else others).pop(0) for code in codes]


def _series(
    recording: Recording, trials: Sequence[Trial], calibrating: Sequence[int], scored: Collection[int]
) -> tuple[Series, list[str]]:
    """The windows of all trials against one calibration, and the refusals on the way to it.

    Where all upright trials together are refused, as live, they are tried one at a time. Raises PostureError.
    """
    refused: list[str] = []
    for chosen in [calibrating, *([n] for n in calibrating)]:
        order = [*chosen, *range(len(trials))]
        starts = _starts([trials[n] for n in order])
        last = trials[chosen[-1]]
        until_s = starts[len(chosen) - 1] + last.end_s - last.start_s
        quiet = CalibrateRequest(_START_S, until_s - _START_S, Stance.SITTING)
        outputs = Pipeline(PipelineSettings()).feed(quiet, *_blocks(recording, [trials[n] for n in order], starts))
        if any(isinstance(output, Calibration) for output in outputs):
            frames = [output for output in outputs if isinstance(output, PostureFrame)]
            return _windows(recording.name, frames, trials, starts[len(chosen) :], scored), refused
        refused += [
            str(output.values["reason"])
            for output in outputs
            if isinstance(output, Event) and "reason" in output.values
        ]
    raise PostureError(f"{recording.name} never sits still and upright; leave that person out.")


def _starts(trials: Sequence[Trial]) -> list[float]:
    """When each is played: one after another, with silence between them."""
    starts, at_s = [], _START_S
    for trial in trials:
        starts.append(at_s)
        at_s = math.ceil((at_s + trial.end_s - trial.start_s + _GAP_S) / WINDOW_S) * WINDOW_S
    return starts


def _blocks(recording: Recording, trials: Sequence[Trial], starts: Sequence[float]) -> list[Input]:
    """Both sensors' samples of one trial after another."""
    blocks: list[Input] = []
    for sequence, (trial, start_s) in enumerate(zip(trials, starts, strict=True)):
        for segment, source in recording.sources.items():
            read = source.read(trial.start_s - 1e-6, trial.end_s - 1e-6)
            t = read.t - trial.start_s + start_s
            counts = read.counts.astype(np.float64)
            acc, gyr = counts[:, :3] * source.acc_scale, counts[:, 3:] * source.gyr_scale
            if len(t):
                blocks.append(SampleBlock(recording.name, f"{segment}-1", segment, sequence, t, acc, gyr))
    return blocks


def _windows(
    name: str, frames: Sequence[PostureFrame], trials: Sequence[Trial], starts: Sequence[float], scored: Collection[int]
) -> Series:
    """WINDOW_S at a time from the start of each trial; a window that the sensors left empty is left out."""
    t = np.concatenate([frame.t for frame in frames])
    values = {metric: np.concatenate([frame.values[metric] for frame in frames]) for metric in METRICS}
    angles = angles_of(values)
    rows: list[tuple[Floats, int, int, bool]] = []
    for number, (trial, start_s) in enumerate(zip(trials, starts, strict=True)):
        for k in range(int((trial.end_s - trial.start_s) / WINDOW_S)):
            from_s = start_s + k * WINDOW_S
            inside = (t >= from_s - 1e-6) & (t < from_s + WINDOW_S - 1e-6)
            middle = of_window(angles[inside])
            if middle is not None:
                rows.append((middle, LABELS.index(trial.label), number, number in scored))
    if not rows:
        raise PostureError(f"{name} has no window in which both sensors sent enough; leave that file out.")
    told, label, trial_number, is_scored = zip(*rows, strict=True)
    return Series(np.array(told), np.array(label, np.intp), np.array(trial_number, np.intp), np.array(is_scored))
