"""Chunks judged as one, against the same chunk by chunk."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import quaternion
from analysis.groups import SAID, Grouped, Groups, started
from analysis.model import Floats

SEEDS = st.integers(0, 2**32 - 1)
CUTS = st.lists(st.integers(0, 300), max_size=12)


def chunks(seed: int, count: int) -> tuple[Floats, list[bool], list[float]]:
    """What chunks say, long rests among them, and by how much they turned."""
    rng = np.random.default_rng(seed)
    said = rng.normal(size=(SAID, count))
    said[:4] = quaternion.normalise(said[:4].T).T
    rests = np.repeat(rng.random(count) < 0.7, rng.integers(1, 90, count))[:count]
    return said, rests.tolist(), (0.01 * rng.random(count) * (rng.random(count) < 0.2)).tolist()


def grouped(seed: int, count: int, cuts: list[int], patience: int = 8) -> list[Grouped]:
    said, rests, turned = chunks(seed, count)
    groups = Groups(patience)
    edges = sorted({0, count, *(cut for cut in cuts if cut < count)})
    return [groups.feed(said[:, a:b], rests[a:b], turned[a:b]) for a, b in pairwise(edges)]


@settings(max_examples=60)
@given(SEEDS, CUTS)
def test_however_they_are_cut_groups_are_the_same_to_the_last_bit(seed: int, cuts: list[int]) -> None:
    """Pieces shorter than some forty chunks are worked out in another way than longer ones."""
    (whole,) = grouped(seed, 300, [])
    parts = grouped(seed, 300, cuts)
    assert [said for part in parts for said in part.said] == whole.said
    assert np.concatenate([part.until for part in parts], axis=1).tobytes() == whole.until.tobytes()


def test_a_group_is_one_chunk_or_a_rest_of_few() -> None:
    said, rests, _ = chunks(3, 300)
    told = Groups(8).feed(said, rests, [0.0] * 300)
    firsts = [0, *(end + 1 for end in told.ends)]
    lengths = np.diff(firsts)
    assert lengths.max() == 8
    for first, length in zip(firsts[:-1], lengths, strict=True):
        assert length == 1 or all(rests[first : first + length - 1])
    assert [len(one) for one in told.said] == [SAID] * len(told.ends)


def test_who_may_not_wait_never_does() -> None:
    (told,) = grouped(5, 100, [], patience=1)
    assert told.ends == list(range(100))
    assert np.array_equal(np.array(told.said), chunks(5, 100)[0].T)


def test_what_turns_far_is_judged_soon() -> None:
    said, _, _ = chunks(1, 100)
    quiet, turning = (Groups(8).feed(said, [True] * 100, [angle] * 100) for angle in (0.001, 0.015))
    assert np.diff(quiet.ends).max() == 8
    assert np.diff(turning.ends).max() == 3


def test_turns_and_moves_follow_each_other() -> None:
    """Against rotating with matrices, one chunk after the other."""
    said, _, _ = chunks(7, 32)
    told = Groups(8).feed(said, [True] * 32, [0.0] * 32)
    first, end = told.ends[-2] + 1, told.ends[-1]
    assert end > first + 3
    q, moved = quaternion.IDENTITY, np.zeros((3, 4))
    for chunk in said[:, first : end + 1].T:
        moved = moved + quaternion.rotate(q, chunk[4:16].reshape(3, 4).T).T
        q = quaternion.multiply(q, chunk[:4])
    assert np.allclose(told.said[-1][:4], q, atol=1e-12)
    assert np.allclose(np.reshape(told.said[-1][4:16], (3, 4)), moved, atol=1e-12)
    assert np.allclose(told.said[-1][16:], said[16:, first : end + 1].sum(axis=1), atol=1e-12)


def test_a_bias_is_taken_off_while_chunks_wait() -> None:
    """0.2 s and 0.8 s after a group began, with a gyroscope that reads 1°/s too much about z."""
    rate, q = np.radians(1.0), quaternion.normalise(np.array([0.9, 0.1, -0.3, 0.2]))
    spans = np.array([0.0, 0.2, 0.8])
    until = np.zeros((16, 3))
    until[0], until[3] = np.cos(rate * spans / 2), np.sin(rate * spans / 2)
    until[[4, 9, 14]] = spans
    told, bias = started([*q, 0.0, 0.0, rate], [], until)
    assert np.array_equal(bias[2], [rate] * 3)
    assert np.allclose(quaternion.normalise(told.T), q, atol=1e-6)


@given(SEEDS, CUTS)
def test_where_chunks_begin_is_the_same_to_the_last_bit_in_both_ways(seed: int, cuts: list[int]) -> None:
    (whole,) = grouped(seed, 300, [])
    rng = np.random.default_rng(seed)
    states = rng.normal(size=7 * (len(whole.ends) + 1)).tolist()
    expected = np.concatenate(started(states, whole.ends, whole.until))
    for a, b in pairwise(sorted({0, 300, *(cut for cut in cuts if cut < 300)})):
        first, last = np.searchsorted(whole.ends, [a, b]).tolist()
        ends = [end - a for end in whole.ends[first:last]]
        told = np.concatenate(started(states[7 * first : 7 * (last + 1)], ends, whole.until[:, a:b]))
        assert told.tobytes() == np.ascontiguousarray(expected[:, a:b]).tobytes()
