"""Captures: what was written is read, a torn end costs the end alone, and other files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.errors import PostureError
from analysis.model import Segment
from firmware_bridge import capture, records
from firmware_bridge.capture import Capture, Opened
from firmware_bridge.packet import RawPacket

OPENED = Opened("u", "upstand", Segment.PELVIS, 52.0, 0.5)
PACKETS = [RawPacket("u", "18fc0002-4b9a-4015-aa90-1a43ff5ce2de", k / 4, bytes([k]) * k) for k in range(5)]


def written(path: Path) -> Path:
    file = Capture(path, "s", 1.7e9)
    file.opened(OPENED)
    for packet in PACKETS:
        file.packet(packet)
    file.close()
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    header, entries = capture.read(written(tmp_path / "a" / "one.capture"))
    assert (header.session_id, header.started_at) == ("s", 1.7e9)
    assert list(entries) == [OPENED, *PACKETS]


def test_a_torn_end(tmp_path: Path) -> None:
    path = written(tmp_path / "one.capture")
    path.write_bytes(path.read_bytes()[:-1])
    _, entries = capture.read(path)
    assert list(entries) == [OPENED, *PACKETS[:-1]]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 something else", records.framed(b"\x93\x01\x02\x03")])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(PostureError, match="no capture"):
        capture.read(tmp_path / "x")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="cannot be read"):
        capture.read(tmp_path / "x")


def test_an_old_capture_is_never_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path / "one.capture")
    with pytest.raises(PostureError, match="another name"):
        Capture(path, "s", 0.0)
