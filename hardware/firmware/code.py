"""CircuitPython's main program on a Seeed XIAO nRF52840 Sense: the board's own pins, radio and ciphers."""

import hashlib
import os
import time

import _bleio
import aesio
import analogio
import board
import busio
import digitalio
import microcontroller
from watchdog import WatchDogMode  # type: ignore[attr-defined]  # another package has this name on a computer

from hardware.firmware import settings as settings_file
from hardware.firmware import wire
from hardware.firmware.device import CONTROL, STATUS, STREAM, Device, Pins, Radio
from hardware.firmware.folder import Folder, Nowhere
from hardware.firmware.imu import Imu
from hardware.firmware.memory import KEY_FILE, Memory, key_text
from hardware.firmware.seal import KEY_BYTES, Ciphers
from hardware.firmware.settings import Settings, SettingsError
from hardware.firmware.spill import Files

MOTOR_PIN = board.D2
BUTTON_PIN = board.D3
IDLE_S = 0.02
WATCHDOG_S = 8.0
ADVERTISING_S = 0.25
IMU_BOOT_S = 0.05  # data sheet: 15 ms after its supply has come


class BoardCiphers(Ciphers):
    """hashlib, aesio, and the random numbers of the chip."""

    def sha256(self, data: bytes) -> bytes:
        return hashlib.new("sha256", data).digest()

    def ctr(self, key: bytes, start: bytes, data: bytes) -> bytes:
        out = bytearray(len(data))
        aesio.AES(key, aesio.MODE_CTR, start).encrypt_into(data, out)
        return bytes(out)

    def random(self, count: int) -> bytes:
        return os.urandom(count)


class BoardRadio(Radio):
    """One service with three characteristics; advertises whenever nobody is connected."""

    def __init__(self, name: str) -> None:
        permission = _bleio.Attribute
        kind = _bleio.Characteristic
        self._adapter = _bleio.adapter
        self._adapter.enabled = True
        self._adapter.name = name
        service = _bleio.Service(_bleio.UUID(wire.SERVICE_UUID))

        def characteristic(uuid: str, properties: int, most: int, write_perm: int) -> _bleio.Characteristic:
            return kind.add_to_service(
                service,
                _bleio.UUID(uuid),
                properties=properties,
                read_perm=permission.OPEN,
                write_perm=write_perm,
                max_length=most,
                fixed_length=False,
            )

        self._channels = {
            STREAM: characteristic(wire.STREAM_UUID, kind.NOTIFY, 180, permission.NO_ACCESS),
            CONTROL: characteristic(wire.CONTROL_UUID, kind.WRITE | kind.NOTIFY, 64, permission.OPEN),
            STATUS: characteristic(wire.STATUS_UUID, kind.READ | kind.NOTIFY, 40, permission.NO_ACCESS),
        }
        self._writes = _bleio.PacketBuffer(self._channels[CONTROL], buffer_size=4, max_packet_size=64)
        self._write = bytearray(64)
        self._linked = None
        self._links = 0
        uuid = bytes(reversed(_from_hex(wire.SERVICE_UUID.replace("-", ""))))
        self._advertisement = b"\x02\x01\x06" + bytes((17, 0x07)) + uuid
        letters = name.encode()
        self._response = bytes((len(letters) + 1, 0x09)) + letters

    def link(self) -> int:
        links = self._adapter.connections
        if not links:
            self._linked = None
            if not self._adapter.advertising:
                self._adapter.start_advertising(
                    self._advertisement, scan_response=self._response, interval=ADVERTISING_S
                )
            return 0
        if links[0] is not self._linked:
            self._linked = links[0]
            self._links += 1
        return self._links

    def mtu(self) -> int:
        links = self._adapter.connections
        return int(links[0].max_packet_length) + 3 if links else 23

    def received(self) -> bytes:
        count = self._writes.readinto(self._write)
        return bytes(self._write[:count])

    def notify(self, channel: int, data: bytes) -> None:
        try:
            self._channels[channel].value = data
        except (_bleio.BluetoothError, ConnectionError):
            return  # the link has just gone: what was to be said is in the ring

    def hang_up(self) -> None:
        for link in self._adapter.connections:
            link.disconnect()


