"""Chunks that are judged as one: what they say together.

Most of a day is rest, and in the middle of a rest a chunk waits to be judged with those after it. So the filter takes
one step a group; what a group did until each of its chunks is worked out here, for all groups at once. Chunks follow
each other as in Forster et al., IEEE T-RO 33(1), 2017, 10.1109/TRO.2016.2597321, eq. 35 to 37.

There are two ways, for few chunks (live) and for many; both give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import strapdown
from analysis.model import Floats
from analysis.strapdown import Chunks

SAID = (
    23  # turn (4), moves (12), then sums: variance of tilt and of velocity, span, rest, what the gyroscope read in it
)
_MOTION = slice(0, 16)
_STATE = 7  # numbers
_UNMOVED = (1.0, *[0.0] * 15)
_FURTHEST = 0.04  # rad (2.3°) turned while waiting, bias included: what a bias did is taken off at the end, as if small
_FEW = 40  # chunks
_LATER: NDArray[np.intp] = np.array([1, 2, 0])
_LATEST: NDArray[np.intp] = np.array([2, 0, 1])
_CROSS: NDArray[np.intp] = np.array([[0, 2, 1], [2, 1, 0], [1, 0, 2]])  # [v×] is made of these parts of v,
_SIGNS: Floats = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])[..., None]  # with these signs


@dataclass(frozen=True, slots=True)
class Grouped:
    """m chunks in groups, of which the last may go on."""

    ends: list[int]  # the last chunk of each group that is over
    said: list[list[float]]  # SAID numbers of each of them
    until: Floats  # (16, m) turn and moves of the chunk's group before the chunk


class Groups:
    """Groups of at most `patience` chunks, of one run. A rest that has just begun has most to say: it waits less."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._rested = 0  # chunks of this rest
        self._waited = 0
        self._turned = 0.0  # rad, while waiting
        self._held: list[float] | None = None  # what those that wait say

    def feed(self, said: Floats, rests: Sequence[bool], turned: Sequence[float]) -> Grouped:
        """said (SAID, m); whether each chunk rests, and by how many rad it turned."""
        ends = self._ends(rests, turned)
        return self._few(said, ends) if len(rests) < _FEW else self._many(said, ends)

    def _ends(self, rests: Sequence[bool], turned: Sequence[float]) -> list[int]:
        ends = []
        rested, waited, whole, patience = self._rested, self._waited, self._turned, self._patience
        for number, (is_rest, angle) in enumerate(zip(rests, turned, strict=True)):
            waited += 1
            if is_rest:
                rested += 1
                whole += angle
                if waited < patience and waited < rested // 4 and whole < _FURTHEST:
                    continue
            else:
                rested = 0
            ends.append(number)
            waited, whole = 0, 0.0
        self._rested, self._waited, self._turned = rested, waited, whole
        return ends

    def _few(self, said: Floats, ends: Sequence[int]) -> Grouped:
        until, told, over = [], [], set(ends)
        for number, chunk in enumerate(said.T.tolist()):
            held = self._held
            until.append(_UNMOVED if held is None else held[_MOTION])
            held = chunk if held is None else _followed(held, chunk)
            if number in over:
                told.append(held)
                held = None
            self._held = held
        return Grouped(list(ends), told, np.array(until).T)

    def _many(self, said: Floats, ends: Sequence[int]) -> Grouped:
        count = said.shape[1]
        firsts = np.array([0, *(end + 1 for end in ends)])
        firsts = firsts[firsts < count]
        lengths = np.diff(firsts, append=count)
        longest_first = np.argsort(-lengths, kind="stable")
        firsts, lengths = firsts[longest_first], lengths[longest_first]
        many = np.searchsorted(-lengths, -np.arange(lengths[0])).tolist()  # groups that have a chunk at each place
        order = np.concatenate([firsts[:some] + place for place, some in enumerate(many)])
        own = said.take(order, axis=1)
        before = np.zeros((16, count))
        before[0, : many[0]] = 1.0
        if self._held is not None:
            held, first = np.array(self._held)[:, None], firsts.tolist().index(0)
            before[:, first : first + 1] = held[_MOTION]
            own[:, first : first + 1] = _all_followed(held, own[:, first : first + 1])
        told, end = own[:, : many[0]], many[0]
        for some in many[1:]:
            here, end = slice(end, end + some), end + some
            before[:, here] = told[_MOTION, :some]
            told[:, :some] = _all_followed(told[:, :some], own[:, here])
        until, in_order = np.empty_like(before), np.empty_like(told)
        until[:, order], in_order[:, longest_first] = before, told
        groups = in_order.T.tolist()
        self._held = groups.pop() if len(groups) > len(ends) else None
        return Grouped(list(ends), groups, until)


