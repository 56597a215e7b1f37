"""Packets on flash, for when the link is down longer than the ring holds.

Written once and in pieces of 24 packets (4 kB), in files of 240 whose name is the number of their first packet; whole
files are deleted, oldest first, when the room is used up. So a flash page is written once per packet, and what a reset
cuts off is the piece in memory and no file.
"""

from hardware.firmware import wire
from hardware.firmware.ring import SLOT_BYTES, packet_bytes

PIECE_PACKETS = 24
FILE_PACKETS = 240
ROOM_BYTES = 47 * SLOT_BYTES * FILE_PACKETS  # 45 min at 52 Hz and two of the ring: 1.94 MB of the board's 2.10 MB


class Files:
    """What the spill needs of a folder. Raises OSError where the flash is full or not writable."""

    def names(self) -> list[str]:
        raise NotImplementedError

    def size(self, name: str) -> int:
        raise NotImplementedError

    def append(self, name: str, data: bytes) -> None:
        raise NotImplementedError

    def read(self, name: str, start: int, count: int) -> bytes:
        raise NotImplementedError

    def remove(self, name: str) -> None:
        raise NotImplementedError


class Spill:
    """What an earlier run left is held, too. Numbers rise, with gaps between absences."""

    def __init__(self, files: Files, room_bytes: int = ROOM_BYTES) -> None:
        self.written_bytes = 0
        self.lost = 0  # packets that had to go for want of room, or that flash would not take
        self._files = files
        self._room = room_bytes
        self._runs = self._found()  # [first number, packets on flash], oldest first
        self._piece = []  # type: list[bytes]
        self._piece_seq = 0  # of the first of them

    @property
    def held(self) -> int:
        return sum(run[1] for run in self._runs) + len(self._piece)

    def add(self, seq: int, data: bytes) -> None:
        """Keep a packet whose number is later than all before."""
        if self._piece and seq != wire.later(self._piece_seq, len(self._piece)):
            self.flush()
        if not self._piece:
            self._piece_seq = seq
        self._piece.append(data)
        if len(self._piece) == PIECE_PACKETS:
            self.flush()

    def flush(self) -> None:
        """Put what is in memory on flash."""
        if not self._piece:
            return
        piece, self._piece = self._piece, []
        run = self._runs[-1] if self._runs else None
        if run is None or run[1] >= FILE_PACKETS or wire.later(run[0], run[1]) != self._piece_seq:
            run = [self._piece_seq, 0]
            self._runs.append(run)
        data = b"".join(packet + bytes(SLOT_BYTES - len(packet)) for packet in piece)
        self._make_room(len(data))
        try:
            self._files.append(_name(run[0]), data)
        except OSError:
            self.lost += len(piece)
            if not run[1]:
                self._runs.remove(run)
            return
        run[1] += len(piece)
        self.written_bytes += len(data)

    def get(self, seq: int) -> bytes:
        """The packet of that number, or nothing."""
        offset = wire.ahead(seq, self._piece_seq)
        if 0 <= offset < len(self._piece):
            return self._piece[offset]
        for first, count in self._runs:
            offset = wire.ahead(seq, first)
            if 0 <= offset < count:
                try:
                    slot = self._files.read(_name(first), offset * SLOT_BYTES, SLOT_BYTES)
                except OSError:
                    return b""
                return slot[: packet_bytes(slot)] if _is_packet(slot, seq) else b""
        return b""

    def first_from(self, seq: int) -> int:
        """The first number held that is not before `seq`; -1 where there is none."""
        for first, count in self._runs:
            if wire.ahead(seq, first) < count:
                return first if wire.ahead(seq, first) < 0 else seq
        if self._piece and wire.ahead(seq, self._piece_seq) < len(self._piece):
            return self._piece_seq if wire.ahead(seq, self._piece_seq) < 0 else seq
        return -1

    def count(self, first: int, count: int) -> int:
        """How many of the numbers from `first` on are held."""
        runs = self._runs + [[self._piece_seq, len(self._piece)]]  # noqa: RUF005 - MicroPython has no starred lists
        held = 0
        for run in runs:
            start = max(wire.ahead(run[0], first), 0)
            held += max(0, min(wire.ahead(run[0], first) + run[1], count) - start)
        return held

    def oldest(self) -> int:
        """The first number held; -1 where there is none."""
        if self._runs:
            return self._runs[0][0]
        return self._piece_seq if self._piece else -1

    def newest(self) -> int:
        """The last number held; -1 where there is none."""
        if self._piece:
            return wire.later(self._piece_seq, len(self._piece) - 1)
        return wire.later(self._runs[-1][0], self._runs[-1][1] - 1) if self._runs else -1

    def _make_room(self, needed: int) -> None:
        while sum(run[1] for run in self._runs) * SLOT_BYTES + needed > self._room and len(self._runs) > 1:
            first, count = self._runs.pop(0)
            self.lost += count
            self._files.remove(_name(first))

    def _found(self) -> list[list[int]]:
        """The files of an earlier run; a piece that a reset cut off ends before the cut."""
        runs = []
        for name in self._files.names():
            if len(name) == 12 and name[8:] == ".pkt":
                count = self._files.size(name) // SLOT_BYTES
                first = int(name[:8], 16)
                if count and _is_packet(self._files.read(name, 0, SLOT_BYTES), first):
                    runs.append([first, count])
                else:
                    self._files.remove(name)
        if runs:
            base = runs[0][0]
            runs.sort(key=lambda run: wire.ahead(run[0], base))
        return runs


def _name(first: int) -> str:
    return f"{first:08x}.pkt"


def _is_packet(slot: bytes, seq: int) -> bool:
    try:
        return len(slot) == SLOT_BYTES and wire.decode_stream(slot[: packet_bytes(slot)]).seq == seq
    except ValueError:
        return False
