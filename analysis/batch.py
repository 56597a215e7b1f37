"""A stored session again through the same pipeline, and whether two runs are the same to the last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.errors import PostureError
from analysis.io.journal import Bundler, readable_inputs
from analysis.io.reader import Reader, Session
from analysis.io.store import Batch, Store
from analysis.model import Label, PostureFrame
from analysis.pipeline import Pipeline, PipelineSettings

_INF = float("inf")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of one session side by side; each pair counts (run a, run b)."""

    session_id: str
    run_a: int
    run_b: int
    ticks: tuple[int, int]
    events: tuple[int, int]
    prompts: tuple[int, int]
    calibrations: tuple[int, int]
    first_difference: str  # one sentence; empty where both are the same to the last bit

    @property
    def is_identical(self) -> bool:
        return not self.first_difference


def reanalyze(store_url: str, session_id: str, settings: PipelineSettings) -> Comparison:
    """Feed the session's journal to a fresh pipeline, keep the outputs as a new run, compare it with the live one.

    Raises PostureError where there is no such session or its raw data have been deleted.
    """
    with Store.open(store_url) as store:
        session = store.find(session_id)
        if session is None:
            raise PostureError(f"There is no session {session_id!r}; `upstand sessions` lists them.")
        bundles = Bundler().feed(readable_inputs(store.journal(session)))
        first = next(bundles, None)
        if first is None or all(isinstance(item, Label) for item in first):  # labels outlive the raw data
            raise PostureError(
                f"The raw data of session {session_id!r} have been deleted; raise `raw_days` in [store]."
            )
        run_id = store.add_run(session)
        pipeline = Pipeline(settings)
        store.write([Batch(session, outputs=pipeline.feed(*first))], run_id=run_id)
        for bundle in bundles:
            store.write([Batch(session, outputs=pipeline.feed(*bundle))], run_id=run_id)
        live_run = session.run_id
    return compare(store_url, session_id, live_run, run_id)


def compare(store_url: str, session_id: str, run_a: int, run_b: int) -> Comparison:
    """Frame by frame, event by event, prompt by prompt, bit by bit; NaN equals NaN. Raises PostureError."""
    with Reader(store_url) as reader:
        session = reader.session(session_id)
        if session is None:
            raise PostureError(f"There is no session {session_id!r}; `upstand sessions` lists them.")
        return _compare(reader, session, run_a, run_b)


def _compare(reader: Reader, session: Session, run_a: int, run_b: int) -> Comparison:
    runs = (run_a, run_b)
    frames = [reader.frames(session, -_INF, _INF, run) for run in runs]
    events = [reader.events(session, run_id=run) for run in runs]
    prompts = [reader.prompts(session, run_id=run) for run in runs]
    calibrations = [reader.calibrations(session, run) for run in runs]
    difference = (
        _frame_difference(*frames)
        or _record_difference("event", *events)
        or _record_difference("prompt", *prompts)
        or _record_difference("calibration", *calibrations)
        or _record_difference("reason for breaks", *[reader.break_spans(session, run) for run in runs])
        or _record_difference("tally of breaks", *[reader.break_tallies(session, run) for run in runs])
    )
    return Comparison(
        session_id=session.session_id,
        run_a=run_a,
        run_b=run_b,
        ticks=(len(frames[0].t), len(frames[1].t)),
        events=(len(events[0]), len(events[1])),
        prompts=(len(prompts[0]), len(prompts[1])),
        calibrations=(len(calibrations[0]), len(calibrations[1])),
        first_difference=difference,
    )


def _frame_difference(a: PostureFrame, b: PostureFrame) -> str:
    count = min(len(a.t), len(b.t))
    lengths = f"One run has {len(a.t)} ticks, the other {len(b.t)}."
    if not count:
        return lengths if len(a.t) != len(b.t) else ""
    columns: dict[str, tuple[NDArray[np.generic], NDArray[np.generic]]] = {"time": (a.t, b.t)}
    for name in sorted({*a.values, *b.values}):
        if name not in a.values or name not in b.values:
            return f"The metric {name!r} is in one of the runs only."
        columns[name] = (a.values[name], b.values[name])
    columns |= {"activity": (a.activity, b.activity), "quality": (a.quality, b.quality)}
    firsts = {name: _first_unequal(one[:count], other[:count]) for name, (one, other) in columns.items()}
    name = min(firsts, key=lambda key: firsts[key])
    row = firsts[name]
    if row < count:
        one, other = columns[name]
        return f"At {a.t[row]:.1f} s {name} is {one[row]} in one run and {other[row]} in the other."
    return lengths if len(a.t) != len(b.t) else ""


def _first_unequal(a: NDArray[np.generic], b: NDArray[np.generic]) -> int:
    """Index of the first difference, the length where there is none."""
    if a.dtype == np.float64:
        unequal = _bits(a) != _bits(b)
        unequal &= ~(np.isnan(a.astype(np.float64)) & np.isnan(b.astype(np.float64)))
    else:
        unequal = a != b
    found = np.flatnonzero(unequal)
    return int(found[0]) if len(found) else len(a)


def _bits(column: NDArray[np.generic]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(column).view(np.uint64)


def _record_difference(noun: str, a: Sequence[object], b: Sequence[object]) -> str:
    for one, other in zip(a, b, strict=False):
        if not _same(one, other):
            return f"One run has the {noun} {one}, the other {other}."
    if len(a) != len(b):
        longer = a if len(a) > len(b) else b
        return f"Only one run has the {noun} {longer[min(len(a), len(b))]}."
    return ""


def _same(a: object, b: object) -> bool:
    """Equality of two records or values, to the last bit; NaN equals NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and _first_unequal(a.ravel(), b.ravel()) == a.size
    if isinstance(a, float) and isinstance(b, float):
        return _first_unequal(np.array([a]), np.array([b])) == 1
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if is_dataclass(a) and not isinstance(a, type):
        return all(_same(getattr(a, field.name), getattr(b, field.name)) for field in fields(a))
    return a == b
