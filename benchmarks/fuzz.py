"""Bytes that no sensor sends, by the million: random, sound packets with damage, and beginnings that go on at random.

python -m benchmarks.fuzz --bytes 10000000
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np

from analysis.model import Segment
from analysis.schema import Samples
from benchmarks.report import Section
from benchmarks.sound_packets import DRIVERS, SENSOR, families, heads, rate_of, sound
from firmware_bridge.numbering import Session
from firmware_bridge.packet import RawPacket
from firmware_bridge.reader import Reader

BYTES = 10_000_000  # for each family
_LONGEST = 250
_RESTARTED_EVERY = 5000  # packets, by a new link


def measure(number: int = BYTES) -> Section:
    rows = [(family, fuzzed(family, number)) for family in families()]
    return Section(
        "Bytes that no sensor sends",
        f"{number / 1e6:g} million bytes for each family through its parser and assembler, in packets of up to "
        f"{_LONGEST} bytes: a third random, a third sound packets with bytes changed, cut off or doubled, a third "
        "beginnings of sound packets that go on at random. An exception would end the measurement.",
        rows,
    )


def fuzzed(family: str, number: int) -> str:
    """What came of it, in words."""
    driver = DRIVERS[family]
    reader = Reader(driver, Session("s", 0.0, "radio"), SENSOR, Segment.PELVIS, rate_of(family))
    rng = np.random.default_rng(7)
    told: Counter[str] = Counter()
    packets = fed = 0
    begun_s = time.perf_counter()
    reader.opened()
    for packet in _packets(family, rng):
        if fed >= number:
            break
        packets, fed = packets + 1, fed + len(packet.data)
        told.update(type(item).__name__ for item in reader.feed(packet))
        if packets % _RESTARTED_EVERY == 0:
            told.update(type(item).__name__ for item in reader.opened())
    told.update(type(item).__name__ for item in reader.finish())
    took_s = time.perf_counter() - begun_s
    return (
        f"no exception in {packets} packets; {reader.bad_packets} found bad, {reader.samples} samples that could pass, "
        f"{told[Samples.__name__]} blocks; {fed / took_s / 1e6:.1f} MB/s"
    )


def _packets(family: str, rng: np.random.Generator) -> Iterator[RawPacket]:
    channels = [*DRIVERS[family].channels, "0000ffff-0000-1000-8000-00805f9b34fb"]
    beginnings = heads()
    sounds = sound(family, 400)
    arrived_s, at = 0.0, 0
    while True:
        arrived_s += float(rng.exponential(0.02))
        kind = int(rng.integers(3))
        if kind == 0:
            channel, data = channels[int(rng.integers(len(channels)))], _random(rng, _LONGEST)
        elif kind == 1:
            packet, at = sounds[at % len(sounds)], at + 1
            channel, data = packet.channel, _damaged(rng, packet.data)
        else:
            channel = channels[int(rng.integers(len(channels)))]
            data = beginnings[int(rng.integers(len(beginnings)))] + _random(rng, _LONGEST - 14)
        yield RawPacket(SENSOR, channel, arrived_s, data)


def _random(rng: np.random.Generator, longest: int) -> bytes:
    return rng.bytes(int(rng.integers(longest)))


def _damaged(rng: np.random.Generator, data: bytes) -> bytes:
    told = bytearray(data)
    for _ in range(int(rng.integers(4))):
        if told:
            told[int(rng.integers(len(told)))] = int(rng.integers(256))
    match int(rng.integers(6)):
        case 0:
            return bytes(told[: int(rng.integers(len(told) + 1))])
        case 1:
            return bytes(told + told)
        case _:
            return bytes(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=BYTES, help="for each family")
    for what, told in measure(parser.parse_args().bytes).rows:
        print(f"{what}: {told}")


if __name__ == "__main__":
    main()
