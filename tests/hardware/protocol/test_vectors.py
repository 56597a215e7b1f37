"""The example packets of the protocol, both ways, and that page and code give the same names."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from hardware.firmware import talk, wire
from hardware.firmware.seal import Session, key_id
from hardware.twin.ciphers import HostCiphers

FOLDER = Path(wire.__file__).parents[1] / "protocol"
FILE: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))
VECTORS: list[dict[str, Any]] = FILE["vectors"]


def _packet(vector: dict[str, Any]) -> tuple[object, bytes]:
    """What a vector's fields say, as a packet, and that packet encoded."""
    fields = dict(vector["fields"])
    match vector["packet"]:
        case "stream":
            samples = b"".join(struct.pack("<6h", *sample) for sample in fields.pop("samples"))
            stream = wire.StreamPacket(samples=samples, **fields)
            return stream, wire.encode_stream(stream)
        case "request":
            request = talk.Request(**fields)
            return request, talk.encode_request(request)
        case "answer":
            answer = talk.Answer(**fields)
            return answer, talk.encode_answer(answer)
        case "event":
            event = talk.Event(**fields)
            return event, talk.encode_event(event)
        case "status":
            status = talk.Status(**{**fields, "firmware": bytes(fields["firmware"])})
            return status, talk.encode_status(status)
    raise AssertionError(vector["packet"])


DECODERS = {
    "stream": wire.decode_stream,
    "request": talk.decode_request,
    "answer": talk.decode_answer,
    "status": talk.decode_status,
    "event": talk.decode_event,
}
SEALED: dict[str, Any] = FILE["sealed"]


class Recorded(HostCiphers):
    """Whose random bytes are those of the example."""

    def random(self, count: int) -> bytes:
        return bytes.fromhex(SEALED["sensor_nonce"])[:count]


def _session() -> Session:
    return Session(Recorded(), bytes.fromhex(SEALED["key"]), bytes.fromhex(SEALED["hello"]), is_known=True)


def test_the_link_of_the_example() -> None:
    session = _session()
    assert session.welcome.hex() == SEALED["welcome"]
    assert session.host_id.hex() == SEALED["host_id"]
    assert key_id(Recorded(), bytes.fromhex(SEALED["key"])).hex() == SEALED["key_id"]
    for packet in SEALED["packets"]:
        plain = bytes.fromhex(packet["plain"])
        if plain[0] == wire.PLAIN | wire.REQUEST:
            assert session.open_request(bytes.fromhex(packet["sealed"])) == plain
        else:
            seals = {wire.STREAM: session.seal_stream, wire.ANSWER: session.seal_answer}
            sealed = seals.get(plain[0] & 0x0F, session.seal_told)(plain)
            assert sealed.hex() == packet["sealed"]
            assert len(sealed) <= 180


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    packet, encoded = _packet(vector)
    assert encoded.hex() == vector["hex"]
    assert vars(DECODERS[vector["packet"]](bytes.fromhex(vector["hex"]))) == vars(packet)


@pytest.mark.parametrize("broken", FILE["not_stream_packets"], ids=lambda broken: broken["name"])
def test_broken_packet(broken: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        wire.decode_stream(bytes.fromhex(broken["hex"]))


def test_every_command_and_every_answer_code_has_a_vector() -> None:
    requested = {vector["fields"]["command"] for vector in VECTORS if vector["packet"] == "request"}
    commands = {wire.CONFIGURE, wire.START, wire.STOP, wire.RESEND, wire.BUZZ, wire.IDENTIFY}
    assert requested == commands
    told = [vector["fields"] for vector in VECTORS if vector["packet"] == "answer"]
    assert {fields["code"] for fields in told} == set(range(6))
    assert {fields["command"] for fields in told if fields["code"] == wire.OK} == commands


def test_the_page_names_what_the_code_uses() -> None:
    page = (FOLDER / "protocol.md").read_text(encoding="utf-8")
    for uuid in (wire.SERVICE_UUID, wire.STREAM_UUID, wire.CONTROL_UUID, wire.STATUS_UUID):
        assert uuid in page
    for code, (range_g, mg) in enumerate(zip(wire.ACC_RANGES_G, wire.ACC_MG_PER_COUNT, strict=True)):
        assert f"| {code} | ±{range_g} g | {mg:g} |" in page
    for code, (range_dps, mdps) in enumerate(zip(wire.GYRO_RANGES_DPS, wire.GYRO_MDPS_PER_COUNT, strict=True)):
        assert f"| {code} | ±{range_dps} °/s | {mdps:g} |" in page
