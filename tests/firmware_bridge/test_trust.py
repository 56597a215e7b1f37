"""Both sides of a sealed link, and everybody who is not one of them."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import PostureError
from firmware_bridge import keystore
from firmware_bridge.trust import Greeting, Keyring, Session, TrustError, key_id
from hardware.firmware import seal, talk, wire
from hardware.twin.ciphers import HostCiphers

VECTORS = json.loads((Path(__file__).parents[2] / "hardware/protocol/vectors.json").read_text(encoding="utf-8"))
SEALED = VECTORS["sealed"]
KEY = bytes(range(32))
RING = Keyring(b"host-one", {key_id(KEY): KEY})
STATUS = bytes.fromhex(next(v["hex"] for v in VECTORS["vectors"] if v["packet"] == "status"))

samples = st.integers(1, 13).flatmap(lambda n: st.binary(min_size=12 * n, max_size=12 * n))
requests = st.sampled_from([bytes.fromhex(v["hex"]) for v in VECTORS["vectors"] if v["packet"] == "request"])


def link(ring: Keyring = RING, key: bytes = KEY) -> tuple[Session, seal.Session]:
    """A host and a sensor that have greeted each other."""
    host = Session(ring, os.urandom(8))
    sensor = seal.Session(HostCiphers(), key, host.hello, is_known=True)
    assert host.welcomed(sensor.welcome) is Greeting.LET_IN
    return host, sensor


def stream(body: bytes, seq: int = 5) -> bytes:
    n = len(body) // 12
    return wire.encode_stream(wire.StreamPacket(seq, 99, 630 * (n - 1), 52, 1, 2, body))


def test_the_example_of_the_protocol() -> None:
    key = bytes.fromhex(SEALED["key"])
    host = Session(Keyring(bytes.fromhex(SEALED["host_id"]), {key_id(key): key}), bytes.fromhex(SEALED["host_nonce"]))
    assert key_id(key).hex() == SEALED["key_id"]
    assert host.hello.hex() == SEALED["hello"]
    assert host.welcomed(bytes.fromhex(SEALED["welcome"])) is Greeting.LET_IN
    for packet in SEALED["packets"]:
        plain, sealed = bytes.fromhex(packet["plain"]), bytes.fromhex(packet["sealed"])
        if plain[0] == 0x12:
            assert host.seal(plain) == sealed
        else:
            assert host.open(sealed) == plain


@given(body=samples, seq=st.integers(0, 2**32 - 1), request=requests)
def test_what_is_sealed_at_one_end_opens_at_the_other(body: bytes, seq: int, request: bytes) -> None:
    host, sensor = link()
    packet = stream(body, seq)
    for plain in (packet, wire.mark_resent(packet)):
        sealed = sensor.seal_stream(plain)
        assert len(sealed) <= 180
        assert host.open(sealed) == plain
    assert sensor.open_request(host.seal(request)) == request
    answer = talk.encode_answer(talk.Answer(1, request[2], 0, 7))
    assert host.open(sensor.seal_answer(answer)) == answer
    assert host.open(sensor.seal_told(STATUS)) == STATUS


def test_nothing_of_the_samples_shows() -> None:
    host, sensor = link()
    body = b"A" * 156
    sealed = [sensor.seal_stream(stream(body, seq)) for seq in range(50)]
    assert all(b"A" * 8 not in one[16:] for one in sealed)  # eight, for chance alone makes two of a kind
    assert len({one[16:172] for one in sealed}) == 50
    assert STATUS[1:9] not in sensor.seal_told(STATUS)
    assert sensor.seal_told(STATUS)[5:] != sensor.seal_told(STATUS)[5:]
    assert bytes(4) + b"\x01" not in host.seal(bytes.fromhex("1201050003"))[5:]


@given(body=samples, request=requests, data=st.data())
def test_a_changed_bit_or_a_cut_is_refused(body: bytes, request: bytes, data: st.DataObject) -> None:
    host, sensor = link()
    for sealed in (sensor.seal_stream(stream(body)), sensor.seal_told(STATUS)):
        at = data.draw(st.integers(0, 8 * len(sealed) - 1))
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        for broken in (bytes(changed), sealed[: at // 8], sealed + b"\x00"):
            with pytest.raises(TrustError):
                host.open(broken)
        host.open(sealed)  # what was refused has changed nothing
    asked = host.seal(request)
    at = data.draw(st.integers(0, 8 * len(asked) - 1))
    changed = bytearray(asked)
    changed[at // 8] ^= 1 << at % 8
    for broken in (bytes(changed), asked[: at // 8], asked + b"\x00"):
        with pytest.raises(seal.SealError):
            sensor.open_request(broken)
    assert sensor.open_request(asked) == request


def test_a_replay_is_refused_in_the_same_link_and_in_another() -> None:
    host, sensor = link()
    asked = [host.seal(bytes.fromhex("1201050003")) for _ in range(3)]
    sensor.open_request(asked[1])
    for old in asked[:2]:
        with pytest.raises(seal.SealError, match="heard before"):
            sensor.open_request(old)
    sensor.open_request(asked[2])
    answer = sensor.seal_answer(talk.encode_answer(talk.Answer(1, 5, 0)))
    told = sensor.seal_told(STATUS)
    for one in (answer, told):
        host.open(one)
        with pytest.raises(TrustError):
            host.open(one)
    assert host.open(told, is_read=True) == STATUS
    again, sensor_again = link()
    with pytest.raises(seal.SealError):
        sensor_again.open_request(asked[0])
    for old in (answer, told, sensor.seal_stream(stream(bytes(12)))):
        with pytest.raises(TrustError):
            again.open(old)


def test_one_who_replays_a_whole_greeting_gets_nowhere() -> None:
    host, _ = link()
    sealed = host.seal(bytes.fromhex("1201050003"))
    deceived = seal.Session(HostCiphers(), KEY, host.hello, is_known=True)  # another nonce of the sensor's
    with pytest.raises(seal.SealError):
        deceived.open_request(sealed)


def test_strange_false_and_shut_sensors() -> None:
    other = bytes(32)
    host = Session(RING, bytes(8))
    strange = seal.Session(HostCiphers(), other, host.hello, is_known=True)
    assert host.welcomed(strange.welcome) is Greeting.STRANGE
    false = strange.welcome[:2] + key_id(KEY) + strange.welcome[6:]
    assert host.welcomed(false) is Greeting.FALSE
    shut = seal.Session(HostCiphers(), KEY, host.hello, is_known=False)
    assert host.welcomed(shut.welcome) is Greeting.SHUT
    let_in = shut.welcome[:1] + b"\x00" + shut.welcome[2:]  # somebody between would have it otherwise
    assert Session(RING, bytes(8)).welcomed(let_in) is Greeting.FALSE
    for noise in (b"", shut.welcome[:-1], b"\x13" + shut.welcome[1:]):
        with pytest.raises(TrustError):
            host.welcomed(noise)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    host, sensor = link()
    with pytest.raises(TrustError):
        host.open(noise)
    with pytest.raises(seal.SealError):
        sensor.open_request(noise)
    if len(noise) != 17:
        with pytest.raises(seal.SealError):
            seal.Session(HostCiphers(), KEY, noise, is_known=True)


def test_our_hmac_is_everybodys() -> None:
    """RFC 4231, test case 2."""
    mac = seal.hmac(HostCiphers(), b"Jefe", b"what do ya want for nothing?")
    assert mac.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    tags = seal.Tags(HostCiphers(), b"Jefe")
    assert tags.tag(b"what do ya want for nothing?") == mac[:8]
    assert tags.fits(b"what do ya want for nothing?", mac[:8])
    assert not tags.fits(b"what do ya want for nothing?", mac[:7])
    assert not tags.fits(b"what do ya want for nothing?", b"")


# --- the file of keys


def test_keys_are_kept_where_only_their_owner_reads_them(tmp_path: Path) -> None:
    file, drive = tmp_path / "data" / "keys.json", tmp_path / "upstand-key.txt"
    assert keystore.load(file).keys == {}
    assert len(keystore.load(file).host_id) == 8
    drive.write_text(f"# the key of this sensor\nkey = {KEY.hex()}\n", encoding="utf-8")
    ring = keystore.pair(file, drive)
    drive.write_text(f'key = "{bytes(32).hex()}"', encoding="utf-8")
    ring = keystore.pair(file, drive)
    assert keystore.load(file) == ring
    assert set(ring.keys.values()) == {KEY, bytes(32)}
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("text", ["", "key = 00", "key = zz", "name = P", "key"])
def test_what_is_no_key_is_said(tmp_path: Path, text: str) -> None:
    drive = tmp_path / "upstand-key.txt"
    drive.write_text(text, encoding="utf-8")
    with pytest.raises(PostureError, match="holds no sensor's key; copy"):
        keystore.pair(tmp_path / "keys.json", drive)
    with pytest.raises(PostureError, match="cannot be read"):
        keystore.pair(tmp_path / "keys.json", tmp_path / "missing.txt")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"host": "00", "keys": []}', '{"host": "zz", "keys": ["00"]}'])
def test_a_broken_file_of_keys_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.json").write_text(text, encoding="utf-8")
    with pytest.raises(PostureError, match="pair the sensors again"):
        keystore.load(tmp_path / "keys.json")
