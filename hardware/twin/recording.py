"""Recordings of real people as sources for the twin's sensors.

Two data sets are known; both are re-played in the axes of a sensor worn as intended: x up, y left, z posterior.

cairo  Ali, Elsayed, Emad, Mohamed, Shehata, Rehan (2026), IMU Sitting Postures Dataset, CC BY 4.0: WitMotion sensors
       on L5 and T12 (here: pelvis and lumbar), six seated postures in trials of 30 s at 50 Hz, already in those axes.
cip    Palermo et al., Scientific Data 2022, doi 10.1038/s41597-022-01690-y, MIT: MPU9250s of a garment on pelvis
       and T12, quiet standing and then walking.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.errors import PostureError
from analysis.model import GRAVITY, Floats, Segment, Stance
from hardware.twin.imu import DEFAULT_RANGES
from hardware.twin.source import Counts, SampleSource

START_S = 1.0  # time of the first sample
GAP_S = 5.0  # silence between two trials
MISSING = -32768

_CAIRO_PLACES = {Segment.PELVIS: "L5", Segment.LUMBAR: "T12"}
_CAIRO_LABELS = {
    1: "backward lean",
    2: "upright",
    3: "slouch",
    4: "forward lean",
    5: "right bend",
    6: "left bend",
}
_UPRIGHT = 2
_CIP_PLACES = {Segment.PELVIS: "pelvis", Segment.LUMBAR: "t12"}
_CIP_STILL_S = 4.5  # the first step falls just short of 5 s
# Found from the data: gravity lies along -y; in standing the sacrum and the neck lean forward, and there +z carries a
# part of gravity, so z looks back; the gait's stride rhythm (and not its step rhythm) is strongest along x.
_CIP_TO_NOMINAL = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Trial:
    """A span of a recording in which the person did one thing."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Recording:
    """One person's recording: what was done when, both sensors, and when they held still and upright."""

    name: str
    trials: tuple[Trial, ...]
    sources: Mapping[Segment, SampleSource]
    calibration: tuple[float, float, Stance]  # start in s, duration in s, stance


class RecordedSensor:
    """A SampleSource over samples that are already there."""

    def __init__(self, segment: Segment, rate_hz: float, acc_scale: float, gyr_scale: float, samples: Counts) -> None:
        self.segment = segment
        self.rate_hz = rate_hz
        self.acc_scale = acc_scale
        self.gyr_scale = gyr_scale
        self.end_s = float(samples.t[-1]) + 1.0 / rate_hz
        self._samples = samples

    def read(self, t0: float, t1: float) -> Counts:
        """The samples of [t0, t1)."""
        first, last = np.searchsorted(self._samples.t, (t0, t1))
        run = slice(int(first), int(last))
        return Counts(self._samples.index[run], self._samples.t[run], self._samples.counts[run])


def load(path: Path) -> Recording:
    """The recording in `path`, whichever data set it is of. Raises PostureError."""
    arrays = _read(path)
    if "L5_acc" in arrays:
        return _cairo(path, arrays)
    if "segments" in arrays and "t" in arrays:
        return _cip(path, arrays)
    raise PostureError(
        f"{path} is not a recording Upstand knows; give it a file of the cairo_sitting or cip_sample set."
    )


def load_cairo(path: Path) -> Recording:
    """A person of the IMU Sitting Postures Dataset. Raises PostureError.

    The upright trials come first and without a gap, for calibration; then the others in their own order, with GAP_S
    of silence between them. Missing samples are holes in the index.
    """
    return _cairo(path, _read(path))


def load_cip(path: Path) -> Recording:
    """A garment trial of the CIP data set: quiet standing, then walking. Raises PostureError."""
    return _cip(path, _read(path))


def _cairo(path: Path, arrays: Arrays) -> Recording:
    columns = [f"{place}_{kind}" for place in _CAIRO_PLACES.values() for kind in ("acc", "gyr")]
    _demand(path, arrays, ("trial", "label", "fs_hz", "acc_scale_g", "gyr_scale_dps", *columns))
    rows = arrays["trial"].size
    numbers_fit = arrays["trial"].shape == arrays["label"].shape == (rows,)
    if rows == 0 or not numbers_fit or any(arrays[name].shape != (rows, 3) for name in columns):
        raise PostureError(f"{path} has columns of unequal length; fetch it from the data set again.")
    if any(arrays[name].dtype.kind != "i" for name in ("trial", "label", *columns)):
        raise PostureError(f"{path} holds something other than counts; fetch it from the data set again.")
    rate_hz = _positive(path, arrays, "fs_hz")
    acc_scale = _positive(path, arrays, "acc_scale_g") * GRAVITY
    gyr_scale = float(np.radians(_positive(path, arrays, "gyr_scale_dps")))
    order, index, trials = _arrange(path, arrays, rate_hz)
    sources: dict[Segment, SampleSource] = {}
    for segment, place in _CAIRO_PLACES.items():
        counts = np.concatenate([arrays[f"{place}_acc"], arrays[f"{place}_gyr"]], axis=1)[order].astype(np.int16)
        there = (counts != MISSING).all(axis=1)
        if not there.any():
            raise PostureError(f"{path} has no samples of {place}; choose another person's file.")
        samples = Counts(index[there], START_S + index[there] / rate_hz, counts[there])
        sources[segment] = RecordedSensor(segment, rate_hz, acc_scale, gyr_scale, samples)
    upright = [trial for trial in trials if trial.label == _CAIRO_LABELS[_UPRIGHT]]
    calibration = (START_S, upright[-1].end_s - START_S, Stance.SITTING)
    return Recording(path.stem, trials, sources, calibration)


