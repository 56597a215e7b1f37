"""The outbox and its copy on disk: nothing is forgotten before it is stored, and nothing is kept after."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import Segment
from analysis.schema import Samples, encode
from firmware_bridge import records, spool
from firmware_bridge.outbox import Letter, Outbox
from firmware_bridge.spool import Spool


def letter(seq: int, segment: Segment = Segment.PELVIS, session_id: str = "s") -> Letter:
    samples = Samples(
        session_id=session_id,
        started_at=0.0,
        source="radio",
        sensor_id="u",
        segment=segment,
        seq=seq,
        t0=seq * 0.25,
        dt=0.02,
        acc_scale=1.0,
        gyr_scale=1.0,
        counts=bytes(12 * 13),
    )
    return Letter(session_id, segment, seq, encode(samples))


def filled(n: int, **settings: float) -> Outbox:
    outbox = Outbox(resend_s=settings.get("resend_s", 5.0), in_flight=int(settings.get("in_flight", 200)))
    for seq in range(n):
        outbox.add(letter(seq))
    return outbox


def test_each_is_sent_once_and_again_after_a_while() -> None:
    outbox = filled(3)
    assert [sent.seq for sent in outbox.due(10.0)] == [0, 1, 2]
    assert outbox.due(14.9) == []
    assert [sent.seq for sent in outbox.due(15.0)] == [0, 1, 2]


def test_a_confirmation_covers_all_before_it() -> None:
    outbox = filled(5)
    outbox.add(letter(0, Segment.LUMBAR))
    outbox.due(0.0)
    assert outbox.confirm("s", Segment.PELVIS, 3) == 4
    assert outbox.confirm("s", Segment.PELVIS, 3) == 0
    assert outbox.confirm("another", Segment.PELVIS, 9) == 0
    assert [(sent.segment, sent.seq) for sent in outbox.due(5.0)] == [(Segment.PELVIS, 4), (Segment.LUMBAR, 0)]


def test_few_are_in_flight() -> None:
    outbox = filled(500, in_flight=20)
    assert len(outbox.due(0.0)) == 20
    assert outbox.due(1.0) == []
    outbox.confirm("s", Segment.PELVIS, 4)
    assert [sent.seq for sent in outbox.due(2.0)] == [20, 21, 22, 23, 24]


def test_what_nobody_heard_at_first_holds_nothing_up_later() -> None:
    """The service takes a stream in order alone: what comes before its turn it leaves to be sent again."""
    outbox, taken = Outbox(resend_s=5.0, in_flight=20), 0
    for tick in range(100):
        outbox.add(letter(tick))
        for sent in outbox.due(tick / 10.0):
            taken += tick >= 20 and sent.seq == taken
        outbox.confirm("s", Segment.PELVIS, taken - 1)
    assert taken == 100


def test_a_broker_that_was_away_gets_all_again() -> None:
    outbox = filled(5)
    outbox.due(0.0)
    outbox.confirm("s", Segment.PELVIS, 1)
    outbox.send_all_again()
    assert [sent.seq for sent in outbox.due(0.1)] == [2, 3, 4]


def test_one_that_is_held_already_is_ignored() -> None:
    outbox = filled(1)
    outbox.add(letter(0))
    assert len(outbox) == 1


@settings(max_examples=150)
@given(st.lists(st.sampled_from(["add", "add", "add", "pass", "wait", "lost", "away"]), max_size=80))
def test_all_get_through_a_broker_that_loses(steps: list[str]) -> None:
    outbox, stored, now_s, seq = Outbox(resend_s=5.0, in_flight=3), set[int](), 0.0, 0
    for step in [*steps, *["wait", "pass"] * (len(steps) + 5)]:
        if step == "add":
            outbox.add(letter(seq))
            seq += 1
        elif step == "away":
            outbox.send_all_again()
        elif step == "wait":
            now_s += 5.0
        sent = outbox.due(now_s)
        assert len(sent) <= 3
        if step in ("pass", "wait"):
            stored.update(one.seq for one in sent)
            safe = next(n for n in range(seq + 1) if n not in stored) - 1
            outbox.confirm("s", Segment.PELVIS, safe)
    assert stored == set(range(seq))
    assert len(outbox) == 0


def left_on(path: Path) -> list[Letter]:
    """What a run that begins now finds."""
    disk = Spool(path)
    letters = disk.load()
    disk.close()
    return letters


def test_a_crash_leaves_all_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "new" / "me.spool"
    first = Spool(path)
    assert first.load() == []
    for seq in range(5):
        first.append(letter(seq))
    crashed = path.read_bytes()  # whatever the first does from now on, a crash would have prevented
    first.close()
    path.write_bytes(crashed + records.framed(letter(5).payload)[:-3])  # it came in the middle of a record
    second = Spool(path)
    assert second.load() == [letter(seq) for seq in range(5)]
    second.append(letter(6))
    second.close()
    assert left_on(path) == [*(letter(seq) for seq in range(5)), letter(6)]


@settings(max_examples=100)
@given(n=st.integers(0, 4), damage=st.integers(0, 2000), flip=st.booleans())
def test_a_damaged_file_gives_what_stands_before_the_damage(
    tmp_path_factory: pytest.TempPathFactory, n: int, damage: int, flip: bool
) -> None:
    path = tmp_path_factory.mktemp("records") / "file"
    whole = b"".join(records.framed(bytes([k]) * 40 * k) for k in range(n))
    at = damage % (len(whole) + 1)
    bad = whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :] if flip and at < len(whole) else whole[:at]
    path.write_bytes(bad)
    read = list(records.read(path))
    assert read == [bytes([k]) * 40 * k for k in range(len(read))]
    assert (len(read) == n) == (bad == whole)


def test_the_file_is_rewritten_when_it_holds_far_more_than_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "me.spool"
    disk = Spool(path)
    disk.load()
    for seq in range(2000):
        disk.append(letter(seq))
        disk.tidy(lambda: [letter(1999)], 1)
    assert path.stat().st_size < spool.SPARE_BYTES + 2000
    disk.close()


def test_a_message_of_another_version_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "me.spool"
    path.write_bytes(records.framed(b"\x81\xa1v\x63") + records.framed(letter(1).payload))
    assert left_on(path) == [letter(1)]


def test_a_disk_that_is_full_is_told_and_tried_again(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")  # a limit on the size of files is as good as a full disk
    path = tmp_path / "me.spool"
    disk = Spool(path)
    disk.load()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        disk.append(letter(0))
        disk.append(letter(1))
        assert "free space" in disk.problem
        disk.rewrite([letter(0), letter(1)])
        assert "free space" in disk.problem
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    disk.rewrite([letter(0), letter(1)])
    assert disk.problem == ""
    disk.close()
    assert left_on(path) == [letter(0), letter(1)]


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    disk = Spool(tmp_path / "file" / "me.spool")
    assert disk.load() == []
    assert disk.problem
    disk.append(letter(0))
