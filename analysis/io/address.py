"""Where the broker is, and this install's own credentials for it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from analysis.errors import PostureError
from analysis.io.settings import Settings

LOOPBACK = "127.0.0.1"
_CREDENTIALS_FILE = "broker-credentials"


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Where the broker is and who we are to it."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False


def resolve(settings: Settings) -> MqttAddress:
    """The broker of the settings, else the one of this install on loopback. Raises PostureError as below."""
    mqtt = settings.mqtt
    if mqtt.host:
        return MqttAddress(mqtt.host, mqtt.port, mqtt.username, mqtt.password.get_secret_value(), mqtt.tls)
    username, password = install_credentials(settings.data_dir)
    return MqttAddress(LOOPBACK, mqtt.port, username, password)


def install_credentials(data_dir: Path) -> tuple[str, str]:
    """(username, password) of this install's own broker, made up at the first call and readable by its user alone.

    Raises PostureError where `data_dir` cannot be written.
    """
    file = data_dir / _CREDENTIALS_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            draft = data_dir / f".{_CREDENTIALS_FILE}-{os.getpid()}-{secrets.token_hex(3)}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
                out.write(f"upstand\n{secrets.token_urlsafe(24)}\n")
            with suppress(FileExistsError):  # another part was first: its credentials hold
                os.link(draft, file)
            draft.unlink()
        username, password = file.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise PostureError(
            f"{data_dir} cannot be written ({error.strerror}); correct `data_dir` in upstand.toml."
        ) from error
    except ValueError as error:
        raise PostureError(f"{file} is damaged; delete it and start Upstand again.") from error
    return username, password
