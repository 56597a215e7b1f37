"""Our own protocol: the vectors of the specification, then order, loss, resending and restarts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import Segment
from firmware_bridge.driver import Battery, Behind, Gesture, Item, Run, Worn, Write
from firmware_bridge.drivers import upstand
from firmware_bridge.drivers.upstand import CONTROL, DRIVER, STATUS, STREAM, UpstandParser
from firmware_bridge.errors import PacketError
from firmware_bridge.numbering import Session
from firmware_bridge.packet import RawPacket
from firmware_bridge.reader import Reader
from firmware_bridge.refill import Refill
from firmware_bridge.upstand_stream import decode_stream
from hardware.firmware import talk, wire

VECTORS = json.loads((Path(__file__).parents[2] / "hardware/protocol/vectors.json").read_text(encoding="utf-8"))
SPACING_TICKS = 630


def packet(data: bytes, at_s: float = 0.0, channel: str = STREAM) -> RawPacket:
    return RawPacket("u", channel, at_s, data)


def stream(seq: int, *, n: int = 13, ticks: int | None = None, resent: bool = False) -> bytes:
    """Packet `seq` of a sensor that fills every packet: its first count is the number."""
    counts = np.zeros((n, 6), "<i2")
    counts[:, 0] = seq % 30000
    ticks = seq * 13 * SPACING_TICKS if ticks is None else ticks
    span = (n - 1) * SPACING_TICKS
    return wire.encode_stream(
        wire.StreamPacket(seq % 2**32, ticks % 2**32, span, 52, 1, 2, counts.tobytes(), resent, False)
    )


def numbers(items: Iterable[Item]) -> list[int]:
    return [int(np.frombuffer(item.counts, "<i2")[0]) for item in items if isinstance(item, Run)]


def writes(items: Iterable[Item]) -> list[talk.Request]:
    return [talk.decode_request(item.data) for item in items if isinstance(item, Write)]


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, object]) -> None:
    data = bytes.fromhex(str(vector["hex"]))
    fields = vector["fields"]
    assert isinstance(fields, dict)
    if vector["packet"] == "stream":
        got = decode_stream(packet(data))
        told = {name: fields[name] for name in ("seq", "ticks", "span_ticks", "rate_hz")}
        assert told == {name: getattr(got, name) for name in told}
        assert got.is_resent == fields["resent"]
        assert np.frombuffer(got.counts, "<i2").reshape(-1, 6).tolist() == fields["samples"]
        assert got.scale.acc == pytest.approx(wire.acc_scale(fields["acc_code"]), rel=1e-12)
        assert got.scale.gyr == pytest.approx(wire.gyro_scale(fields["gyro_code"]), rel=1e-12)
    elif vector["packet"] == "answer":
        items = UpstandParser("u").feed(packet(data, channel=CONTROL))
        is_refusal = fields["code"] != wire.OK and fields["command"] != wire.RESEND
        assert [type(item) for item in items] == ([PacketError] if is_refusal else [])
    elif vector["packet"] == "status":
        items = UpstandParser("u").feed(packet(data, channel=STATUS))
        percent = fields["battery_percent"]
        assert items == [Worn(bool(fields["worn"])), *([Battery(percent)] if percent != 255 else [])]


@pytest.mark.parametrize("vector", VECTORS["not_stream_packets"], ids=lambda vector: vector["name"])
def test_what_is_no_stream_packet(vector: dict[str, str]) -> None:
    with pytest.raises(PacketError):
        decode_stream(packet(bytes.fromhex(vector["hex"])))


def test_commands_are_those_of_the_vectors() -> None:
    known = {vector["hex"][4:]: vector["name"] for vector in VECTORS["vectors"] if vector["packet"] == "request"}
    configure, start = DRIVER.start(52)
    assert start.data.hex()[4:] in known
    request = talk.decode_request(configure.data)
    assert (request.command, request.rate_hz, request.acc_code, request.gyro_code) == (wire.CONFIGURE, 52, 1, 2)
    for write, command in ((DRIVER.stop, wire.STOP), (DRIVER.buzz, wire.BUZZ), (DRIVER.identify, wire.IDENTIFY)):
        assert talk.decode_request(write[0].data).command == command


def test_names_tell_where_it_is_worn() -> None:
    places = [DRIVER.place(name) for name in ("Upstand P", "Upstand L7", "Upstand X")]
    assert places == [Segment.PELVIS, Segment.LUMBAR, None]


def test_packets_in_order_come_out_at_once_with_their_ticks() -> None:
    parser = UpstandParser("u")
    items = [item for seq in range(3) for item in parser.feed(packet(stream(seq), seq * 0.25))]
    runs = [item for item in items if isinstance(item, Run)]
    assert numbers(items) == [0, 1, 2]
    assert [run.ticks.start_s for run in runs if run.ticks] == [seq * 13 * SPACING_TICKS / 32768 for seq in range(3)]
    assert all(run.ticks and run.ticks.spacing_s == SPACING_TICKS / 32768 for run in runs)
    assert [run.ticks.is_restart for run in runs if run.ticks] == [True, False, False]


def test_numbers_and_ticks_wrap() -> None:
    parser = UpstandParser("u")
    first = 2**32 - 2
    items = [item for seq in range(first, first + 5) for item in parser.feed(packet(stream(seq), (seq - first) * 0.25))]
    starts = [item.ticks.start_s for item in items if isinstance(item, Run) and item.ticks]
    assert len(starts) == 5
    assert np.diff(starts) == pytest.approx(13 * SPACING_TICKS / 32768)


def test_what_comes_twice_is_counted_and_dropped() -> None:
    parser = UpstandParser("u")
    items = [item for seq in (0, 0, 1, 2, 1) for item in parser.feed(packet(stream(seq)))]
    assert numbers(items) == [0, 1, 2]
    assert sum(isinstance(item, PacketError) for item in items) == 2


def test_a_gap_is_asked_for_and_filled_in_order() -> None:
    parser = UpstandParser("u")
    items = [item for seq in (0, 1, 5) for item in parser.feed(packet(stream(seq), seq * 0.25))]
    [request] = writes(items)
    assert (request.command, request.first, request.count) == (wire.RESEND, 2, 3)
    assert numbers(items) == [0, 1]
    later = [item for seq in (6, 7) for item in parser.feed(packet(stream(seq), seq * 0.25))]
    for seq in (2, 3, 4):
        later += parser.feed(packet(stream(seq, resent=True), 2.0))
    assert numbers(later) == [2, 3, 4, 5, 6, 7]
    assert writes(later) == []
    late = [item.ticks.is_late for item in later if isinstance(item, Run) and item.ticks]
    assert late == [True, True, True, False, False, False]


def test_after_45_minutes_away_it_says_how_long_the_rest_will_take() -> None:
    """At 16 packets a second between the four new ones: what is new waits for eleven minutes, and then is told."""
    parser, refill, away = UpstandParser("u"), Refill(), 45 * 60 * 4
    told, guesses, latest_s = numbers(parser.feed(packet(stream(0)))), [], 0.0
    parser.opened()
    lost, seq, begun_s = list(range(1, away)), away, away * 0.25
    while lost:
        now_s = begun_s + (seq - away) * 0.25
        items = parser.feed(packet(stream(seq), now_s))
        for old in lost[:4]:
            items += parser.feed(packet(stream(old, resent=True), now_s + 0.1))
        lost, seq, latest_s = lost[4:], seq + 1, now_s
        told += numbers(items)
        for item in items:
            if isinstance(item, Behind):
                refill.feed(item)
        guesses.append((now_s, refill.left_s, refill.sentence("pelvis")))
    took_s = latest_s - begun_s
    assert took_s == pytest.approx(45 * 60 * 4 / 16, rel=0.01)
    for now_s, left_s, sentence in guesses[20:-20:50]:
        assert left_s == pytest.approx(latest_s - now_s, rel=0.05, abs=1.5)
        assert "stands still for " in sentence
    assert guesses[-1][1:] == (None, "")
    assert len({sentence for _, _, sentence in guesses}) < 20  # it is not told anew all the time
    assert told == [number % 30000 for number in range(seq)]
    assert numbers(parser.feed(packet(stream(seq), latest_s + 0.25))) == [seq % 30000]  # and live again


def test_what_is_given_up_is_no_longer_waited_for() -> None:
    reader = Reader(DRIVER, Session("s", 0.0, "radio"), "u", Segment.PELVIS, 52.0)
    assert reader.refill.sentence("pelvis") == ""
    told = [item for seq in (0, *range(100, 110)) for item in reader.feed(packet(stream(seq), seq * 0.25))]
    [request] = [talk.decode_request(item.data) for item in told if isinstance(item, Write)][-1:]
    assert reader.refill.missing_s == pytest.approx(99 * 0.25)
    assert "until that is done" in reader.refill.sentence("pelvis")
    answer = talk.encode_answer(talk.Answer(request.request_id, wire.RESEND, wire.NOT_HELD, 100))
    reader.feed(packet(answer, 27.5, CONTROL))
    reader.feed(packet(stream(110), 27.6))
    assert reader.refill.sentence("pelvis") == ""
    assert reader.bad_packets == 0


def test_what_the_sensor_no_longer_holds_is_given_up() -> None:
    parser = UpstandParser("u")
    items = [item for seq in (0, 10) for item in parser.feed(packet(stream(seq), seq * 0.25))]
    [request] = writes(items)
    answer = talk.encode_answer(talk.Answer(request.request_id, wire.RESEND, wire.NOT_HELD, 7))
    [again] = writes(parser.feed(packet(answer, 2.6, CONTROL)))
    assert (again.first, again.count) == (7, 3)
    later = [item for seq in (7, 8, 9) for item in parser.feed(packet(stream(seq, resent=True), 2.7))]
    assert numbers(later) == [7, 8, 9, 10]


def test_nothing_of_the_gap_is_held() -> None:
    parser = UpstandParser("u")
    items = [item for seq in (0, 10) for item in parser.feed(packet(stream(seq), seq * 0.25))]
    [request] = writes(items)
    answer = talk.encode_answer(talk.Answer(request.request_id, wire.RESEND, wire.NOT_HELD, 10))
    assert numbers(parser.feed(packet(answer, 2.6, CONTROL))) == [10]
    stale = talk.encode_answer(talk.Answer(77, wire.RESEND, wire.NOT_HELD, 90))
    assert parser.feed(packet(stale, 2.7, CONTROL)) == []


def test_a_sensor_that_does_not_answer_is_not_waited_for_without_end() -> None:
    parser = UpstandParser("u")
    parser.feed(packet(stream(0)))
    asked, told, first_told_s = 0, [], None
    for seq in range(2, 80):
        items = parser.feed(packet(stream(seq), seq * 0.25))
        asked += len(writes(items))
        told += numbers(items)
        first_told_s = seq * 0.25 if first_told_s is None and told else first_told_s
    assert asked == upstand.TRIES
    assert told == list(range(2, 80))
    assert first_told_s is not None
    assert first_told_s < 0.5 + upstand.TRIES * upstand.PATIENCE_S + 0.5


def test_many_waiting_packets_are_not_kept_without_end() -> None:
    parser, many = UpstandParser("u"), upstand.MOST_WAITING + 500
    items = [item for seq in (0, *range(2, many)) for item in parser.feed(packet(stream(seq), 0.5))]
    assert numbers(items) == [0, *range(2, many)]


def test_taps_are_what_the_wearer_asks() -> None:
    parser = UpstandParser("u")
    kinds = (wire.EVENT_CALIBRATE, wire.EVENT_SNOOZE, wire.EVENT_ASLEEP, wire.EVENT_AWAKE, 99)
    told = [parser.feed(packet(talk.encode_event(talk.Event(kind, 1, 0)), channel=STATUS)) for kind in kinds]
    assert told == [[Gesture.CALIBRATE], [Gesture.SNOOZE], [], [], []]


def test_a_restarted_sensor_begins_anew() -> None:
    parser = UpstandParser("u")
    items = [item for seq in range(5) for item in parser.feed(packet(stream(seq), seq * 0.25))]
    parser.opened()
    items += [item for seq in range(3) for item in parser.feed(packet(stream(seq, ticks=seq * 8190 + 5), 60 + seq / 4))]
    assert numbers(items) == [0, 1, 2, 3, 4, 0, 1, 2]
    assert [item.ticks.is_restart for item in items if isinstance(item, Run) and item.ticks][4:7] == [
        False,
        True,
        False,
    ]


def test_a_restarted_sensor_that_is_ahead_already() -> None:
    parser = UpstandParser("u")
    parser.feed(packet(stream(0), 0.0))
    parser.opened()
    items = parser.feed(packet(stream(400, ticks=400 * 8190), 3600.0))
    assert numbers(items) == [400]
    assert writes(items) == []


def test_a_link_that_was_away_for_two_days_is_one_life() -> None:
    parser = UpstandParser("u")
    parser.feed(packet(stream(0), 0.0))
    parser.opened()
    seq = 48 * 3600 * 4
    items = parser.feed(packet(stream(seq), seq * 13 * SPACING_TICKS / 32768))
    assert len(writes(items)) == 1
    assert numbers(parser.finish()) == [seq % 30000]


def test_what_a_restarted_sensor_kept_on_flash_is_fetched_and_stands_on_its_own_clock() -> None:
    parser = UpstandParser("u")
    items = [item for seq in range(10) for item in parser.feed(packet(stream(seq), seq * 0.25))]
    parser.opened()
    second = 1 << 22
    items += parser.feed(packet(stream(second, ticks=5), 60.0))
    [request] = writes(items)
    assert (request.command, request.first) == (wire.RESEND, 10)
    for seq in range(10, 30):
        items += parser.feed(packet(stream(seq, resent=True), 60.5))
    asked_again = parser.feed(packet(stream(second + 1, ticks=8195), 60.6 + upstand.PATIENCE_S))
    [again] = writes(asked_again)
    answer = talk.encode_answer(talk.Answer(again.request_id, wire.RESEND, wire.NOT_HELD, second))
    items += asked_again + parser.feed(packet(answer, 64.0, CONTROL))
    runs = [item for item in items if isinstance(item, Run)]
    assert [item.ticks.is_restart for item in runs if item.ticks] == [True, *[False] * 29, True, False]
    assert [round(item.ticks.start_s, 3) for item in runs if item.ticks][-3:] == [
        round(29 * 13 * SPACING_TICKS / 32768, 3),
        0.0,
        0.25,
    ]


class Ring:
    """The sensor's side of the specification: keeps the newest, sends what is asked for."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.next = 0

    def oldest(self) -> int:
        return max(0, self.next - self.size)

    def obey(self, request: talk.Request) -> list[tuple[str, bytes]]:
        assert request.command == wire.RESEND
        if not self.oldest() <= request.first < self.next:
            answer = talk.Answer(request.request_id, wire.RESEND, wire.NOT_HELD, self.oldest())
            return [(CONTROL, talk.encode_answer(answer))]
        last = min(request.first + request.count, self.next)
        answer = talk.Answer(request.request_id, wire.RESEND, wire.OK, last - request.first)
        resent = [(STREAM, stream(seq, resent=True)) for seq in range(request.first, last)]
        return [(CONTROL, talk.encode_answer(answer)), *resent]


