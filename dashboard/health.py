"""Whether what is shown is live, and what a person should do about it if not. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from analysis.io.sources import DESK
from analysis.model import Quality
from analysis.schema import LinkStatus, Status

STALE_S = 10.0  # a part that has said nothing for this long counts as stopped
LOW_BATTERY_PERCENT = 15

SIMULATED = "simulated"
REPLAY = "replay"


class Weight(IntEnum):
    """How a notice is drawn, heaviest first."""

    MADE_UP = 0  # what is shown is no measurement of the wearer
    PROBLEM = 1  # nothing new arrives until somebody does something
    ADVICE = 2


@dataclass(frozen=True, slots=True)
class Notice:
    weight: Weight
    title: str  # may be empty
    text: str = ""


MEANWHILE = Notice(
    Weight.ADVICE,
    "",
    "Your own breaks are counted meanwhile, by the clock and the keyboard, and you are told of them; "
    "`upstand break status` says how they stand.",
)
"""Above another wearer's pages."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the parts of the system last said of themselves."""

    bridge: Status | None
    service: Status | None
    session_source: str  # of the newest session; empty without one
    quality: int  # Quality bits of the newest frame; 0 without one
    now: float  # s since the Unix epoch

    @property
    def source(self) -> str:
        """Where the samples come from: the newest word on it."""
        return (self.bridge.source if self.bridge else "") or self.session_source

    @property
    def links(self) -> list[LinkStatus]:
        return self.bridge.links if self.bridge else []

    def is_up(self, part: Status | None) -> bool:
        """Whether a part runs; one whose clock runs ahead of ours (simulated time) does."""
        return part is not None and part.online and self.now - part.at <= STALE_S

    @property
    def is_live(self) -> bool:
        """Whether the newest frame is the present moment."""
        streaming = any(link.state == "streaming" for link in self.links)
        return self.is_up(self.service) and self.is_up(self.bridge) and streaming

    @property
    def is_counting(self) -> bool:
        """Whether breaks are counted at this moment: by the sensors, or by the clock and the keyboard."""
        return self.is_live or self.is_counting_by_desk

    @property
    def is_counting_by_desk(self) -> bool:
        return self.is_by_desk and self.is_up(self.service)

    @property
    def is_by_desk(self) -> bool:
        return self.session_source == DESK and self.service is not None and self.service.source == DESK


def notices(health: Health) -> list[Notice]:
    """All that has to be said on every page, heaviest first."""
    found = [*_made_up(health), *_stopped(health)]
    if health.is_by_desk:
        found += _notes(health)
    elif not any(notice.weight is Weight.PROBLEM for notice in found):
        found += [*_calibration(health), *_sensors(health), *_notes(health)]
    return sorted(found, key=lambda notice: notice.weight)


def _made_up(health: Health) -> list[Notice]:
    note = health.bridge.note if health.bridge else ""
    if health.source == SIMULATED:
        return [
            Notice(
                Weight.MADE_UP,
                "SIMULATED — no real sensor is worn",
                note or "Every number here is made up by a program.",
            )
        ]
    if health.source == REPLAY:
        over = "" if health.is_up(health.bridge) else ", which has ended"
        return [
            Notice(
                Weight.MADE_UP,
                f"REPLAY of a recording{over}",
                note or "These movements were recorded earlier; nobody makes them now.",
            )
        ]
    return []


def _stopped(health: Health) -> list[Notice]:
    if health.bridge is None and health.service is None and not health.session_source:
        return [
            Notice(
                Weight.PROBLEM,
                "Nothing has been recorded yet",
                "Start Upstand with `upstand run`; `upstand doctor` says what is missing if it does not start.",
            )
        ]
    if health.source == REPLAY:
        return []  # the banner says whether it has ended, and nothing needs to be done
    if not health.is_up(health.service):
        return [
            Notice(
                Weight.PROBLEM,
                "The analysis is not running",
                f"Nothing new has come in{_since(health, health.service)}. Start it with `upstand run`.",
            )
        ]
    if health.is_by_desk:
        return [
            Notice(
                Weight.ADVICE,
                "No sensor is worn",
                "Breaks go by the clock and the keyboard, and nothing is known of how you sit. Put both sensors on"
                f"{'' if health.is_up(health.bridge) else ' and start `upstand run`'} for the rest.",
            )
        ]
    if not health.is_up(health.bridge):
        return [
            Notice(
                Weight.PROBLEM,
                "The bridge to the sensors is not running",
                f"No movement has come in{_since(health, health.bridge)}. Start it with `upstand run`, or with "
                "`upstand bridge` on the machine beside the sensors.",
            )
        ]
    return []


def _since(health: Health, part: Status | None) -> str:
    if part is None or part.at <= 0.0:  # a last will does not know when it is spoken
        return ""
    minutes = max(0.0, health.now - part.at) / 60
    if minutes < 1:
        return " for some seconds" if not part.online else " for less than a minute"
    if minutes < 90:
        return f" for {round(minutes)} min"
    return f" for {round(minutes / 60)} h" if minutes < 36 * 60 else f" for {round(minutes / 1440)} days"


def _sensors(health: Health) -> list[Notice]:
    if not health.links:
        return [
            Notice(
                Weight.PROBLEM,
                "No sensor has been found yet",
                "Switch both sensors on and keep them within a few metres.",
            )
        ]
    found = []
    for link in health.links:
        name = f"The {link.segment} sensor"
        if link.state == "lost":
            found.append(
                Notice(Weight.PROBLEM, f"{name} is lost", "Switch it on and come closer; it reconnects by itself.")
            )
        elif link.state != "streaming":
            found.append(Notice(Weight.ADVICE, f"{name} is {link.state}", "This should take only a few seconds."))
        elif link.worn is False:
            found.append(Notice(Weight.ADVICE, f"{name} does not seem to be worn", "Put it on, then calibrate again."))
        if link.battery_percent is not None and link.battery_percent <= LOW_BATTERY_PERCENT:
            found.append(
                Notice(
                    Weight.ADVICE, f"{name} has {link.battery_percent} % battery left", "Charge it at the next break."
                )
            )
    return found


def _calibration(health: Health) -> list[Notice]:
    if not health.quality & Quality.NOT_CALIBRATED:
        return []
    text = "Stand upright and still, arms hanging, then press Calibrate on the page Now. It takes five seconds."
    return [Notice(Weight.ADVICE, "Not calibrated: your own upright is not known yet", text)]


def _notes(health: Health) -> list[Notice]:
    """What the parts themselves want said, where it is not already part of the banner above."""
    parts = [health.service] if health.source in (SIMULATED, REPLAY) else [health.bridge, health.service]
    return [Notice(Weight.ADVICE, "", part.note) for part in parts if part is not None and part.note]


def loss_percent(link: LinkStatus) -> float:
    """Samples lost of all sent; NaN before the first one."""
    sent = link.samples + link.lost
    return 100.0 * link.lost / sent if sent else math.nan
