"""Posture as bytes, chunks and minutes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.errors import SchemaError
from analysis.io.frames import (
    EMPTY,
    Ledger,
    MinuteSum,
    cut,
    decode_frame,
    encode_frame,
    join,
    pieces,
    sum_minute,
)
from analysis.model import Activity, PostureFrame


def posture(first_tick: int, count: int, seed: int = 0) -> PostureFrame:
    random = np.random.default_rng(seed)
    values = {"tilt": random.normal(10, 5, count), "lordosis": random.normal(30, 9, count)}
    values["tilt"][random.random(count) < 0.2] = np.nan
    activity = random.integers(0, 5, count).astype(np.int8)
    return PostureFrame((first_tick + np.arange(count)) / 10, values, activity, np.full(count, 40000, np.uint16))


def assert_same(a: PostureFrame, b: PostureFrame) -> None:
    assert list(a.values) == list(b.values)
    pairs: list[tuple[NDArray[np.generic], NDArray[np.generic]]]
    pairs = [(a.t, b.t), (a.activity, b.activity), (a.quality, b.quality)]
    for one, other in pairs:
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()
    for name in a.values:
        assert a.values[name].tobytes() == b.values[name].tobytes()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30))
def test_bytes_keep_every_bit(values: list[float]) -> None:
    n = len(values)
    frame = PostureFrame(np.arange(n) / 10, {"x": np.array(values)}, np.ones(n, np.int8), np.zeros(n, np.uint16))
    assert_same(decode_frame(encode_frame(frame)), frame)


@given(st.binary(max_size=60))
def test_other_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(SchemaError, match="reanalyze"):
        decode_frame(data)


def test_every_tick_falls_into_the_minute_that_it_names() -> None:
    frame = posture(0, 36000)
    for number, piece in pieces(frame, 60.0):
        assert (np.round(piece.t * 10).astype(int) // 600 == number).all()
        assert len(piece.t) == 600
    assert_same(join([piece for _, piece in pieces(frame, 60.0)]), frame)


def test_a_metric_that_came_later_is_unknown_before() -> None:
    early = PostureFrame(np.array([0.0]), {}, np.zeros(1, np.int8), np.zeros(1, np.uint16))
    both = join([early, posture(1, 3)])
    assert np.isnan(both.values["tilt"][0])
    assert len(both.values["tilt"]) == 4
    assert join([]) is EMPTY


def test_a_minute_by_hand() -> None:
    values = {"tilt": np.array([1.0, np.nan, 3.0, 8.0]), "never": np.full(4, np.nan)}
    activity = np.array([1, 1, 1, 3], np.int8)
    summed = sum_minute(7, PostureFrame(np.arange(4) / 10, values, activity, np.zeros(4, np.uint16)))
    (row,) = summed.rows
    assert (row.metric, row.mean, row.low, row.high, row.n) == ("tilt", 4.0, 1.0, 8.0, 3)
    assert summed.seconds == {Activity.SITTING: pytest.approx(0.3), Activity.WALKING: pytest.approx(0.1)}


@given(first=st.integers(0, 900), cuts=st.lists(st.integers(1, 1499), max_size=12), reopen=st.booleans())
def test_cutting_changes_nothing(first: int, cuts: list[int], reopen: bool) -> None:
    frame = posture(first, 1500, seed=first)
    bounds = sorted({0, 1500, *cuts})
    chunks: dict[int, PostureFrame] = {}
    minutes: dict[int, MinuteSum] = {}
    ledger = Ledger()
    for begin, end in itertools.pairwise(bounds):
        if reopen and chunks:  # as after a restart: from the stored chunks of the newest minute
            newest = max(chunks) // 6
            ledger = Ledger(join([piece for number, piece in chunks.items() if number // 6 == newest]))
        new_chunks, new_minutes = ledger.feed([cut(frame, slice(begin, end))])
        chunks |= dict(new_chunks)
        minutes |= {one.minute: one for one in new_minutes}
    whole_chunks, whole_minutes = Ledger().feed([frame])
    assert minutes == {one.minute: one for one in whole_minutes}
    assert list(chunks) == [number for number, _ in whole_chunks]
    assert_same(join(list(chunks.values())), frame)
