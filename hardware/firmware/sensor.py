"""The sensor between its IMU and its radio: who may ask, what is answered, what is held and sent again.

A core: the shell (code.py on the board, the twin on a computer) hands in what is written to the control
characteristic and the packets that are made, and sends what this returns.
"""

from hardware.firmware import talk, wire
from hardware.firmware.ring import Ring
from hardware.firmware.seal import MOST_HOSTS, Ciphers, SealError, Session, key_id
from hardware.firmware.spill import Spill

STREAM_MTU = 183  # 180 and the three bytes of a notification
LOGIN_S = 15.0  # a link that has not proved itself by then is ended; finding the services may take a host half of it
BAD_WRITES = 8  # so many, and it is ended at once
NEW_HOST_S = 60.0  # how long a press of the button lets a new host in

RING_PACKETS = 240  # a minute at 52 Hz


class Body:
    """What the shell can do. Rates and codes are those of the protocol."""

    def mtu(self) -> int:
        """ATT MTU of the link."""
        raise NotImplementedError

    def is_subscribed(self) -> bool:
        """Whether the host reads the stream."""
        raise NotImplementedError

    def configure(self, rate_hz: int, acc_code: int, gyro_code: int) -> int:
        """Measure so from now on; returns the rate that it is then. What this closes goes to `keep` first."""
        raise NotImplementedError

    def close(self) -> None:
        """End the packet that is being filled; it goes to `keep`."""
        raise NotImplementedError

    def next_seq(self) -> int:
        """Number of the next packet to be made."""
        raise NotImplementedError

    def buzz(self, pattern: int) -> None:
        raise NotImplementedError

    def identify(self) -> None:
        raise NotImplementedError

    def remember(self, hosts: list[bytes]) -> None:
        """Keep the ids of the hosts that are allowed, over a reset."""
        raise NotImplementedError


