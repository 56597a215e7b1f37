"""Whole stretches of time through a detector at once, as if its seconds had come one after the other.

What a second tells counts as known from that second on, so beside each event stands the second that told it. In most
seconds nothing can happen to a detector that waits for a change, and it may take them all in one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analysis.frames import SECOND, part
from analysis.model import FRAME_HZ, Event, PostureFrame

Timed = tuple[int, Event]  # beside the event the second of the tick that told it
Ticks = NDArray[np.int64]


def ticks_of(frame: PostureFrame) -> Ticks:
    """The frame's times (n,) in ticks of FRAME_HZ."""
    ticks: Ticks = np.rint(frame.t * FRAME_HZ).astype(np.int64)
    return ticks


def second_by_second(
    feed: Callable[[PostureFrame], list[Event]], frame: PostureFrame, dull: Callable[[int], int] = lambda place: place
) -> list[Timed]:
    """The events of a frame of whole seconds. `dull(place)`: how far from there on no tick can tell an event."""
    seconds = ticks_of(frame) // SECOND
    told: list[Timed] = []
    place, end = 0, len(seconds)
    while place < end:
        until = dull(place)
        if until <= place:
            until = int(np.searchsorted(seconds, seconds[place], side="right"))
        told += [(int(seconds[place]), event) for event in feed(part(frame, place, until))]
        place = until
    return told


def first_where(is_so: NDArray[np.bool_], place: int) -> int:
    """The first place from `place` on where it is so; the length of `is_so` where it never is."""
    found = int(is_so[place:].argmax()) + place
    return found if found < len(is_so) and is_so[found] else len(is_so)
