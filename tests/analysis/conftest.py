"""A real Mosquitto for the tests that need a broker."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.io.mqtt import MqttAddress
from benchmarks.ports import LOOPBACK, free_port

USERNAME, PASSWORD = "upstand", "let-me-in"


class Mosquitto:
    """A broker on a free loopback port that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = MqttAddress(LOOPBACK, self.port, USERNAME, PASSWORD)
        passwords = folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), USERNAME, PASSWORD], check=True, timeout=20)
        passwords.chmod(0o600)
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} {LOOPBACK}\nallow_anonymous false\npassword_file {passwords}\nuser root\n"
            "max_queued_messages 100000\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a process of Upstand needs, to find it."""
        return {
            "UPSTAND_MQTT__HOST": self.address.host,
            "UPSTAND_MQTT__PORT": str(self.port),
            "UPSTAND_MQTT__USERNAME": USERNAME,
            "UPSTAND_MQTT__PASSWORD": PASSWORD,
        }

    def start(self) -> None:
        self._process = subprocess.Popen(
            [_mosquitto(), "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection((LOOPBACK, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("Mosquitto did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None


def _mosquitto() -> str:
    return shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin:/usr/bin") or ""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    if not _mosquitto():
        pytest.skip("Mosquitto is not installed")
    mosquitto = Mosquitto(tmp_path)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()
