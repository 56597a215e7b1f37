"""Where the wearer is, without the flicker: an activity counts once it has lasted, and then from its beginning.

Times are ticks of FRAME_HZ since the session's start, here and in the rest of this package.
"""

from __future__ import annotations

from enum import Enum, auto

from analysis.model import FRAME_HZ, Activity

TICKS_PER_S = round(FRAME_HZ)
VAGUE = 60 * TICKS_PER_S  # so much of unknown, or of movement that is neither, is bridged


class Presence(Enum):
    """What the sensors tell."""

    UNKNOWN = auto()
    NOT_WORN = auto()
    SEATED = auto()
    UP = auto()
    LYING = auto()
    MOVING = auto()  # none of the others


PRESENCE = {
    Activity.UNKNOWN: Presence.UNKNOWN,
    Activity.SITTING: Presence.SEATED,
    Activity.STANDING: Presence.UP,
    Activity.WALKING: Presence.UP,
    Activity.LYING: Presence.LYING,
    Activity.OTHER: Presence.MOVING,
    Activity.NOT_WORN: Presence.NOT_WORN,
}
OFF_SEAT = (Presence.UP, Presence.LYING)
NOT_SEEN = (Presence.UNKNOWN, Presence.NOT_WORN)
_VAGUE = (Presence.UNKNOWN, Presence.MOVING)


class Body:
    """Takes changes of activity; `presence` holds since `since`."""

    def __init__(self, rise: int, settle: int) -> None:
        self._rise, self._settle = rise, settle
        self.presence = Presence.UNKNOWN
        self.since = 0
        self.told_since = 0  # as the sensors told it, before the wearer said otherwise
        self.raw = Presence.UNKNOWN
        self._candidate: tuple[Presence, int] | None = None
        self._vague: int | None = None  # since when nothing definite is known

    def see(self, raw: Presence, now: int) -> None:
        """From `now` on."""
        if raw is self.raw:
            return
        self.raw = raw
        if raw is self.presence:
            self._candidate = self._vague = None
        elif raw in _VAGUE:
            self._vague = now if self._vague is None else self._vague
        else:
            self._vague = None
            if self._candidate is None or self._candidate[0] is not raw:
                self._candidate = (raw, now)

    def settle(self, now: int) -> int | None:
        """Believe what has lasted for long enough; since when, or None where nothing changed."""
        at = self.next()
        if at is None or now < at:
            return None
        if self._vague is not None:
            self.presence, self.since = self.raw, self._vague
        elif self._candidate is not None:
            self.presence, self.since = self._candidate
        self._candidate = self._vague = None
        self.told_since = self.since
        return self.since

    def next(self) -> int | None:
        """When something will have lasted."""
        if self._vague is not None:
            return self._vague + VAGUE
        if self._candidate is None:
            return None
        target, since = self._candidate
        is_rise = target is Presence.NOT_WORN or (self.presence is Presence.SEATED and target in OFF_SEAT)
        return since + (self._rise if is_rise else self._settle)

    @property
    def held(self) -> int | None:
        """From when on it is not yet clear what the time was; None while all is clear."""
        if self._candidate is None:
            return self._vague
        return self._candidate[1] if self._vague is None else min(self._candidate[1], self._vague)

    @property
    def leaving(self) -> int | None:
        """Since when the seat has been left, while that may still be a flicker."""
        if self.presence is not Presence.SEATED or self._candidate is None or self._vague is not None:
            return None
        return self._candidate[1] if self._candidate[0] in OFF_SEAT else None
