"""Contacts chosen among candidates, against every sequence there is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.gait.sequences import (
    HURRIED,
    LONGEST_S,
    LONGEST_STRIDE_S,
    NAT,
    SHORTEST_S,
    TARDY,
    Candidates,
    best_sequence,
    likely_strides,
)
from analysis.model import GRID_HZ

Sequence = tuple[tuple[int, int], ...]  # candidate and foot, 1 = left


@st.composite
def candidates(draw: st.DrawFn) -> Candidates:
    gaps = draw(st.lists(st.integers(3, 90), min_size=1, max_size=5))
    at = np.cumsum([draw(st.integers(0, 10)), *gaps])
    worth = draw(st.lists(st.floats(-0.4, 0.7), min_size=len(at), max_size=len(at)))
    side = draw(st.lists(st.floats(-0.4, 0.4), min_size=len(at), max_size=len(at)))
    return Candidates(at, np.array(worth), np.array(side), draw(st.floats(0.3, 0.9)))


def every(given: Candidates) -> Iterator[tuple[Sequence, float]]:
    """All sequences that may be, with what they are worth."""
    count = len(given.at)
    yield (), 0.0
    for size in range(1, count + 1):
        for chosen, feet in product(combinations(range(count), size), product((0, 1), repeat=size)):
            worth = _worth(given, chosen, feet)
            if worth is not None:
                yield tuple(zip(chosen, feet, strict=True)), worth


def _worth(given: Candidates, chosen: tuple[int, ...], feet: tuple[int, ...]) -> float | None:
    total = sum(
        float(given.worth[k]) + (1 if foot else -1) * float(given.side[k]) for k, foot in zip(chosen, feet, strict=True)
    )
    for (a, b), (one, other) in zip(pairwise(chosen), pairwise(feet), strict=True):
        apart_s = float(given.at[b] - given.at[a]) / GRID_HZ
        if apart_s > LONGEST_S:
            continue
        if apart_s < SHORTEST_S or one == other:
            return None
        total -= (HURRIED if apart_s < given.step_s else TARDY) * math.log(apart_s / given.step_s) ** 2
    return total


@settings(max_examples=60)
@given(candidates())
def test_the_best_is_the_best_of_all(given: Candidates) -> None:
    chosen, is_left = best_sequence(given)
    found = _worth(given, tuple(chosen.tolist()), tuple(int(one) for one in is_left))
    assert found is not None
    assert found == pytest.approx(max(worth for _, worth in every(given)), abs=1e-9)


@settings(max_examples=60)
@given(candidates())
def test_a_stride_is_as_likely_as_all_the_sequences_that_have_it(given: Candidates) -> None:
    weights = [(sequence, math.exp(worth / NAT)) for sequence, worth in every(given)]
    total = sum(weight for _, weight in weights)
    true: dict[tuple[int, int], float] = {}
    for sequence, weight in weights:
        for (a, _), (b, _) in zip(sequence[:-2], sequence[2:], strict=True):
            if (given.at[b] - given.at[a]) / GRID_HZ <= LONGEST_STRIDE_S:
                true[a, b] = true.get((a, b), 0.0) + weight / total
    told: dict[tuple[int, int], float] = {}
    for a, b, likely in zip(*(column.tolist() for column in likely_strides(given)), strict=True):
        told[a, b] = told.get((a, b), 0.0) + likely
    for pair in true.keys() | told.keys():
        assert told.get(pair, 0.0) == pytest.approx(true.get(pair, 0.0), abs=5e-4)  # the least likely are left out


def test_a_clear_walk_leaves_no_doubt_however_long_it_is() -> None:
    count = 2000
    side = 0.3 * np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    clear = Candidates(30 * np.arange(count), np.full(count, 0.9), side, 0.6)
    first, last, likely = likely_strides(clear)
    assert likely.sum() == pytest.approx(count - 2, rel=0.01)
    assert (last - first)[likely > 0.5].tolist() == [2] * (count - 2)
    assert np.isfinite(likely).all()


def test_without_candidates_there_are_no_strides() -> None:
    nothing = Candidates(np.empty(0, np.intp), np.empty(0), np.empty(0), 0.6)
    assert [len(part) for part in likely_strides(nothing)] == [0, 0, 0]
    assert [len(part) for part in best_sequence(nothing)] == [0, 0]
    alone = Candidates(np.array([10]), np.array([0.5]), np.array([0.0]), 0.6)
    assert [len(part) for part in likely_strides(alone)] == [0, 0, 0]