@settings(max_examples=150)
@given(
    fates=st.lists(st.sampled_from(["arrives"] * 6 + ["twice", "dropped", "away"]), min_size=5, max_size=120),
    lossy=st.lists(st.booleans(), min_size=1, max_size=7),
    size=st.integers(1, 40),
)
def test_what_the_ring_holds_comes_exactly_once_and_in_order(fates: list[str], lossy: list[bool], size: int) -> None:
    """Notifications are dropped, doubled, links lost; answers and resent packets may get lost, too."""
    parser, ring = UpstandParser("u"), Ring(size)
    told: list[int] = []
    waiting: list[tuple[str, bytes]] = []
    unlucky = 0

    def take(items: list[Item]) -> None:
        told.extend(numbers(items))
        for request in writes(items):
            waiting.extend(ring.obey(request))

    for fate in ["arrives", *fates, *["arrives"] * 60]:
        seq, ring.next = ring.next, ring.next + 1
        at_s = seq * 0.25
        if fate == "away":
            waiting.clear()
            parser.opened()
            continue
        for _ in range({"arrives": 1, "twice": 2, "dropped": 0}[fate]):
            take(parser.feed(packet(stream(seq), at_s)))
        for channel, data in waiting[:3]:
            waiting.pop(0)
            unlucky += 1
            if seq > len(fates) or not lossy[unlucky % len(lossy)]:
                take(parser.feed(packet(data, at_s, channel)))
    take(parser.finish())
    assert told == sorted(set(told))
    assert told[0] == 0
    assert told[-50:] == list(range(ring.next - 50, ring.next))
    if size >= 40 and not any(lossy):
        assert told == list(range(ring.next))
