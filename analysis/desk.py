"""What the computer tells: what it sees of its user at the desk, what its clock on the wall shows, and that it slept.

Times are seconds since the session's start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag


class Desk(IntFlag):
    """What the computer sees of its user at the desk."""

    NOTHING = 0
    IN_USE = 1  # keys or mouse are being used
    TYPING = 2  # in the middle of a word
    DO_NOT_DISTURB = 4  # set on the desktop
    CAMERA = 8  # in use
    MICROPHONE = 16
    FULL_SCREEN = 32
    BUSY = 64  # by the calendar
    APP = 128  # one of the listed programs runs
    BATTERY = 256
    LOCKED = 512  # the screen, or the lid is shut


@dataclass(frozen=True, slots=True)
class DeskState:
    """How the desk is from `at_s` on, until the next one."""

    at_s: float
    desk: Desk
    idle_s: float = 0.0  # without keys or mouse so far; counts on by itself unless IN_USE; NaN: not known


@dataclass(frozen=True, slots=True)
class ClockAnchor:
    """What the clock on the wall showed at `at_s`; the newest one holds. Every minute or so, and when it jumps."""

    at_s: float
    utc_s: float  # s since the Unix epoch
    offset_s: float  # of local time from UTC


@dataclass(frozen=True, slots=True)
class Slept:
    """The computer woke at `at_s` from a sleep that the session's clock did not count."""

    at_s: float
    slept_s: float
