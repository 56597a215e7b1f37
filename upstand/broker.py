"""The embedded MQTT broker, on loopback and with this install's credentials.

Mosquitto where it is installed; else amqtt, which comes by pip.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from amqtt.broker import Broker
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from analysis.errors import BrokerError, PostureError
from analysis.io.mqtt import LOOPBACK, install_credentials
from analysis.io.settings import Settings

# Where installers put Mosquitto outside the PATH: Debian's sbin, Homebrew's two prefixes, its Windows installer.
_MOSQUITTO_PLACES = (
    "/usr/sbin/mosquitto",
    "/opt/homebrew/sbin/mosquitto",
    "/usr/local/sbin/mosquitto",
    r"C:\Program Files\mosquitto\mosquitto.exe",
)


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """How to start the broker of this install."""

    kind: str  # "mosquitto" or "amqtt"
    argv: tuple[str, ...]


def find_mosquitto() -> str | None:
    """The Mosquitto program of this machine, or None. `UPSTAND_NO_MOSQUITTO=1` leaves it aside."""
    if os.environ.get("UPSTAND_NO_MOSQUITTO"):
        return None
    found = shutil.which("mosquitto")
    return found or next((place for place in _MOSQUITTO_PLACES if Path(place).is_file()), None)


def port_is_free(address: str, port: int) -> bool:
    """True if nothing on this machine listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def prepare(settings: Settings) -> EmbeddedBroker:
    """Writes the broker's files into the data folder and says how to start it.

    Raises PostureError where its port is taken or its files cannot be written.
    """
    port = settings.mqtt.port
    if not port_is_free(LOOPBACK, port):
        raise PostureError(
            f"Port {port} on {LOOPBACK} is in use by another program; stop that program "
            "(perhaps another Upstand) or set another `port` under [mqtt] in upstand.toml."
        )
    folder = settings.data_dir / "broker"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mosquitto = find_mosquitto()
        if mosquitto is None:
            return EmbeddedBroker("amqtt", (sys.executable, "-m", "upstand", "broker"))
        return EmbeddedBroker("mosquitto", (mosquitto, "-c", str(_mosquitto_files(mosquitto, settings, folder))))
    except OSError as error:
        raise PostureError(
            f"The broker's files could not be written to {folder} ({error.strerror}); make that folder writable."
        ) from error


def _mosquitto_files(mosquitto: str, settings: Settings, folder: Path) -> Path:
    """Writes the hashed password file and the configuration; returns the configuration's path."""
    username, password = install_credentials(settings.data_dir)
    passwords = folder / "mosquitto.passwords"
    passwords.touch(mode=0o600)
    passwords.write_text(f"{username}:{password}\n", encoding="utf-8")
    hasher = shutil.which("mosquitto_passwd") or str(
        Path(mosquitto).with_name("mosquitto_passwd" + Path(mosquitto).suffix)
    )
    # -U hashes the file in place, so that the password never stands in a process list
    done = subprocess.run([hasher, "-U", str(passwords)], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise BrokerError(f"Mosquitto's password file could not be made ({done.stderr.strip()}); reinstall Mosquitto.")
    lines = [
        f"listener {settings.mqtt.port} {LOOPBACK}",
        "allow_anonymous false",
        f"password_file {passwords}",
        "persistence false",  # no promise rests on the broker: the bridge's outbox holds what is not stored
        "max_queued_messages 10000",
        "max_inflight_messages 200",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        lines.append("user root")  # else it gives up its rights and can't read its own password file
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


async def run_amqtt(settings: Settings, stop: asyncio.Event) -> None:
    """Runs amqtt in this process until `stop` is set."""
    username, password = install_credentials(settings.data_dir)
    passwords = settings.data_dir / "broker" / "amqtt.passwords"
    passwords.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    passwords.touch(mode=0o600)
    passwords.write_text(f"{username}:{PasswordHash((Argon2Hasher(),)).hash(password)}\n", encoding="utf-8")
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{settings.mqtt.port}"}},
            "plugins": {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(passwords)}},
        }
    )
    await broker.start()
    await stop.wait()
    await broker.shutdown()
