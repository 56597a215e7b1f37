"""Requests, answers, events, status: what goes in comes out, what is broken is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.firmware import talk, wire

Decoder = Callable[[bytes], object]
DECODERS: list[Decoder] = [talk.decode_request, talk.decode_answer, talk.decode_status, talk.decode_event]

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
acc_codes = st.integers(0, 3)
gyro_codes = st.integers(0, 4)
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


@given(st.one_of(requests.map(talk.encode_request), answers.map(talk.encode_answer)), st.data())
def test_a_cut_request_or_answer_is_refused(whole: bytes, data: st.DataObject) -> None:
    decode: Decoder = talk.decode_request if whole[0] == 0x12 else talk.decode_answer
    with pytest.raises(ValueError, match=r"bytes|empty"):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


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
