"""A XIAO nRF52840 Sense under CPython: the modules that code.py imports, over the virtual radio and the IMU's model.

Of what CircuitPython 10 does on this chip it keeps what a program can stumble over: a write buffer that drops what
does not fit, values longer than their characteristic refused, notifications that hold the program up until they are
under way, one advertisement of at most 31 bytes, a non-volatile memory that takes equal lengths only.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, TypeVar

from bumble import core
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service

from hardware.firmware import imu
from hardware.twin.ciphers import HostCiphers
from hardware.twin.lsm6ds3 import Lsm6ds3

NVM_BYTES = 8192
PINS = ("D2", "D3", "IMU_PWR", "IMU_SCL", "IMU_SDA", "LED_RED", "READ_BATT_ENABLE", "VBATT")
TIMEOUT_S = 10.0

_Result = TypeVar("_Result")


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
        self._radio = _Radio(device, asyncio.get_running_loop())
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
            "_bleio": self._radio.module(),
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


class _Radio:
    """`_bleio`, the peripheral's side, on a Bumble device that belongs to another thread's loop."""

    def __init__(self, device: Device, loop: asyncio.AbstractEventLoop) -> None:
        self._device, self._loop = device, loop
        self._services: list[tuple[str, list[_Channel]]] = []
        self.enabled = False
        self.name = "CIRCUITPY"
        self._is_built = False
        self._links: tuple[_Link, ...] = ()

    def module(self) -> ModuleType:
        """What `import _bleio` gives."""
        attribute = SimpleNamespace(NO_ACCESS=0x00, OPEN=0x11)
        return _module(
            "_bleio",
            adapter=self,
            Service=self._service,
            UUID=str,
            Attribute=attribute,
            Characteristic=_CharacteristicClass(self),
            PacketBuffer=_PacketBuffer,
            BluetoothError=RuntimeError,
        )

    @property
    def advertising(self) -> bool:
        return bool(self._device.is_advertising)

    @property
    def connected(self) -> bool:
        return bool(self._device.connections)

    @property
    def connections(self) -> tuple[_Link, ...]:
        known = {link.connection: link for link in self._links}
        self._links = tuple(
            known.get(connection) or _Link(self, connection) for connection in list(self._device.connections.values())
        )
        return self._links

    def start_advertising(self, data: bytes, *, scan_response: bytes, interval: float) -> None:
        if max(len(data), len(scan_response)) > 31:
            raise ValueError("an extended advertisement is not modelled")
        self.wait_for(self._advertise(data, scan_response, interval))

    def wait_for(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT_S)

    def notify(self, channel: _Channel, value: bytes) -> None:
        if self._is_built and self.connected:
            self.wait_for(self._device.notify_subscribers(channel.served, value))

    def _service(self, uuid: str) -> list[_Channel]:
        channels: list[_Channel] = []
        self._services.append((uuid, channels))
        return channels

    async def _advertise(self, data: bytes, response: bytes, interval: float) -> None:
        if not self._is_built:
            for uuid, channels in self._services:
                self._device.add_service(Service(core.UUID(uuid), [channel.served for channel in channels]))
            self._is_built = True
        if not self._device.is_advertising:
            await self._device.start_advertising(
                advertising_data=data,
                scan_response_data=response,
                advertising_interval_min=interval * 1e3,
                advertising_interval_max=interval * 1e3,
            )


class _Link:
    def __init__(self, radio: _Radio, link: Connection) -> None:
        self._radio, self.connection = radio, link

    @property
    def max_packet_length(self) -> int:
        return self.connection.att_mtu - 3

    def disconnect(self) -> None:
        self._radio.wait_for(self.connection.disconnect())


class _Channel:
    """One characteristic."""

    def __init__(self, radio: _Radio, uuid: str, properties: int, max_length: int) -> None:
        self._radio = radio
        self._most = max_length
        self._value = b""
        self.sinks: list[Callable[[bytes], None]] = []
        self._is_notified = bool(properties & Characteristic.Properties.NOTIFY)
        permissions = Characteristic.Permissions(0)
        if properties & Characteristic.Properties.READ:
            permissions |= Characteristic.Permissions.READABLE
        if properties & Characteristic.Properties.WRITE:
            permissions |= Characteristic.Permissions.WRITEABLE
        self.served: Characteristic[bytes] = Characteristic(
            uuid,
            Characteristic.Properties(properties),
            permissions,
            CharacteristicValue(read=lambda _link: self._value, write=self._written),
        )

    @property
    def value(self) -> bytes:
        return self._value

    @value.setter
    def value(self, value: bytes) -> None:
        if len(value) > self._most:
            raise ValueError("Value length > max_length")
        self._value = bytes(value)
        if self._is_notified:
            self._radio.notify(self, self._value)

    def _written(self, _link: Connection, value: bytes) -> None:
        for sink in self.sinks:
            sink(bytes(value[: self._most]))


class _CharacteristicClass:
    """`_bleio.Characteristic`, of which only this much is used."""

    READ, WRITE, NOTIFY = 0x02, 0x08, 0x10

    def __init__(self, radio: _Radio) -> None:
        self._radio = radio

    def add_to_service(
        self,
        service: list[_Channel],
        uuid: str,
        *,
        properties: int,
        read_perm: int,
        write_perm: int,
        max_length: int,
        fixed_length: bool,
    ) -> _Channel:
        if fixed_length or max_length > 512 or not read_perm:
            raise ValueError("this is not modelled")
        if bool(write_perm) != bool(properties & self.WRITE):
            raise ValueError("what may be written must be permitted, and nothing else")
        channel = _Channel(self._radio, uuid, properties, max_length)
        service.append(channel)
        return channel


class _PacketBuffer:
    """Whole writes, as many as fit."""

    def __init__(self, channel: _Channel, *, buffer_size: int, max_packet_size: int) -> None:
        self._waiting: deque[bytes] = deque()
        self._most, self._size = buffer_size, max_packet_size
        channel.sinks.append(self._take)

    def readinto(self, into: bytearray) -> int:
        if not self._waiting:
            return 0
        packet = self._waiting.popleft()
        into[: len(packet)] = packet
        return len(packet)

    def _take(self, value: bytes) -> None:
        if len(self._waiting) < self._most:
            self._waiting.append(value[: self._size])


def _module(name: str, **members: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module


@contextmanager
def running(board: Board, program: Callable[[], None]) -> Iterator[None]:
    """`program` on a thread of its own until the block ends; raises what it died of."""
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
        yield
    finally:
        board.power_off()
    if ended:
        raise ended[0]
