"""Descriptions of sensor families in TOML files: ours in `families/`, and those a person names in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.errors import PostureError
from analysis.registry import discover
from firmware_bridge import drivers
from firmware_bridge.driver import Driver
from firmware_bridge.drivers.generic import driver_of

FAMILIES = Path(__file__).parent / "families"


def all_drivers(described: Sequence[Path] = ()) -> dict[str, Driver]:
    """Every family by name; a person's own descriptions come before those in FAMILIES. Raises PostureError."""
    found = {driver.family: driver for driver in map(_read, described)}
    found |= discover(drivers, "DRIVER", Driver)
    for path in sorted(FAMILIES.glob("*.toml")):
        driver = _read(path)
        found.setdefault(driver.family, driver)
    return found


def _read(path: Path) -> Driver:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PostureError(f"{path} cannot be read ({error}); correct `described` under [sensors].") from error
    return driver_of(text, str(path))
