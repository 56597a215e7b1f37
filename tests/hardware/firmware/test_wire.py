"""Stream packets: what goes in comes out, what is broken is refused with a reason, and the device can run it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.firmware import wire

u32 = st.integers(0, 0xFFFFFFFF)
acc_codes = st.integers(0, 3)
gyro_codes = st.integers(0, 4)


@st.composite
def stream_packets(draw: st.DrawFn) -> wire.StreamPacket:
    count = draw(st.integers(1, wire.PACKET_SAMPLES))
    return wire.StreamPacket(
        seq=draw(u32),
        ticks=draw(u32),
        span_ticks=draw(st.integers(1, 0xFFFF)) if count > 1 else 0,
        rate_hz=draw(st.integers(1, 0xFF)),
        acc_code=draw(acc_codes),
        gyro_code=draw(gyro_codes),
        samples=draw(st.binary(min_size=12 * count, max_size=12 * count)),
        resent=draw(st.booleans()),
        clipped=draw(st.booleans()),
    )


@given(stream_packets())
def test_a_stream_packet_comes_back(packet: wire.StreamPacket) -> None:
    data = wire.encode_stream(packet)
    assert len(data) == 16 + len(packet.samples) <= 180
    assert vars(wire.decode_stream(data)) == vars(packet)


@given(stream_packets())
def test_marking_as_resent_changes_nothing_else(packet: wire.StreamPacket) -> None:
    marked = wire.decode_stream(wire.mark_resent(wire.encode_stream(packet)))
    assert vars(marked) == {**vars(packet), "resent": True}


@given(st.binary(max_size=200))
def test_random_bytes_are_decoded_or_refused_with_a_reason(data: bytes) -> None:
    reason = ""
    try:
        packet = wire.decode_stream(data)
    except ValueError as error:
        packet, reason = None, str(error)
    assert (packet is None) == bool(reason)


@given(stream_packets(), st.data())
def test_a_cut_or_lengthened_packet_is_refused(packet: wire.StreamPacket, data: st.DataObject) -> None:
    whole = wire.encode_stream(packet)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ValueError, match=r"bytes|empty"):
        wire.decode_stream(whole[:cut])
    with pytest.raises(ValueError, match="bytes"):
        wire.decode_stream(whole + b"\x00")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"samples": b""}, "1 to 13 samples"),
        ({"samples": bytes(13)}, "no whole samples"),
        ({"samples": bytes(12 * 14)}, "1 to 13 samples"),
        ({"span_ticks": 5}, "cannot span"),
        ({"span_ticks": 0, "samples": bytes(24)}, "cannot span"),
        ({"rate_hz": 0}, "0 Hz"),
        ({"rate_hz": 256}, "out of its range"),
        ({"seq": -1}, "out of its range"),
        ({"seq": 1 << 32}, "out of its range"),
        ({"acc_code": 4}, "accelerometer"),
        ({"acc_code": 16}, "no ranges"),
        ({"acc_code": -1}, "accelerometer"),
        ({"gyro_code": 5}, "gyroscope"),
    ],
)
def test_what_no_packet_may_say_is_not_encoded(change: dict[str, int | bytes], reason: str) -> None:
    packet = wire.StreamPacket(0, 0, 0, 52, 1, 2, bytes(12))
    for name, value in change.items():
        setattr(packet, name, value)
    with pytest.raises(ValueError, match=reason):
        wire.encode_stream(packet)


@given(u32, st.integers(-(1 << 31), (1 << 31) - 1))
def test_distances_on_the_circle_are_signed(seq: int, steps: int) -> None:
    moved = wire.later(seq, steps)
    assert 0 <= moved <= 0xFFFFFFFF
    assert wire.ahead(moved, seq) == steps


def test_scales_are_those_of_the_data_sheet() -> None:
    assert wire.acc_scale(1) * 8197 == pytest.approx(9.80665, rel=1e-4)  # 8197 × 0.122 mg = 1.000 g
    assert wire.gyro_scale(2) * 10286 == pytest.approx(3.14159, rel=1e-4)  # 10286 × 17.5 mdps = 180°/s


def test_the_device_can_run_it() -> None:
    """CircuitPython has struct and neither typing nor dataclasses; annotations must be builtins."""
    tree = ast.parse(Path(wire.__file__).read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    imported = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    assert imported == ["struct"]
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom)]
    assert not [node for node in nodes if isinstance(node, ast.Match | ast.AnnAssign)]
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "struct"}
    assert used <= {"calcsize", "pack", "unpack", "unpack_from"}
    annotations = [node.annotation for node in nodes if isinstance(node, ast.arg)] + [
        node.returns for node in nodes if isinstance(node, ast.FunctionDef)
    ]
    assert all(annotation is None or isinstance(annotation, ast.Constant | ast.Name) for annotation in annotations)