def said_of(
    chunks: Chunks, noise: tuple[float, float, float], rests: NDArray[np.bool_], read: Floats
) -> tuple[Floats, Floats]:
    """(SAID, m) of each chunk by itself, and by how many rad it turned (m,).

    noise: variance a second of a turn, share of the rate squared a second, variance a second of velocity.
    read (m, 3) rad/s: what the gyroscope reads where the sensor rests.
    """
    turning, scale, pushing = noise
    span = chunks.span
    rate = chunks.gyr_mean.T
    square = rate * rate
    total = (square[0] + square[1]) + square[2]
    said = np.empty((SAID, len(span)))
    said[:4], said[4:16] = chunks.turn.T, chunks.moves.T
    said[16] = (turning + scale * total) * span + chunks.turn_doubt
    said[17] = pushing * span + chunks.gain_doubt
    said[18] = span
    said[19] = np.where(rests, span, 0.0)
    said[20:] = read.T * said[19]
    return said, np.sqrt(total) * span


def started(states: Sequence[float], ends: Sequence[int], until: Floats) -> tuple[Floats, Floats]:
    """Sensor → world (4, m) before each chunk, and the bias (3, m) taken off it.

    states: sensor → world (4) and bias (3) as each group began, and as they are after the last that is over, in a row;
    ends and until as in `Grouped`.
    """
    count = until.shape[1]
    if count < _FEW:
        told, group, over = [], 0, set(ends)
        for number, moved in enumerate(until.T.tolist()):
            told.append(_moved(states[_STATE * group : _STATE * (group + 1)], moved))
            group += number in over
        both = np.array(told).T
        return both[:4], both[4:]
    own = np.array(states).reshape(-1, _STATE).T[:, np.searchsorted(ends, np.arange(count))]
    q, (a, b, c) = own[:4], own[4:]
    off = np.ones_like(q)
    rows = until[4:16].reshape(3, 4, -1)
    off[1:] = -0.5 * ((rows[:, 0] * a + rows[:, 1] * b) + rows[:, 2] * c)
    return strapdown.product(strapdown.product(q[:, None], off[:, None]), until[:4, None])[:, 0], own[4:]


def _moved(state: Sequence[float], until: Sequence[float]) -> tuple[float, ...]:
    """A state after the group's turn and moves until then: the bias has turned it a little less."""
    *q, a, b, c = state
    *turn, m0, m1, m2, _, m4, m5, m6, _, m8, m9, m10, _ = until
    off = (
        1.0,
        -0.5 * (m0 * a + m1 * b + m2 * c),
        -0.5 * (m4 * a + m5 * b + m6 * c),
        -0.5 * (m8 * a + m9 * b + m10 * c),
    )
    return *_product(_product(q, off), turn), a, b, c


def _product(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float, float]:
    """As `strapdown.product`, to the last bit."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        ax * bw + aw * bx - az * by + ay * bz,
        ay * bw + az * bx + aw * by - ax * bz,
        az * bw - ay * bx + ax * by + aw * bz,
    )


def _followed(a: Sequence[float], b: Sequence[float]) -> list[float]:
    """What both say, b after a."""
    aw, ax, ay, az, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, *ours = a
    b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, *theirs = b[4:]
    turn = b[:4]
    p, q, r = 1.0 - 2.0 * (ay * ay + az * az), 2.0 * (ax * ay - aw * az), 2.0 * (ax * az + aw * ay)
    s, t, u = 2.0 * (ax * ay + aw * az), 1.0 - 2.0 * (az * az + ax * ax), 2.0 * (ay * az - aw * ax)
    v, w, x = 2.0 * (ax * az - aw * ay), 2.0 * (ay * az + aw * ax), 1.0 - 2.0 * (ax * ax + ay * ay)
    return [
        *_product((aw, ax, ay, az), turn),
        *(a0 + (p * b0 + q * b4 + r * b8), a1 + (p * b1 + q * b5 + r * b9)),
        *(a2 + (p * b2 + q * b6 + r * b10), a3 + (p * b3 + q * b7 + r * b11)),
        *(a4 + (s * b0 + t * b4 + u * b8), a5 + (s * b1 + t * b5 + u * b9)),
        *(a6 + (s * b2 + t * b6 + u * b10), a7 + (s * b3 + t * b7 + u * b11)),
        *(a8 + (v * b0 + w * b4 + x * b8), a9 + (v * b1 + w * b5 + x * b9)),
        *(a10 + (v * b2 + w * b6 + x * b10), a11 + (v * b3 + w * b7 + x * b11)),
        *(one + other for one, other in zip(ours, theirs, strict=True)),
    ]


def _all_followed(a: Floats, b: Floats) -> Floats:
    """The same for (SAID, m) of each."""
    both = a + b
    q = a[:4]
    both[:4] = strapdown.product(q[:, None], b[:4, None])[:, 0]
    outer = q[1:, None] * q[1:]
    square = outer[range(3), range(3)]
    turn = outer + (q[0] * q[1:])[_CROSS] * _SIGNS
    turn += turn
    turn[range(3), range(3)] = 1.0 - 2.0 * (square[_LATER] + square[_LATEST])
    moves = b[4:16].reshape(3, 4, -1)
    moved = (turn[:, 0, None] * moves[0] + turn[:, 1, None] * moves[1]) + turn[:, 2, None] * moves[2]
    both[4:16] = a[4:16] + moved.reshape(12, -1)
    return both
