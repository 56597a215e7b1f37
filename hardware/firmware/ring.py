"""The newest packets, in one buffer that is made at the start and never grows."""

from hardware.firmware import wire

SLOT_BYTES = wire.STREAM_HEAD_BYTES + wire.SAMPLE_BYTES * wire.PACKET_SAMPLES


def packet_bytes(slot: bytes) -> int:
    """How long the stream packet is that stands at the start of a slot."""
    return wire.STREAM_HEAD_BYTES + wire.SAMPLE_BYTES * slot[14]


class Ring:
    """Holds the last `capacity` packets; their numbers follow each other without a gap."""

    def __init__(self, capacity: int, first_seq: int = 0) -> None:
        self.capacity = capacity
        self.held = 0
        self.next_seq = first_seq
        self._slots = bytearray(capacity * SLOT_BYTES)
        self._head = 0  # the slot of the next packet

    @property
    def oldest_seq(self) -> int:
        """The next number where none is held."""
        return wire.later(self.next_seq, -self.held)

    def append(self, data: bytes) -> bytes:
        """Take the packet `next_seq`; returns the one that it drives out, or nothing."""
        start = self._head * SLOT_BYTES
        driven_out = b""
        if self.held == self.capacity:
            slot = bytes(self._slots[start : start + SLOT_BYTES])
            driven_out = slot[: packet_bytes(slot)]
        else:
            self.held += 1
        self._slots[start : start + len(data)] = data
        self._head = (self._head + 1) % self.capacity
        self.next_seq = wire.later(self.next_seq, 1)
        return driven_out

    def get(self, seq: int) -> bytes:
        """The packet of that number, or nothing."""
        offset = wire.ahead(seq, self.oldest_seq)
        if not 0 <= offset < self.held:
            return b""
        start = (self._head - self.held + offset) % self.capacity * SLOT_BYTES
        slot = bytes(self._slots[start : start + SLOT_BYTES])
        return slot[: packet_bytes(slot)]