class Sensor:
    """`key` of 32 bytes; an empty one leaves the sensor open to whoever is near."""

    def __init__(
        self,
        body: Body,
        ring: Ring,
        spill: Spill,
        ciphers: Ciphers,
        key: bytes,
        hosts: list[bytes],
    ) -> None:
        self.is_started = False
        self.is_started_here = False  # the host has asked for the stream in this link
        self.refused = 0  # writes that were none of a host of ours
        self._body = body
        self._ring = ring
        self._spill = spill
        self._ciphers = ciphers
        self._key = key
        self._hosts = list(hosts)
        self._pressed_s = -NEW_HOST_S - 1.0
        self._session = None  # type: Session | None
        self._is_trusted = False  # the host has proved itself in this session
        self._bad = 0
        self._linked_s = -1.0
        self._live_from = -1  # number of the first packet sent as it was made, in this link
        self._owed = []  # type: list[list[int]]  # [first, count] still to be resent
        self._events = 0

    @property
    def is_trusted(self) -> bool:
        """Whether the host at the other end may ask."""
        return not self._key or self._is_trusted

    def linked(self, now_s: float) -> None:
        """A host has connected."""
        self._forget()
        self._linked_s = now_s

    def unlinked(self) -> None:
        """The link is gone."""
        self._forget()
        self._linked_s = -1.0

    def unsubscribed(self) -> None:
        """The host reads the stream no more."""
        self._owed = []
        self._live_from = -1

    def pressed(self, now_s: float) -> None:
        """The button: a new host may come in for a minute."""
        self._pressed_s = now_s

    def should_hang_up(self, now_s: float) -> bool:
        """Whether who is connected has not shown in time, or not at all, to be one of ours."""
        if not self._key or self._is_trusted or self._linked_s < 0.0:
            return False
        return self._bad >= BAD_WRITES or now_s - self._linked_s > LOGIN_S

    # --- what is written to the control characteristic

    def asked(self, data: bytes, now_s: float) -> bytes:
        """What to notify on the control characteristic; nothing to those who only make noise."""
        if not self._key:
            return talk.encode_answer(self._obey(data))
        if data[:1] == bytes((wire.HELLO,)):
            return self._greet(data, now_s)
        if data[:1] == bytes((wire.PLAIN | wire.REQUEST,)):
            self._refuse()
            return talk.encode_answer(talk.Answer(data[1] if len(data) > 1 else 0, 0, wire.LOCKED))
        if self._session is None:
            self._refuse()
            return b""
        try:
            plain = self._session.open_request(data)
        except SealError:
            self._refuse()
            return b""
        if not self._is_trusted and not self._may_enter(self._session.host_id, now_s):
            return self._session.seal_answer(talk.encode_answer(talk.Answer(plain[1], plain[2], wire.LOCKED)))
        self._let_in(self._session.host_id)
        return self._session.seal_answer(talk.encode_answer(self._obey(plain)))

    def _greet(self, hello: bytes, now_s: float) -> bytes:
        """A hello costs the one who says it its old session; a host of ours says it once a link."""
        self._forget(keep_bad=True)
        self._refuse()
        if self._bad >= BAD_WRITES:
            return b""
        try:
            self._session = Session(self._ciphers, self._key, hello, self._may_enter(hello[1:9], now_s))
        except SealError:
            return b""
        return self._session.welcome

    def _may_enter(self, host_id: bytes, now_s: float) -> bool:
        """The first host that has the key may; others when the button has been pressed."""
        return not self._hosts or host_id in self._hosts or now_s - self._pressed_s <= NEW_HOST_S

    def _let_in(self, host_id: bytes) -> None:
        self._is_trusted = True
        if host_id not in self._hosts:
            self._hosts = (self._hosts + [host_id])[-MOST_HOSTS:]  # noqa: RUF005 - MicroPython has no starred lists
            self._body.remember(self._hosts)

    def _refuse(self) -> None:
        self._bad += 1
        self.refused += 1

    def _forget(self, keep_bad: bool = False) -> None:
        self._session = None
        self._is_trusted = False
        self.is_started_here = False
        self.unsubscribed()
        if not keep_bad:
            self._bad = 0

    def _obey(self, data: bytes) -> talk.Answer:
        request_id = data[1] if len(data) > 1 else 0
        command = data[2] if len(data) > 2 else 0
        try:
            code, value = self._do(talk.decode_request(data))
        except talk.UnknownCommandError:
            code, value = wire.UNKNOWN_COMMAND, 0
        except ValueError:
            code, value = wire.BAD_REQUEST, 0
        return talk.Answer(request_id, command, code, value)

    def _do(self, request: talk.Request) -> tuple[int, int]:
        """Code and value of the answer."""
        body = self._body
        if request.command == wire.CONFIGURE:
            rate_hz = body.configure(request.rate_hz, request.acc_code, request.gyro_code)
            return (wire.OK, 0) if rate_hz == request.rate_hz else (wire.UNABLE, rate_hz)
        if request.command == wire.START:
            if body.mtu() < STREAM_MTU:
                return wire.UNABLE, STREAM_MTU
            self.is_started = self.is_started_here = True
            return wire.OK, body.next_seq()
        if request.command == wire.STOP:
            body.close()
            self.is_started = self.is_started_here = False
            return wire.OK, body.next_seq()
        if request.command == wire.RESEND:
            return self._resend(request.first, request.count)
        if request.command == wire.BUZZ:
            body.buzz(request.pattern)
        else:
            body.identify()
        return wire.OK, 0

    # --- packets

    def keep(self, packet: bytes) -> bytes:
        """Take a packet that was just made; returns what to notify on the stream, or nothing."""
        seq = self._ring.next_seq
        driven_out = self._ring.append(packet)
        is_live = self.is_trusted and self._body.is_subscribed()
        if is_live and self._live_from < 0:
            self._live_from = seq
        elif not is_live:
            self._live_from = -1
        if driven_out:
            old = wire.later(seq, -self._ring.capacity)
            if self._live_from < 0 or wire.ahead(old, self._live_from) < 0:
                self._spill.add(old, driven_out)
        return self._on_air(packet) if is_live else b""

    def next_owed(self) -> bytes:
        """One packet of those that were asked for again, oldest first; nothing when all are paid."""
        while self._owed and self.is_trusted and self._body.is_subscribed():
            span = self._owed[0]
            seq = span[0]
            span[0], span[1] = wire.later(seq, 1), span[1] - 1
            if not span[1]:
                del self._owed[0]
            packet = self.held(seq)
            if packet:
                return self._on_air(wire.mark_resent(packet))
        return b""

    def held(self, seq: int) -> bytes:
        """The packet of that number, or nothing."""
        return self._ring.get(seq) or self._spill.get(seq)

    def oldest_seq(self) -> int:
        """Of all that is held; the next number where nothing is."""
        first = self._spill.oldest()
        return self._ring.oldest_seq if first < 0 else first

    def status(self, status: talk.Status) -> bytes:
        """What the status characteristic reads and notifies now; a stranger learns only which key fits."""
        if not self._key:
            return talk.encode_status(status)
        if self._session is None or not self._is_trusted:
            return bytes((wire.NOTICE,)) + key_id(self._ciphers, self._key)
        return self._session.seal_told(talk.encode_status(status))

    def event(self, kind: int, ticks: int, value: int = 0) -> bytes:
        """What to notify on the status characteristic; nothing where nobody may know."""
        self._events = (self._events + 1) % 0x10000
        plain = talk.encode_event(talk.Event(kind, self._events, wire.later(ticks, 0), value))
        if not self._key:
            return plain
        return self._session.seal_told(plain) if self._session is not None and self._is_trusted else b""

    def _resend(self, first: int, count: int) -> tuple[int, int]:
        if not self.held(first):
            return wire.NOT_HELD, self._first_from(first)
        last = min(count, wire.ahead(self._ring.next_seq, first))
        coming = self._spill.count(first, last)
        within = wire.ahead(wire.later(first, last), self._ring.oldest_seq)
        coming += min(max(within, 0), last)
        self._owe(first, last)
        return wire.OK, coming

    def _owe(self, first: int, count: int) -> None:
        """Spans stay apart, so that nothing is sent twice for being asked twice."""
        for span in self._owed:
            start, ahead = wire.ahead(first, span[0]), wire.ahead(wire.later(first, count), span[0])
            if start < span[1] and ahead > 0:
                if start < 0:
                    self._owe(first, -start)
                if ahead > span[1]:
                    self._owe(wire.later(span[0], span[1]), ahead - span[1])
                return
        self._owed.append([first, count])
        self._owed.sort(key=lambda span: wire.ahead(span[0], first))

    def _first_from(self, seq: int) -> int:
        """The oldest number held from `seq` on; the oldest of all where there is none."""
        found = self._spill.first_from(seq)
        if found >= 0:
            return found
        ring = self._ring
        return ring.oldest_seq if ring.held and wire.ahead(seq, ring.next_seq) < 0 else self.oldest_seq()

    def _on_air(self, plain: bytes) -> bytes:
        return self._session.seal_stream(plain) if self._session is not None else plain
