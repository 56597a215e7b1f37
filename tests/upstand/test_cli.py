"""What a person can do wrong, and the one sentence that each of it gets."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.upstand.system import Install

USER_ERROR = 2


@pytest.fixture
def install(tmp_path: Path) -> Install:
    return Install(tmp_path / "data")


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == USER_ERROR, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert all(word in lines[0] for word in words), lines[0]


@pytest.mark.parametrize("key", ["UPSTAND_MQTT__PORT", "UPSTAND_DASHBOARD__PORT"])
def test_a_port_in_use(install: Install, key: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = install.command("run", "--simulate", **{key: port})
    assert_one_sentence(done, port, "in use", "upstand.toml")


def test_a_key_that_does_not_exist(install: Install, tmp_path: Path) -> None:
    file = tmp_path / "upstand.toml"
    file.write_text("[breaks]\nsit_minutes = 30\n")
    assert_one_sentence(install.command("sessions", "--config", str(file)), "breaks.sit_minutes")


@pytest.mark.parametrize("text", ["[breaks\n", "desk = 3\n", "[breaks]\nsit_s = -1\n"])
def test_settings_that_make_no_sense(install: Install, tmp_path: Path, text: str) -> None:
    file = tmp_path / "upstand.toml"
    file.write_text(text)
    assert_one_sentence(install.command("sessions", "--config", str(file)), "correct")


def test_a_settings_file_that_is_not_there(install: Install, tmp_path: Path) -> None:
    assert_one_sentence(install.command("doctor", "--config", str(tmp_path / "no.toml")), "no.toml")


@pytest.mark.parametrize("command", ["sessions", "reanalyze", "analyze"])
def test_a_damaged_database_is_said_and_left_as_it_is(install: Install, command: str) -> None:
    file = install.folder / "upstand.sqlite"
    file.parent.mkdir()
    file.write_bytes(b"this is no database at all, but somebody may want it back" * 100)
    before = file.read_bytes()
    assert_one_sentence(install.command(command), "damaged")
    assert file.read_bytes() == before


def test_a_data_folder_that_cannot_be(install: Install) -> None:
    install.folder.write_text("a file where the folder should be")
    assert_one_sentence(install.command("run", "--simulate"), str(install.folder))


def test_a_broker_that_is_not_there(install: Install) -> None:
    done = install.command("run", "--simulate", UPSTAND_MQTT__HOST="127.0.0.1")
    assert_one_sentence(done, f"127.0.0.1:{install.mqtt_port}", "cannot be reached")


def test_nothing_to_reanalyze(install: Install) -> None:
    assert_one_sentence(install.command("reanalyze"), "Nothing is recorded")
    assert_one_sentence(install.command("reanalyze", "20200101T000000Z-abc"), "20200101T000000Z-abc")
    assert "Nothing is recorded" in install.command("sessions").stdout


def test_a_script_that_is_unknown(install: Install) -> None:
    done = install.command("bridge", "--simulate", "--script", "marathon")
    assert done.returncode == USER_ERROR
    assert "marathon" in done.stderr


def test_the_doctor_looks_at_everything(install: Install) -> None:
    done = install.command("doctor")
    assert done.returncode == 0, done.stdout
    for what in ("Python", "packages", "data folder", "database", "MQTT broker", "dashboard", "Bluetooth"):
        assert f"{what}:" in done.stdout
    (install.folder / "upstand.sqlite").write_bytes(b"garbage" * 1000)
    done = install.command("doctor")
    assert done.returncode == 1
    assert "wrong  database: " in done.stdout


def test_every_command_is_helped_and_in_the_readme(install: Install) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    listed = install.command("--help").stdout
    for command in ("run", "bridge", "analyze", "dashboard", "replay", "reanalyze", "sessions", "pair", "doctor"):
        assert command in listed
        assert f"upstand {command}" in readme
        assert install.command(command, "--help").returncode == 0


def test_a_sensors_key_is_taken_from_its_drive(install: Install, tmp_path: Path) -> None:
    file = tmp_path / "upstand-key.txt"
    file.write_text(f"key = {'ab' * 32}\n", encoding="utf-8")
    done = install.command("pair", str(file))
    assert "keys of 1 sensor." in done.stdout
    assert (install.folder / "sensor-keys.json").exists()
    file.write_text("nothing", encoding="utf-8")
    assert_one_sentence(install.command("pair", str(file)), "no sensor's key", "copy")
