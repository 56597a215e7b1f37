"""Both embedded brokers, really started: they let this install in and nobody else."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from analysis.errors import BrokerError, PostureError
from analysis.io.mqtt import Connection, MqttAddress, resolve
from analysis.io.settings import MqttSettings, Settings
from benchmarks.ports import LOOPBACK, free_port
from upstand import broker
from upstand.supervisor import Part, Supervisor


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, mqtt=MqttSettings(port=free_port()))


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
async def test_only_this_installs_credentials_open_it(
    kind: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "amqtt":
        monkeypatch.setenv("UPSTAND_NO_MOSQUITTO", "1")
    elif broker.find_mosquitto() is None:
        pytest.skip("Mosquitto is not installed")
    embedded = broker.prepare(settings)
    assert embedded.kind == kind
    environment = {"UPSTAND_DATA_DIR": str(tmp_path), "UPSTAND_MQTT__PORT": str(settings.mqtt.port)}
    supervisor = Supervisor(tmp_path / "logs", lambda _: None)
    await supervisor.start(Part("broker", embedded.argv, environment))
    try:
        address = resolve(settings)
        async with Connection(address, "us") as us:
            await us.wait_connected(20)
            await us.subscribe("upstand/v1/me/frames")
            us.publish("upstand/v1/me/frames", b"x", qos=1)
            assert [message.payload for message in await us.receive(5)] == [b"x"]
        stranger = MqttAddress(address.host, address.port, "upstand", "guess")
        async with Connection(stranger, "stranger") as connection:
            with pytest.raises(BrokerError, match="refused"):
                await connection.wait_connected(10)
    finally:
        await supervisor.stop()
    assert_only_its_owner_reads_passwords(tmp_path)


def assert_only_its_owner_reads_passwords(folder: Path) -> None:
    files = list(folder.rglob("*.passwords"))
    assert files
    assert sys.platform == "win32" or all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_a_taken_port_is_said_in_one_sentence(settings: Settings) -> None:
    taken = pytest.raises(PostureError, match=f"Port {settings.mqtt.port} .* in use .* upstand.toml")
    with socket.create_server((LOOPBACK, settings.mqtt.port)), taken:
        broker.prepare(settings)
