"""Who is worn where: the settings, the name, the address, in this order."""

from __future__ import annotations

from random import Random

import pytest
from bleak.backends.device import BLEDevice

from analysis.model import Segment
from analysis.registry import discover
from firmware_bridge import drivers
from firmware_bridge.backoff import Backoff
from firmware_bridge.ble import Sighting
from firmware_bridge.choose import choose, known
from firmware_bridge.driver import Driver

DRIVERS = discover(drivers, "DRIVER", Driver)


def seen(address: str, name: str, *services: str) -> Sighting:
    return Sighting(address, name, services, BLEDevice(address, name, None))


def worn(sightings: list[Sighting], pelvis: str = "", lumbar: str = "") -> dict[str, str]:
    chosen = choose(sightings, DRIVERS, {Segment.PELVIS: pelvis, Segment.LUMBAR: lumbar})
    return {segment.value: one.sighting.address for segment, one in chosen.items()}


OURS = [seen("02", "Upstand L 1"), seen("01", "Upstand P 1"), seen("00", "Somebody's watch")]
WITS = [seen("0C", "WT901BLE67"), seen("0A", "WT901BLE67"), seen("0B", "WT901BLE67")]


def test_our_names_decide() -> None:
    assert worn(OURS) == {"pelvis": "01", "lumbar": "02"}
    chosen = choose(OURS, DRIVERS, {})
    assert not any(one.is_guess for one in chosen.values())


def test_equal_names_go_by_address_and_say_so() -> None:
    assert worn(WITS) == {"pelvis": "0A", "lumbar": "0B"}
    assert all(one.is_guess for one in choose(WITS, DRIVERS, {}).values())


def test_wishes_come_first() -> None:
    assert worn(WITS, pelvis="0c") == {"pelvis": "0C", "lumbar": "0A"}
    assert worn(OURS, pelvis="upstand l", lumbar="Upstand P") == {"pelvis": "02", "lumbar": "01"}
    assert worn(WITS, lumbar="0A") == {"pelvis": "0B", "lumbar": "0A"}


def test_a_wish_that_is_not_there_is_waited_for() -> None:
    assert worn([*WITS, *OURS], pelvis="0F") == {"lumbar": "02"}


def test_hints_in_names() -> None:
    assert worn([seen("01", "WT lumbar"), seen("02", "WT Pelvis")]) == {"pelvis": "02", "lumbar": "01"}


def test_one_family_each() -> None:
    assert worn([*WITS, seen("02", "Upstand L")]) == {"pelvis": "0A", "lumbar": "02"}


def test_a_name_not_heard_yet_is_waited_for() -> None:
    service = DRIVERS["upstand"].service
    assert worn([seen("01", "", service), seen("02", "", service)]) == {}
    assert worn([seen("01", "", service), seen("02", "", service)], lumbar="01") == {"lumbar": "01"}


def test_a_chest_strap_is_worn_only_where_somebody_asks_for_it() -> None:
    strap = seen("01", "Polar H10 12345678")
    assert worn([strap, *OURS[2:]]) == {}
    assert worn([strap]) == {}
    assert worn([strap], lumbar="H10") == {"lumbar": "01"}
    assert worn([seen("01", "Polar H10 sacrum")]) == {"pelvis": "01"}


def test_one_device_is_worn_once() -> None:
    assert worn([seen("01", "Upstand P")], pelvis="Upstand", lumbar="Upstand") == {"pelvis": "01"}


def test_the_doctor_is_told_what_they_lack() -> None:
    assert known([OURS[2]], DRIVERS) == "None of them is a sensor that Upstand knows."
    told = known([OURS[0], seen("02", "Polar H10 1"), OURS[2]], DRIVERS)
    strap = "Polar H10 1 (polar_h10; no counter, no gyroscope: angles in movement are rough)"
    assert told == f"Sensors among them: Upstand L 1 (upstand), {strap}."


@pytest.mark.parametrize("seed", range(5))
def test_delays_grow_to_a_limit_and_begin_anew(seed: int) -> None:
    backoff = Backoff(Random(seed), first_s=0.5, most_s=20.0)
    delays = [backoff.next_s() for _ in range(12)]
    for k, delay_s in enumerate(delays):
        most_s = min(0.5 * 2**k, 20.0)
        assert most_s / 2 <= delay_s <= most_s
    backoff.reset()
    assert backoff.next_s() <= 0.5


def test_two_links_drift_apart() -> None:
    rng = Random(3)
    one, other = Backoff(rng), Backoff(rng)
    assert [one.next_s() for _ in range(3)] != [other.next_s() for _ in range(3)]
