"""The electronics: limits hold, every part is wired, and the pins are the firmware's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hardware.electronics import limits
from hardware.electronics.wiring import BUTTON_PIN, MOTOR_PIN, NETS, PARTS, wiring_drawing

_FIRMWARE = Path(__file__).parents[3] / "hardware" / "firmware" / "code.py"


def test_the_limits_hold() -> None:
    assert [str(check) for check in limits.checks() if not check.holds] == []


def test_a_stronger_motor_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOTOR_OHM", 25.0)
    failed = [check.name for check in limits.checks() if not check.holds]
    assert "401230 (100 mAh): discharged while it buzzes at" in failed


def test_a_faster_charge_is_noticed_for_the_small_cell_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHARGE_MA", limits.CHARGE_FAST_MA)
    failed = [check.name for check in limits.checks() if not check.holds]
    assert failed == ["401230 (100 mAh): charged at"]


def test_a_motor_by_hand() -> None:
    """Adafruit gives 60 mA at 3 V and 80 mA at 4 V."""
    assert limits.motor_ma(3000.0) == pytest.approx(60.0)
    assert limits.motor_ma(4000.0) == pytest.approx(80.0)
    assert limits.charge_hours(250.0) == pytest.approx(6.5)


def test_the_pins_are_those_of_the_firmware() -> None:
    source = _FIRMWARE.read_text(encoding="utf-8")
    named = dict(re.findall(r"^(\w+_PIN) = board\.(\w+)$", source, flags=re.MULTILINE))
    assert named == {"MOTOR_PIN": MOTOR_PIN, "BUTTON_PIN": BUTTON_PIN}


def test_every_leg_is_joined_once_and_every_part_is_listed() -> None:
    joints = [joint for net in NETS.values() for joint in net]
    assert len(joints) == len(set(joints))
    assert {joint.split()[0] for joint in joints} == {part.name for part in PARTS}
    legs = {part.name: sum(joint.startswith(part.name + " ") for joint in joints) for part in PARTS}
    assert legs == {"U1": 5, "B1": 2, "M1": 2, "Q1": 3, "D1": 2, "R1": 2, "S1": 2}


def test_the_drawing_names_every_part() -> None:
    drawn = wiring_drawing()
    for part in PARTS:
        shown = {"U1": "XIAO", "B1": "LiPo"}.get(part.name, part.name)
        assert shown in drawn


def test_the_readme_lists_these_parts_and_joints() -> None:
    readme = (_FIRMWARE.parents[1] / "electronics" / "README.md").read_text(encoding="utf-8")
    for part in PARTS:
        assert f"| {part.name} | {part.what} | {part.number} |" in readme
    for net, joints in NETS.items():
        assert f"| {net} | {', '.join(joints)} |" in readme


def test_the_readme_tells_these_limits() -> None:
    readme = (_FIRMWARE.parents[1] / "electronics" / "README.md").read_text(encoding="utf-8")
    values = {check.name: check.value for check in limits.checks()}
    assert f"| motor, running at 4.2 V | {limits.motor_ma(limits.CELL_FULL_MV):g} mA |" in readme
    assert f"| diode | {values['diode, when the motor is switched off']:g} mA |" in readme
    assert f"| 100 mAh: charge | {values['401230 (100 mAh): charged at']:g} C |" in readme
    assert f"buzzing | {values['401230 (100 mAh): discharged while it buzzes at']:.2f} C |" in readme
    assert f"starting | {values['401230 (100 mAh): discharged while the motor starts at']:.2f} C |" in readme
