"""What has been measured and is not yet known to be stored."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from analysis.model import Segment

RESEND_S = 5.0
IN_FLIGHT = 200

Stream = tuple[str, Segment]  # session id and segment: what sequence numbers count


@dataclass(frozen=True, slots=True)
class Letter:
    """One encoded Samples message."""

    session_id: str
    segment: Segment
    seq: int
    payload: bytes

    @property
    def stream(self) -> Stream:
        return self.session_id, self.segment


class Outbox:
    """Holds each letter until its stream is confirmed up to it; tells what to send, and what to send again.

    At most `in_flight` letters are out unconfirmed, so that a broker that was away is not flooded. Letters of a
    stream must be added in order. `now_s` is real time: confirmations come at the pace of disks and networks.
    """

    def __init__(self, *, resend_s: float = RESEND_S, in_flight: int = IN_FLIGHT) -> None:
        self._resend_s = resend_s
        self._in_flight = in_flight
        self._held: dict[tuple[Stream, int], Letter] = {}  # in order of adding
        self._streams: dict[Stream, deque[int]] = {}  # the numbers held
        self._unsent: deque[Letter] = deque()
        self._flying: dict[tuple[Stream, int], float] = {}  # when it was sent, in that order

    def __len__(self) -> int:
        return len(self._held)

    def letters(self) -> list[Letter]:
        """All that is held, in order of adding."""
        return list(self._held.values())

    def add(self, letter: Letter) -> None:
        """Take a letter; one that is already held is ignored."""
        key = letter.stream, letter.seq
        if key in self._held:
            return
        self._held[key] = letter
        self._streams.setdefault(letter.stream, deque()).append(letter.seq)
        self._unsent.append(letter)

    def due(self, now_s: float) -> list[Letter]:
        """What to send now; taken as sent.

        Where one is overdue, all that is out of its stream goes again: a stream is stored in order alone, so what
        came after a lost one was not taken.
        """
        late = set[Stream]()
        for (stream, _), sent_s in self._flying.items():
            if now_s - sent_s < self._resend_s:
                break
            late.add(stream)
        again = [key for key in self._flying if key[0] in late]
        for key in again:
            del self._flying[key]
            self._flying[key] = now_s
        letters = [self._held[key] for key in again]
        while self._unsent and len(self._flying) < self._in_flight:
            letter = self._unsent.popleft()
            key = letter.stream, letter.seq
            if key in self._held:
                self._flying[key] = now_s
                letters.append(letter)
        return letters

    def confirm(self, session_id: str, segment: Segment, seq: int) -> int:
        """Every block of this stream up to and with `seq` is stored: forget them. Returns how many that were."""
        stream = session_id, segment
        numbers = self._streams.get(stream)
        done = 0
        while numbers and numbers[0] <= seq:
            key = stream, numbers.popleft()
            del self._held[key]
            self._flying.pop(key, None)
            done += 1
        if numbers is not None and not numbers:
            del self._streams[stream]
        return done

    def send_all_again(self) -> None:
        """The broker was away: what was out may be lost."""
        self._unsent = deque(self._held.values())
        self._flying.clear()
