"""What is told of a sensor that goes out of reach and comes back, and of its battery."""

from __future__ import annotations

from collections.abc import Callable

from analysis.model import Segment

NEWS_S = 60.0  # real seconds for which it is told that a sensor came back
LOW_PERCENT = 15
EMPTY_PERCENT = 5  # at which a lost link needs no other reason


class Absence:
    """One segment's sensor, in real seconds."""

    def __init__(self, segment: Segment, monotonic: Callable[[], float]) -> None:
        self.losses = 0
        self._segment = segment
        self._monotonic = monotonic
        self._lost_at_s: float | None = None
        self._news = ""
        self._news_until_s = 0.0
        self._is_low = False

    @property
    def away_s(self) -> float:
        """How long it has been out of reach; 0 while it is not."""
        return 0.0 if self._lost_at_s is None else self._monotonic() - self._lost_at_s

    @property
    def news(self) -> str:
        """One sentence about what has lately got well again, or nothing."""
        return self._news if self._monotonic() < self._news_until_s else ""

    def lost(self) -> None:
        """Its link is gone, or still gone."""
        if self._lost_at_s is None:
            self.losses += 1
            self._lost_at_s = self._monotonic()

    def streams(self, name: str) -> str:
        """It is read; the sentence to be told if it had been out of reach, or nothing."""
        if self._lost_at_s is None:
            return ""
        self._news = f"The {self._segment} sensor ({name}) is back after {self.away_s:.0f} s."
        self._news_until_s = self._monotonic() + NEWS_S
        self._lost_at_s = None
        return self._news

    def why(self, battery_percent: int | None) -> str:
        """The sentence to be told when a link breaks."""
        if battery_percent is not None and battery_percent <= EMPTY_PERCENT:
            return f"The {self._segment} sensor fell silent with {battery_percent} % of its battery left; charge it."
        return f"The {self._segment} sensor is out of reach; come back, and it goes on by itself."

    def warning(self, battery_percent: int | None) -> str:
        """The sentence to be told once when the battery is low, or nothing."""
        is_low = battery_percent is not None and battery_percent <= LOW_PERCENT
        was_low, self._is_low = self._is_low, is_low
        if not is_low or was_low:
            return ""
        return f"The {self._segment} sensor has {battery_percent} % of its battery left; charge it."


class RateMeter:
    """Samples per second of session time, over the last `span_s`."""

    def __init__(self, span_s: float = 5.0) -> None:
        self._span_s = span_s
        self._seen: list[tuple[float, int]] = []  # (session time, samples)

    def hz(self, now_s: float, samples: int) -> float:
        """`samples` so far, at `now_s`."""
        self._seen.append((now_s, samples))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > self._span_s:
            self._seen.pop(0)
        first_s, first = self._seen[0]
        return (samples - first) / (now_s - first_s) if now_s > first_s else 0.0
