"""Currents and voltages against what the parts stand, in mA, mV and Ω, by the data sheets that are named.

What is not in a data sheet says so.
"""

from __future__ import annotations

from hardware.enclosure.fits import Check
from hardware.enclosure.parts import CELLS

# LiPo
CELL_FULL_MV, CELL_EMPTY_MV = 4200.0, 3300.0  # the firmware calls 3.3 V empty

# Adafruit 1201, 10 mm coin motor, 2 to 5 V: 40, 60, 80 and 100 mA at 2, 3, 4 and 5 V (Adafruit), so 50 Ω when it turns
MOTOR_OHM = 50.0
MOTOR_MAX_MV = 5000.0
MOTOR_START = 2.0  # its starting current is not given; coin motors take up to twice the running one for some 50 ms

# Nordic, nRF52840 Product Specification 1.7, GPIO: standard drive gives at least 1 mA, its pull-ups have 11 to 16 kΩ
PIN_STANDARD_MA = 1.0
PIN_HIGH_MV = 3300.0 - 400.0
PULL_UP_OHM = 11000.0

# Diodes Inc. DMN2050L: 1.4 V threshold at most, 50 mΩ at 2.5 V on the gate, 20 V, 5.9 A
GATE_THRESHOLD_MV, GATE_ON_MV, DRAIN_OHM = 1400.0, 2500.0, 0.050
PULL_DOWN_OHM = 100e3

# Diodes Inc. 1N5819HW: 40 V, 1 A
DIODE_MAX_MA, DIODE_MAX_MV = 1000.0, 40000.0

# Seeed, XIAO nRF52840: the charger gives 50 mA, or 100 mA while P0.13 is driven low; TI BQ25100 stops at 4.2 V
CHARGE_MA = 50.0
CHARGE_FAST_MA = 100.0
TOP_UP = 1.3  # the last part is charged with less and less current

BOARD_MA = 15.0  # everything on the XIAO at its busiest, radio and flash together, rounded up
BUTTON_MAX_MA = 50.0  # C&K PTS635


def motor_ma(cell_mv: float) -> float:
    """What the motor takes while it turns."""
    return cell_mv / MOTOR_OHM


def charge_hours(capacity_mah: float, charge_ma: float = CHARGE_MA) -> float:
    """From empty to full."""
    return TOP_UP * capacity_mah / charge_ma


def checks() -> list[Check]:
    """All that must hold, for each cell the clip takes."""
    running = motor_ma(CELL_FULL_MV)
    starting = MOTOR_START * running
    found = [
        Check(
            "motor straight from a pin would ask of it (why there is a transistor)", running, PIN_STANDARD_MA, unit="mA"
        ),
        Check("voltage of the motor", CELL_FULL_MV, 2000.0, MOTOR_MAX_MV, "mV"),
        Check("voltage of the motor, cell empty", CELL_EMPTY_MV, 2000.0, MOTOR_MAX_MV, "mV"),
        Check("gate above its threshold", PIN_HIGH_MV, max(GATE_ON_MV, 1.5 * GATE_THRESHOLD_MV), 12000.0, "mV"),
        Check("lost over the transistor", starting * DRAIN_OHM, 0.0, 50.0, "mV"),
        Check("pin, into the gate's pull-down", PIN_HIGH_MV / PULL_DOWN_OHM, 0.0, PIN_STANDARD_MA, "mA"),
        Check("diode, when the motor is switched off", starting, 0.0, DIODE_MAX_MA, "mA"),
        Check("voltage across the diode", CELL_FULL_MV, 0.0, DIODE_MAX_MV, "mV"),
        Check("button, from its pull-up", PIN_HIGH_MV / PULL_UP_OHM, 0.0, BUTTON_MAX_MA, "mA"),
    ]
    for cell in CELLS:
        rate = f"{cell.name} ({cell.capacity_mah:g} mAh)"
        found += [
            Check(f"{rate}: charged at", CHARGE_MA / cell.capacity_mah, 0.0, 0.5, "C"),
            Check(f"{rate}: discharged while it buzzes at", (running + BOARD_MA) / cell.capacity_mah, 0.0, 1.0, "C"),
            Check(
                f"{rate}: discharged while the motor starts at",
                (starting + BOARD_MA) / cell.capacity_mah,
                0.0,
                2.0,
                "C",
            ),
            Check(f"{rate}: hours to charge", charge_hours(cell.capacity_mah), 0.0, 12.0, "h"),
        ]
    return found