class BoardPins(Pins):
    """The motor's transistor, the red light (low is on), the button to ground, the cell behind its divider."""

    def __init__(self) -> None:
        self._motor = _output(MOTOR_PIN, False)
        self._light = _output(board.LED_RED, True)
        self._button = digitalio.DigitalInOut(BUTTON_PIN)
        self._button.switch_to_input(pull=digitalio.Pull.UP)
        self._divider = _output(board.READ_BATT_ENABLE, False)  # Seeed: leave it low, or P0.31 sees the whole cell
        self._battery = analogio.AnalogIn(board.VBATT)

    def motor(self, is_on: bool) -> None:
        self._motor.value = is_on

    def light(self, is_on: bool) -> None:
        self._light.value = not is_on

    def is_pressed(self) -> bool:
        return not self._button.value

    def battery(self) -> int:
        return int(self._battery.value)


class BoardDevice(Device):
    """Shows the key on the drive until a host has used it, and again when the button is pressed."""

    def __init__(self, memory: Memory, ciphers: Ciphers, pins: Pins, settings: Settings) -> None:
        self._memory_of_key, self._name = memory, settings.name
        super().__init__(
            Imu(busio.I2C(board.IMU_SCL, board.IMU_SDA, frequency=400000)),
            BoardRadio("Upstand " + settings.name),
            pins,
            _files(),
            memory,
            ciphers,
            settings,
            microcontroller.cpu.reset_reason == microcontroller.ResetReason.RESET_PIN,
        )

    def remember(self, hosts: list[bytes]) -> None:
        super().remember(hosts)
        try:
            os.remove(KEY_FILE)
        except OSError:
            return  # gone already, or the computer owns the drive

    def pressed(self) -> None:
        super().pressed()
        self.show_key()

    def show_key(self) -> None:
        """Write the key to the drive where it is not there."""
        if KEY_FILE not in os.listdir():
            _write(KEY_FILE, key_text(self._name, self._memory_of_key.key))


def _output(pin: microcontroller.Pin, value: bool) -> digitalio.DigitalInOut:
    made = digitalio.DigitalInOut(pin)
    made.switch_to_output(value=value)
    return made


def _from_hex(text: str) -> bytes:
    return bytes(int(text[at : at + 2], 16) for at in range(0, len(text), 2))


def _read_settings() -> Settings:
    """The file's, or the defaults where it cannot be; the reason is on the serial console."""
    try:
        with open(settings_file.FILE) as file:
            return settings_file.parse(file.read())
    except SettingsError as error:
        print(error)  # noqa: T201 - the board's console is where a person looks
    except OSError:
        _write(settings_file.FILE, settings_file.DEFAULT_TEXT)
    return Settings()


def _write(name: str, text: str) -> None:
    try:
        with open(name, "w") as file:
            file.write(text)
    except OSError:
        print(name, "cannot be written, for the computer owns the drive")  # noqa: T201 - likewise


def _files() -> Files:
    try:
        return Folder("spill")
    except OSError:
        return Nowhere()


def main() -> None:
    """Until the power goes."""
    supply = _output(board.IMU_PWR, True)
    time.sleep(IMU_BOOT_S)
    settings, memory, ciphers, pins = _read_settings(), Memory(microcontroller.nvm), BoardCiphers(), BoardPins()
    if memory.is_new:
        memory.begin(ciphers.random(KEY_BYTES))
    device = BoardDevice(memory, ciphers, pins, settings)
    if not memory.hosts:
        device.show_key()
    guard = microcontroller.watchdog
    guard.timeout = WATCHDOG_S
    guard.mode = WatchDogMode.RESET
    while supply.value:
        device.turn(time.monotonic_ns() * wire.TICKS_HZ // 1000000000)
        guard.feed()
        time.sleep(IDLE_S)


if __name__ == "__main__":
    main()
