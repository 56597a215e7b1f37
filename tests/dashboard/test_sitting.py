"""What the page says of how sitting was spread."""

from __future__ import annotations

from analysis.bout_statistics import Span, statistics_of
from analysis.model import Activity
from dashboard.sitting import facts, sentence

SAT = [
    Span(Activity.SITTING, 0.0, 7500.0),
    Span(Activity.STANDING, 7500.0, 7530.0),
    Span(Activity.SITTING, 7530.0, 8430.0),
]


def test_the_facts_in_plain_words() -> None:
    told = {label: (value, note) for label, value, note in facts(statistics_of([SAT]))}
    assert told["Over 20 min"] == ("1", "89 % of the sitting")
    assert told["Over 1 h"] == ("1", "89 % of the sitting")
    assert told["Over 2 h"] == ("1", "89 % of the sitting")
    assert told["Usual length"][0] == "2 h 05 min"
    assert told["Breaks an hour"] == ("0.0", "of sitting; 1 more were under 60 s")
    assert "Alpha" not in told  # two bouts make no power law


def test_the_sentence_counts_without_a_verdict() -> None:
    assert sentence(statistics_of([SAT])).startswith("You sat 2 h 20 min in 2 pieces and stood up from it once.")
    assert "did not stand up" in sentence(statistics_of([SAT[:1]]))


def test_many_bouts_have_an_alpha() -> None:
    spans = [Span(Activity.SITTING, 1000.0 * k, 1000.0 * k + 60.0 * (k + 1)) for k in range(12)]
    assert "Alpha" in {label for label, _, _ in facts(statistics_of([spans]))}
