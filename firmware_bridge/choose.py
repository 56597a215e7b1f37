"""Which of the devices on the air is worn where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.lacks import ROUGH
from analysis.model import Segment
from firmware_bridge.ble import Sighting
from firmware_bridge.driver import Driver

# What people write on a sensor whose name can be changed
_HINTS = {
    Segment.PELVIS: ("pelvis", "sacrum", "hip"),
    Segment.LUMBAR: ("lumbar", "spine", "back"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sensor and where it is worn."""

    segment: Segment
    driver: Driver
    sighting: Sighting
    is_guess: bool = False  # neither the settings nor its name said where


def choose(
    sightings: Sequence[Sighting], drivers: Mapping[str, Driver], wishes: Mapping[Segment, str]
) -> dict[Segment, Chosen]:
    """The settings decide, then the name on the air, then the order of addresses: pelvis before lumbar.

    A wish is an address or a part of the name; an empty one leaves it to the rest. A device whose name has not
    been heard yet is chosen only by its address, and one without a gyroscope only by a wish or because its name says
    where it is worn: a chest strap on the air is there for another purpose.
    """
    known = [
        (driver, sighting)
        for sighting in sorted(sightings, key=lambda seen: seen.address)
        for driver in drivers.values()
        if driver.matches(sighting.name, sighting.services)
    ]
    chosen: dict[Segment, Chosen] = {}

    def take(segment: Segment, driver: Driver, sighting: Sighting, *, is_guess: bool = False) -> None:
        if segment not in chosen and all(other.sighting.address != sighting.address for other in chosen.values()):
            chosen[segment] = Chosen(segment, driver, sighting, is_guess)

    for segment, wish in wishes.items():
        for driver, sighting in known:
            if wish and _is_wished(sighting, wish):
                take(segment, driver, sighting)
    open_segments = [segment for segment in Segment if not wishes.get(segment)]
    named = [(driver, sighting) for driver, sighting in known if sighting.name]
    for segment in open_segments:
        for driver, sighting in named:
            if _named_place(driver, sighting.name) is segment:
                take(segment, driver, sighting)
    for segment in open_segments:
        for driver, sighting in named:
            is_free = _named_place(driver, sighting.name) is None and not _is_wished_by_any(sighting, wishes)
            if is_free and driver.has_gyroscope:
                take(segment, driver, sighting, is_guess=True)
    return chosen


def known(sightings: Sequence[Sighting], drivers: Mapping[str, Driver]) -> str:
    """Which of them are sensors and what those lack, in one sentence."""
    told = [
        f"{sighting.name} ({driver.family}{_lacking(driver)})"
        for sighting in sightings
        for driver in drivers.values()
        if driver.matches(sighting.name, sighting.services)
    ]
    return f"Sensors among them: {', '.join(told)}." if told else "None of them is a sensor that Upstand knows."


def _lacking(driver: Driver) -> str:
    told = f"; no {', no '.join(driver.lacks)}" if driver.lacks else ""
    return told if driver.has_gyroscope else f"{told}: {ROUGH}"


def _is_wished(sighting: Sighting, wish: str) -> bool:
    return sighting.address.lower() == wish.lower() or wish.lower() in sighting.name.lower()


def _is_wished_by_any(sighting: Sighting, wishes: Mapping[Segment, str]) -> bool:
    return any(wish and _is_wished(sighting, wish) for wish in wishes.values())


def _named_place(driver: Driver, name: str) -> Segment | None:
    place = driver.place(name)
    if place is not None:
        return place
    hinted = [segment for segment, hints in _HINTS.items() if any(hint in name.lower() for hint in hints)]
    return hinted[0] if len(hinted) == 1 else None
