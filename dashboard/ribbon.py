"""The ledger of a day as a ribbon: a row for each kind of reason, so that colour alone never tells."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from dashboard import words
from dashboard.break_day import ORDER, SUPPRESSED, WAITED, Piece
from dashboard.charts import Columns, draw, iso

_COLOURS = {
    "Prompted": "#b3691a",
    "On a break": "#1f8f84",
    "Off the seat": "#3b7dd8",
    "Not due": "#7d8588",
    WAITED: "#9a7b2c",
    SUPPRESSED: "#8d68c4",
    "Not known": "#8a7a84",
}


def draw_ribbon(pieces: Sequence[Piece]) -> None:
    """`pieces` has one at least."""
    columns: Columns = {
        "start": [1000 * piece.start for piece in pieces],
        "end": [1000 * piece.end for piece in pieces],
        "row": [piece.row for piece in pieces],
        "why": [piece.sentence for piece in pieces],
        "lasted": [words.exactly(piece.end - piece.start) for piece in pieces],
    }
    low, high = min(piece.start for piece in pieces), max(piece.end for piece in pieces)
    low, high = math.floor(low / 1800) * 1800, math.ceil(high / 1800) * 1800
    shown = [row for row in ORDER if any(piece.row == row for piece in pieces)]
    bars = (
        alt.Chart(alt.NamedData("ledger"))
        .mark_bar(height={"band": 0.78})
        .encode(
            x=alt.X(
                "start:T",
                title=None,
                scale=alt.Scale(domain=[iso(low), iso(high)]),
                axis=alt.Axis(format="%H:%M", tickCount=8),
            ),
            x2="end:T",
            y=alt.Y("row:N", sort=shown, scale=alt.Scale(domain=shown), title=None, axis=alt.Axis(ticks=False)),
            color=alt.Color(
                "row:N", scale=alt.Scale(domain=shown, range=[_COLOURS[row] for row in shown]), legend=None
            ),
            tooltip=[
                alt.Tooltip("start:T", format="%H:%M:%S", title="from"),
                alt.Tooltip("lasted:N", title="for"),
                alt.Tooltip("why:N", title="why"),
            ],
        )
        .properties(height=30 * len(shown) + 40)
    )
    told = ", ".join(f"{row} {words.duration(_total(pieces, row))}" for row in shown)
    draw(bars, {"ledger": columns}, f"Why there was a prompt or none over the day: {told}")


def _total(pieces: Sequence[Piece], row: str) -> float:
    return sum(piece.end - piece.start for piece in pieces if piece.row == row)
