"""The keys of a person's sensors in a file that only that person can read."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from analysis.errors import PostureError
from firmware_bridge.trust import HOST_ID_BYTES, KEY_BYTES, Keyring, key_id

FILE = "sensor-keys.json"
KEY_FILE = "upstand-key.txt"  # on the sensor's drive


def load(path: Path) -> Keyring:
    """What the file holds; without one, a new name for this computer and no keys. Raises PostureError."""
    if not path.exists():
        return Keyring(secrets.token_bytes(HOST_ID_BYTES), {})
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        keys = [bytes.fromhex(text) for text in told["keys"]]
        host_id = bytes.fromhex(told["host"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PostureError(f"{path} cannot be read ({error}); delete it and pair the sensors again.") from error
    if len(host_id) != HOST_ID_BYTES or any(len(key) != KEY_BYTES for key in keys):
        raise PostureError(f"{path} holds a key of a wrong length; delete it and pair the sensors again.")
    return Keyring(host_id, {key_id(key): key for key in keys})


def pair(path: Path, key_file: Path) -> Keyring:
    """Add the key that the sensor wrote to its drive. Raises PostureError."""
    key = _read_key(key_file)
    ring = load(path)
    grown = Keyring(ring.host_id, {**ring.keys, key_id(key): key})
    save(path, grown)
    return grown


def save(path: Path, ring: Keyring) -> None:
    """Written aside and then moved into place, readable by its owner alone from its first byte on."""
    told = {"host": ring.host_id.hex(), "keys": [key.hex() for key in ring.keys.values()]}
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(told, file)
    aside.replace(path)


def _read_key(key_file: Path) -> bytes:
    try:
        text = key_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PostureError(f"{key_file} cannot be read ({error}); copy {KEY_FILE} from the sensor's drive.") from error
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "key":
            try:
                key = bytes.fromhex(value.strip().strip('"'))
            except ValueError:
                break
            if len(key) == KEY_BYTES:
                return key
    raise PostureError(f"{key_file} holds no sensor's key; copy {KEY_FILE} from the sensor's drive once more.")
