"""Ring and spill: what was measured while nobody listened, over hours, full flash and resets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.firmware import wire
from hardware.firmware.folder import Folder
from hardware.firmware.ring import SLOT_BYTES, Ring
from hardware.firmware.spill import FILE_PACKETS, PIECE_PACKETS, ROOM_BYTES, Spill
from hardware.twin.flash import Flash


def packet(seq: int, n: int = 13) -> bytes:
    samples = (seq % 65536).to_bytes(2, "little") * 6 * n
    return wire.encode_stream(wire.StreamPacket(seq % 2**32, seq % 2**32, 630 * (n - 1), 52, 1, 2, samples))


@given(
    capacity=st.integers(1, 20),
    first=st.sampled_from([0, 5, 2**32 - 7]),
    sizes=st.lists(st.integers(1, 13), max_size=60),
)
def test_the_ring_holds_the_newest_and_gives_up_the_oldest(capacity: int, first: int, sizes: list[int]) -> None:
    ring = Ring(capacity, first)
    made = [packet(first + k, n) for k, n in enumerate(sizes)]
    out = [data for data in (ring.append(one) for one in made) if data]
    kept = len(made) - len(out)
    assert kept == min(capacity, len(made)) == ring.held
    assert out == made[: len(out)]
    assert ring.oldest_seq == wire.later(first, len(out))
    for k, data in enumerate(made):
        assert ring.get(wire.later(first, k)) == (data if k >= len(out) else b"")
    assert ring.get(ring.next_seq) == b""
    assert ring.get(wire.later(ring.oldest_seq, -1)) == b""


def test_45_minutes_at_52_hz_fit_with_room_to_spare() -> None:
    files = Flash()
    spill = Spill(files)
    absent = 45 * 60 * 52 // 13
    for seq in range(absent):
        spill.add(seq, packet(seq))
    assert spill.lost == 0
    assert spill.held == absent
    assert all(spill.get(seq) == packet(seq) for seq in range(0, absent, 7))
    assert spill.written_bytes <= absent * SLOT_BYTES  # each byte once
    assert files.appends == absent // PIECE_PACKETS
    assert files.most_bytes > ROOM_BYTES


def test_a_longer_absence_costs_the_oldest_in_whole_files() -> None:
    spill = Spill(Flash(), room_bytes=10 * FILE_PACKETS * SLOT_BYTES)
    for seq in range(100 * FILE_PACKETS):
        spill.add(seq, packet(seq))
    assert spill.held == 10 * FILE_PACKETS
    assert spill.lost == 90 * FILE_PACKETS
    assert spill.first_from(0) == 90 * FILE_PACKETS
    assert spill.get(100 * FILE_PACKETS - 1) == packet(100 * FILE_PACKETS - 1)


@settings(max_examples=60)
@given(
    runs=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 600)), min_size=1, max_size=5),
    cut=st.integers(0, 3 * SLOT_BYTES),
    first=st.sampled_from([0, 2**32 - 300]),
)
def test_a_reset_costs_at_most_the_piece_in_memory(runs: list[tuple[int, int]], cut: int, first: int) -> None:
    files = Flash()
    spill = Spill(files)
    kept: list[int] = []
    seq = first
    for gap, count in runs:
        seq += gap
        for _ in range(count):
            spill.add(seq % 2**32, packet(seq))
            kept.append(seq)
            seq += 1
    last = max(files.files, key=lambda name: wire.ahead(int(name[:8], 16), first), default="")
    if last:
        files.files[last] = files.files[last][: max(0, len(files.files[last]) - cut)]
    after = Spill(files)
    held = [number for number in kept if after.get(number % 2**32)]
    assert held == kept[: len(held)]
    assert len(kept) - len(held) <= PIECE_PACKETS + 3
    assert all(after.get(number % 2**32) == packet(number) for number in held)
    assert after.held == len(held)
    for number in held[::50]:
        assert after.first_from(number % 2**32) == number % 2**32
    if held:
        assert after.newest() == held[-1] % 2**32
        assert after.first_from((held[0] - 1) % 2**32) == held[0] % 2**32
        assert after.first_from((held[-1] + 1) % 2**32) == -1


def test_full_flash_and_foreign_files_are_borne() -> None:
    files = Flash(most_bytes=SLOT_BYTES * PIECE_PACKETS)
    files.files["notes.txt"] = bytearray()
    files.files["0000abcd.pkt"] = bytearray(b"\xff" * SLOT_BYTES)  # the flash's own emptiness
    spill = Spill(files)
    assert spill.held == 0
    assert list(files.files) == ["notes.txt"]
    for seq in range(3 * PIECE_PACKETS):
        spill.add(seq, packet(seq))
    assert spill.held == PIECE_PACKETS
    assert spill.lost == 2 * PIECE_PACKETS
    assert spill.get(0) == packet(0)
    assert spill.first_from(PIECE_PACKETS) == -1


def test_a_folder_on_disk(tmp_path: Path) -> None:
    for _ in range(2):
        spill = Spill(Folder(str(tmp_path / "spill")))
        start = spill.newest() + 1
        for seq in range(start, start + 300):
            spill.add(seq, packet(seq))
        spill.flush()
    assert spill.held == 600
    assert [spill.get(seq) for seq in (0, 299, 300, 599)] == [packet(seq) for seq in (0, 299, 300, 599)]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        Folder(str(tmp_path / "file"))
