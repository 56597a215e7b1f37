"""How long a sensor will still be sending what it measured while it was away."""

from __future__ import annotations

from collections import deque

from firmware_bridge.driver import Behind

WINDOW_S = 20.0  # of which the pace is taken
KNOWN_S = 3.0  # before that it says nothing of the pace


class Refill:
    """What it sends again comes before what is new, so until it is done nothing new can be told."""

    def __init__(self) -> None:
        self._points: deque[Behind] = deque()

    def feed(self, behind: Behind) -> None:
        if not behind.missing_s or (self._points and behind.missing_s > self._points[-1].missing_s):
            self._points.clear()  # done, or another absence
        if behind.missing_s:
            self._points.append(behind)
        while self._points and self._points[0].arrived_s < behind.arrived_s - WINDOW_S:
            self._points.popleft()

    @property
    def missing_s(self) -> float:
        """Of movement still to come."""
        return self._points[-1].missing_s if self._points else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds that it will take; None where nothing is missing or the pace is not known yet."""
        if not self._points:
            return None
        first, last = self._points[0], self._points[-1]
        took_s, came_s = last.arrived_s - first.arrived_s, first.missing_s - last.missing_s
        return last.missing_s * took_s / came_s if took_s >= KNOWN_S and came_s > 0 else None

    def sentence(self, who: str) -> str:
        """For a person, or nothing where it is not worth a word."""
        left_s = self.left_s
        if self.missing_s < KNOWN_S or (left_s is not None and left_s < KNOWN_S):
            return ""
        until = "until that is done" if left_s is None else f"for {_told(left_s)} more"
        return f"The {who} sensor first sends what it measured while it was away: the picture stands still {until}."


def _told(duration_s: float) -> str:
    """In whole minutes, as each other sentence is told anew."""
    return "less than a minute" if duration_s < 60.0 else f"about {duration_s / 60.0:.0f} min"
