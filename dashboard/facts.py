"""A day's facts as cards: a label, a value that is read from afar, and a note."""

from __future__ import annotations

from collections.abc import Iterable

Fact = tuple[str, str, str]  # label, value, note


def as_html(facts: Iterable[Fact]) -> str:
    cards = "".join(
        f'<div class="up-fact"><span>{label}</span><strong>{value}</strong><em>{note}</em></div>'
        for label, value, note in facts
    )
    return f'<div class="up-facts">{cards}</div>'