def _arrange(
    path: Path, arrays: Arrays, rate_hz: float
) -> tuple[NDArray[np.intp], NDArray[np.int64], tuple[Trial, ...]]:
    """The rows in their new order, the sample number of each, and the trials in that order."""
    number, label = arrays["trial"], arrays["label"]
    kinds = {int(n): int(label[number == n][0]) for n in np.unique(number)}
    if not set(kinds.values()) <= set(_CAIRO_LABELS) or _UPRIGHT not in kinds.values():
        raise PostureError(f"{path} has no upright trial or an unknown posture; choose another person's file.")
    upright = [n for n, kind in kinds.items() if kind == _UPRIGHT]
    rows, indices, trials = [], [], []
    at = 0
    for n in upright + [n for n, kind in kinds.items() if kind != _UPRIGHT]:
        if kinds[n] != _UPRIGHT:
            at += round(GAP_S * rate_hz)
        found = np.flatnonzero(number == n)
        rows.append(found)
        indices.append(np.arange(at, at + len(found), dtype=np.int64))
        end = at + len(found)
        trials.append(Trial(START_S + at / rate_hz, START_S + end / rate_hz, _CAIRO_LABELS[kinds[n]]))
        at = end
    return np.concatenate(rows), np.concatenate(indices), tuple(trials)


def _cip(path: Path, arrays: Arrays) -> Recording:
    _demand(path, arrays, ("t", "acc", "gyr", "segments"))
    places = [str(name) for name in np.atleast_1d(arrays["segments"])]
    if not set(_CIP_PLACES.values()) <= set(places):
        raise PostureError(f"{path} lacks the pelvis or T12; only a trial with both sensors can be replayed.")
    if any(arrays[name].dtype.kind != "f" or not np.isfinite(arrays[name]).all() for name in ("t", "acc", "gyr")):
        raise PostureError(f"{path} holds something other than measured values; fetch it from the data set again.")
    t = np.asarray(arrays["t"], np.float64)
    shape = (len(places), t.size, 3)
    if (
        t.ndim != 1
        or len(t) < 2
        or not (np.diff(t) > 0).all()
        or arrays["acc"].shape != shape
        or arrays["gyr"].shape != shape
    ):
        raise PostureError(f"{path} has times or columns that do not fit together; fetch it from the data set again.")
    rate_hz = float((len(t) - 1) / (t[-1] - t[0]))
    times = START_S + t - t[0]
    index = np.arange(len(t), dtype=np.int64)
    sources: dict[Segment, SampleSource] = {}
    for segment, place in _CIP_PLACES.items():
        k = places.index(place)
        counts = _as_counts(arrays["acc"][k], arrays["gyr"][k])
        acc_scale, gyr_scale = DEFAULT_RANGES.acc_scale, DEFAULT_RANGES.gyr_scale
        sources[segment] = RecordedSensor(segment, rate_hz, acc_scale, gyr_scale, Counts(index, times, counts))
    still_s = START_S + _CIP_STILL_S
    end_s = float(times[-1]) + 1.0 / rate_hz
    trials = (Trial(START_S, still_s, "quiet standing"), Trial(still_s, end_s, "walking"))
    return Recording(path.stem, trials, sources, (START_S, _CIP_STILL_S, Stance.STANDING))


def _as_counts(acc: Floats, gyr: Floats) -> NDArray[np.int16]:
    """(n, 6) counts in the nominal axes from m/s² and rad/s in the garment's."""
    parts = [
        acc @ _CIP_TO_NOMINAL.T / DEFAULT_RANGES.acc_scale,
        gyr @ _CIP_TO_NOMINAL.T / DEFAULT_RANGES.gyr_scale,
    ]
    limits = np.iinfo(np.int16)
    counts: NDArray[np.int16] = np.rint(np.concatenate(parts, axis=1)).clip(limits.min, limits.max).astype(np.int16)
    return counts


def _read(path: Path) -> Arrays:
    try:
        # Opened here and not by numpy, which leaves a broken file open.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise PostureError(f"{path} is a single array and not a recording; give the path of an npz file.")
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise PostureError(f"{path} cannot be opened ({error.strerror}); give the path of an npz file.") from error
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise PostureError(f"{path} is damaged or not a recording; give the path of a whole npz file.") from error


def _demand(path: Path, arrays: Arrays, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in arrays:
            raise PostureError(f"{path} has no column {name!r}; it is not a file of that data set.")


def _positive(path: Path, arrays: Arrays, name: str) -> float:
    value = arrays[name]
    if value.size != 1 or value.dtype.kind not in "iuf" or not 0 < float(value.item()) < np.inf:
        raise PostureError(f"{path} has no usable {name!r}; fetch it from the data set again.")
    return float(value.item())
