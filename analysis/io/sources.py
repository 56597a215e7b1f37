"""Where a session comes from."""

from __future__ import annotations

RADIO = "radio"  # sensors that somebody wears now; else "simulated" or "replay"
DESK = "desk"  # the clock and the keyboard, while no sensor is worn
OF_A_PERSON = (RADIO, DESK)  # who is there now, and neither simulated nor replayed
