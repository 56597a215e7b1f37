"""A XIAO nRF52840 Sense under CPython: the modules that code.py imports, over the virtual radio and the IMU's model.

Of what CircuitPython 10 does on this chip it keeps what a program can stumble over: a radio that drops, refuses and
waits (see `bleio`), a non-volatile memory that takes equal lengths only.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

from bumble.device import Device

from hardware.firmware import imu
from hardware.twin.bleio import Bleio
from hardware.twin.ciphers import HostCiphers
from hardware.twin.lsm6ds3 import Lsm6ds3

NVM_BYTES = 8192
PINS = ("D2", "D3", "IMU_PWR", "IMU_SCL", "IMU_SDA", "LED_RED", "READ_BATT_ENABLE", "VBATT")


class PowerOffError(BaseException):
    """Ends the firmware, as nothing in it may."""


class Nvm(bytearray):
    """`microcontroller.nvm`: its length is its length."""

    def __setitem__(self, at: Any, value: Any) -> None:
        if isinstance(at, slice) and len(self[at]) != len(value):
            raise ValueError("the slice and what is put there are not of one length")
        super().__setitem__(at, value)


class Board:
    """One board. `modules` are what its programs import; `levels` the outputs, with the time of each change."""

    def __init__(self, device: Device, model: Lsm6ds3, *, nvm: Nvm | None = None, battery: int = 26000) -> None:
        """To be made on the event loop of `device`, which must be powered on."""
        self.nvm = nvm if nvm is not None else Nvm(NVM_BYTES)
        self.levels: dict[str, list[tuple[float, bool]]] = {}
        self.inputs = {"D3": True}  # the button, not pressed
        self.turns = 0
        self._battery = battery
        self._radio = Bleio(device, asyncio.get_running_loop())
        self._bus = _TimedBus(model)
        self._is_off = threading.Event()

    def power_off(self) -> None:
        """The program that runs on it ends at its next look at the watchdog."""
        self._is_off.set()

    def modules(self) -> Mapping[str, ModuleType]:
        pull = SimpleNamespace(UP="up")
        reasons = SimpleNamespace(RESET_PIN="reset pin", POWER_ON="power on")
        chip = {
            "nvm": self.nvm,
            "watchdog": _Watchdog(self._fed),
            "cpu": SimpleNamespace(reset_reason=reasons.POWER_ON),
            "ResetReason": reasons,
            "Pin": str,
        }
        return {
            "_bleio": _module("_bleio", **self._radio.members()),
            "aesio": _module("aesio", AES=_Aes, MODE_CTR=6),
            "analogio": _module("analogio", AnalogIn=lambda _pin: SimpleNamespace(value=self._battery)),
            "board": _module("board", **{pin: pin for pin in PINS}),
            "busio": _module("busio", I2C=self._i2c),
            "digitalio": _module("digitalio", DigitalInOut=lambda pin: _Digital(self, pin), Pull=pull),
            "microcontroller": _module("microcontroller", **chip),
            "watchdog": _module("watchdog", WatchDogMode=SimpleNamespace(RESET="reset")),
        }

    def _i2c(self, _scl: str, _sda: str, *, frequency: int) -> imu.Bus:
        if not self.levels.get("IMU_PWR") or not self.levels["IMU_PWR"][-1][1]:
            raise RuntimeError("No pull up found on SDA or SCL; check your wiring")
        if frequency > 400000:
            raise ValueError("the IMU's bus runs at 400 kHz at most")
        return self._bus

    def _fed(self) -> None:
        self.turns += 1
        if self._is_off.is_set():
            raise PowerOffError


class _Watchdog:
    def __init__(self, fed: Callable[[], None]) -> None:
        self.timeout = 0.0
        self.mode = ""
        self.feed = fed


class _Digital:
    """One pin."""

    def __init__(self, board: Board, pin: str) -> None:
        self._board, self._pin = board, pin

    def switch_to_output(self, *, value: bool) -> None:
        self.value = value

    def switch_to_input(self, *, pull: str) -> None:
        self._board.inputs.setdefault(self._pin, pull == "up")

    @property
    def value(self) -> bool:
        if self._pin in self._board.inputs:
            return self._board.inputs[self._pin]
        return self._board.levels[self._pin][-1][1]

    @value.setter
    def value(self, level: bool) -> None:
        changes = self._board.levels.setdefault(self._pin, [])
        if not changes or changes[-1][1] != level:
            changes.append((time.monotonic(), level))


class _TimedBus(imu.Bus):
    """The chip's true time is ours."""

    def __init__(self, model: Lsm6ds3) -> None:
        self._model = model
        self._from_s = time.monotonic()

    def try_lock(self) -> bool:
        self._model.advance(time.monotonic() - self._from_s)
        return self._model.try_lock()

    def unlock(self) -> None:
        self._model.unlock()

    def writeto(self, address: int, buffer: bytes) -> None:
        self._model.writeto(address, buffer)

    def writeto_then_readfrom(self, address: int, out: bytes, into: bytearray) -> None:
        self._model.writeto_then_readfrom(address, out, into)


class _Aes:
    def __init__(self, key: bytes, mode: int, start: bytes) -> None:
        if mode != 6:
            raise NotImplementedError("counter mode alone is modelled")
        self._key, self._start = key, start

    def encrypt_into(self, data: bytes, out: bytearray) -> None:
        out[:] = HostCiphers().ctr(self._key, self._start, data)


def _module(name: str, **members: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module


@contextmanager
def running(board: Board, program: Callable[[], None]) -> Iterator[threading.Thread]:
    """`program` on a thread of its own, which is yielded, until the block ends; raises what it died of."""
    ended: list[BaseException] = []

    def run() -> None:
        try:
            program()
        except PowerOffError:
            pass
        except BaseException as error:  # noqa: BLE001 - carried to the thread that waits for it
            ended.append(error)

    thread = threading.Thread(target=run, name="firmware", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        board.power_off()
    if ended:
        raise ended[0]
