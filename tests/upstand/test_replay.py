"""Recorded people through radio, bridge, broker, analysis and store."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.upstand.system import Install, shared_data

pytestmark = [
    pytest.mark.system,
    pytest.mark.recordings,
    pytest.mark.skipif(not shared_data().is_dir(), reason="the real recordings are not on this machine"),
]


@pytest.mark.timeout(120)
def test_one_person_comes_through_whole_and_the_same_again(tmp_path: Path) -> None:
    install = Install(tmp_path)
    done = install.command("replay", str(shared_data() / "cairo_sitting" / "sub01.npz"), "--speed", "50")
    assert done.returncode == 0, done.stderr
    assert "0 were lost on the way" in done.stdout
    assert "Slouching flexed the low back in 1 of 1" in done.stdout
    again = install.command("reanalyze", "--wearer", "replay-sub01")
    assert again.returncode == 0, again.stdout


@pytest.mark.timeout(120)
def test_another_set_comes_through_whole(tmp_path: Path) -> None:
    install = Install(tmp_path)
    done = install.command("replay", str(shared_data() / "cip_sample" / "ergowear_pelvis_t12_neck.npz"), "--speed", "5")
    assert done.returncode == 0, done.stderr
    assert "0 were lost on the way" in done.stdout


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_all_people_move_as_their_labels_say_and_none_loses_a_sample(tmp_path: Path) -> None:
    people = sorted((shared_data() / "cairo_sitting").glob("sub*.npz"))
    assert len(people) == 22
    install = Install(tmp_path)
    done = install.command("replay", *map(str, people), "--speed", "50", timeout_s=1400)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Of 1\d{6} samples 0 were lost", done.stdout)
    flexed = re.search(r"flexed the low back in (\d+) of 22", done.stdout)
    hinged = re.search(r"moved the pelvis more than the low back in (\d+) of 22", done.stdout)
    assert flexed is not None
    assert int(flexed.group(1)) >= 20
    assert hinged is not None
    assert int(hinged.group(1)) >= 20
    again = install.command("reanalyze", "--wearer", "replay-sub45")
    assert again.returncode == 0, again.stdout


def test_where_it_cannot_be_shown_nothing_is_played(tmp_path: Path) -> None:
    install = Install(tmp_path)
    file = str(shared_data() / "cairo_sitting" / "sub01.npz")
    with socket.create_server(("127.0.0.1", install.page_port)):
        done = install.command("replay", file, "--dashboard")
    assert done.returncode == 2
    [sentence] = done.stderr.strip().splitlines()
    assert f"Port {install.page_port} " in sentence
    assert not done.stdout


@pytest.mark.parametrize(
    ("name", "content"),
    [("nothing.npz", None), ("text.npz", b"no archive"), ("cut.npz", b"PK\x03\x04cut")],
)
def test_a_file_that_is_no_recording_is_said_in_one_sentence(tmp_path: Path, name: str, content: bytes | None) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    done = Install(tmp_path).command("replay", str(file))
    assert done.returncode == 2
    assert name in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
