"""The wire format: what goes in comes out, what is broken is refused with a reason, and the device can run it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.firmware import talk, wire

Decoder = Callable[[bytes], object]
DECODERS: list[Decoder] = [
    wire.decode_stream,
    talk.decode_request,
    talk.decode_answer,
    talk.decode_status,
    talk.decode_event,
]

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
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


requests = st.one_of(
    st.builds(
        talk.Request,
        u8,
        st.just(wire.CONFIGURE),
        rate_hz=st.sampled_from(wire.RATES_HZ),
        acc_code=acc_codes,
        gyro_code=gyro_codes,
    ),
    st.builds(talk.Request, u8, st.sampled_from([wire.START, wire.STOP, wire.IDENTIFY])),
    st.builds(talk.Request, u8, st.just(wire.RESEND), first=u32, count=st.integers(1, 0xFFFF)),
    st.builds(talk.Request, u8, st.just(wire.BUZZ), pattern=st.integers(1, 0xFF)),
)
answers = st.builds(talk.Answer, u8, u8, u8, u32)
statuses = st.builds(
    talk.Status,
    firmware=st.binary(min_size=3, max_size=3),
    battery_mv=u16,
    battery_percent=u8,
    uptime_ticks=u32,
    oldest_seq=u32,
    next_seq=u32,
    held=st.integers(0, 240),
    capacity=st.integers(240, 0xFFFF),
    rate_hz=u8,
    acc_code=acc_codes,
    gyro_code=gyro_codes,
    worn=st.booleans(),
    started=st.booleans(),
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


@given(requests)
def test_a_request_comes_back(request: talk.Request) -> None:
    assert vars(talk.decode_request(talk.encode_request(request))) == vars(request)


@given(answers)
def test_an_answer_comes_back(answer: talk.Answer) -> None:
    assert vars(talk.decode_answer(talk.encode_answer(answer))) == vars(answer)


@given(st.builds(talk.Event, u8, u16, u32, u32))
def test_an_event_comes_back(event: talk.Event) -> None:
    assert vars(talk.decode_event(talk.encode_event(event))) == vars(event)


@given(statuses)
def test_a_status_comes_back(status: talk.Status) -> None:
    data = talk.encode_status(status)
    assert len(data) == 28
    assert vars(talk.decode_status(data)) == vars(status)


@given(st.binary(max_size=200), st.sampled_from(DECODERS))
def test_random_bytes_are_decoded_or_refused_with_a_reason(data: bytes, decode: Decoder) -> None:
    reason = ""
    try:
        packet = decode(data)
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


@given(st.one_of(requests.map(talk.encode_request), answers.map(talk.encode_answer)), st.data())
def test_a_cut_request_or_answer_is_refused(whole: bytes, data: st.DataObject) -> None:
    decode: Decoder = talk.decode_request if whole[0] == 0x12 else talk.decode_answer
    with pytest.raises(ValueError, match=r"bytes|empty"):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


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


def test_requests_out_of_range_are_neither_encoded_nor_decoded() -> None:
    for request in (
        talk.Request(1, wire.CONFIGURE, rate_hz=50),
        talk.Request(1, wire.RESEND, count=0),
        talk.Request(1, wire.BUZZ, pattern=0),
    ):
        with pytest.raises(ValueError, match=r"Hz|no packets|from 1"):
            talk.encode_request(request)
    for data in ("120101003221", "12010400000000000000", "1201050000"):
        with pytest.raises(ValueError, match=r"Hz|no packets|from 1"):
            talk.decode_request(bytes.fromhex(data))
    with pytest.raises(talk.UnknownCommandError, match="99"):
        talk.encode_request(talk.Request(1, 99))
    with pytest.raises(talk.UnknownCommandError, match="99"):
        talk.decode_request(bytes([0x12, 1, 99, 0]))


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
