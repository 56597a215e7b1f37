"""Breaks that nobody asked for: counted, a good posture told, and what they teach of the wearer's habits."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.breaks.choosing import Choice
from analysis.breaks.clocks import Account
from analysis.breaks.fading import Habits
from analysis.breaks.ledger import Book
from analysis.breaks.presence import TICKS_PER_S
from analysis.breaks.types import Clock
from analysis.model import Event

POSTURES = (Clock.STATIC, Clock.BENT, Clock.ARCHED)


class Unasked:
    """Looks at the clocks of `Breaks`; of them it only notes which of their breaks has been counted."""

    def __init__(self, choice: Choice, habits: Habits, book: Book) -> None:
        self.choice, self.habits, self.book = choice, habits, book

    def ended(self, accounts: Iterable[Account], now: int, day: int) -> list[Event]:
        """Those that have ended, or that a posture has held for long enough."""
        told: list[Event] = []
        for account in accounts:
            one, ended_s, account.ended_s = account.type, account.ended_s, None
            is_posture = one.clock in (Clock.BENT, Clock.ARCHED)
            if is_posture and account.away_s >= one.length_s - 1e-6 and not account.is_counted:
                account.is_counted = True
                if account.before_s >= one.interval_s:
                    told.append(good_posture(one.name, (now - round(account.away_s * TICKS_PER_S)) / TICKS_PER_S, now))
                ended_s = account.away_s
            elif ended_s is None or account.is_counted:
                continue
            self._count(account, ended_s, day)
        return told

    def _count(self, account: Account, ended_s: float, day: int) -> None:
        one = account.type
        if account.before_s <= 0 or one.name not in self.choice.heeded:
            return
        is_whole = ended_s >= one.enough_s - 1e-6
        is_worth = account.before_s >= one.interval_s / 2
        if one.clock in POSTURES and not (is_whole and is_worth):
            return  # who sits freely shifts all the time
        if not is_whole and ended_s < self.choice.rules.rise_s:
            return
        self.book.unasked(day, one.name, ended_s, is_whole=is_whole)
        if is_whole and is_worth:
            self.habits.learn(one.name, is_unasked=True)

    def shifted(self, account: Account, day: int) -> None:
        """A shift of posture that ended before it was asked for."""
        if account.clock_s >= account.type.interval_s / 2 and account.type.name in self.choice.heeded:
            self.book.unasked(day, account.type.name, account.type.length_s, is_whole=True)
            self.habits.learn(account.type.name, is_unasked=True)

    def close(self, accounts: Iterable[Account], day: int) -> None:
        """The session is over: those that go on."""
        for account in accounts:
            if account.away_s > 0 and not account.is_counted:
                self._count(account, account.away_s, day)


def good_posture(kind: str, start_s: float, now: int) -> Event:
    return Event("good_posture", start_s, now / TICKS_PER_S, {"kind": kind})
