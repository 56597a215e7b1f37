"""Corrections over corrections: the later one holds, as if every moment had been painted anew."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from analysis.corrections import CORRECTED, Corrected, Corrections, event_of, overlaid, since, spans_of
from analysis.model import Activity, Event, Label

SECONDS = 40
SPANS = st.tuples(st.integers(0, SECONDS), st.integers(0, SECONDS), st.sampled_from(list(Activity)))


def painted(labels: list[tuple[int, int, Activity]]) -> list[Activity]:
    """What holds in each second; UNKNOWN where nothing was corrected."""
    seconds = [Activity.UNKNOWN] * SECONDS
    for start, end, activity in labels:
        for second in range(start, end):
            seconds[second] = activity
    return seconds


def seconds_of(spans: list[Corrected]) -> list[Activity]:
    return painted([(round(span.start_s), round(span.end_s), span.activity) for span in spans])


def kept(labels: list[tuple[int, int, Activity]]) -> list[Event]:
    """The events that are left, as the store keeps them: by kind and start, the last one told."""
    corrections, events = Corrections(), {}
    for start, end, activity in labels:
        for event in corrections.add(Label(float(start), float(end), "", activity)):
            events[event.kind, event.start_s] = event
    return list(events.values())


@given(st.lists(SPANS, max_size=12))
def test_the_store_shows_what_was_painted_last(labels: list[tuple[int, int, Activity]]) -> None:
    spans = spans_of(kept(labels))
    assert seconds_of(spans) == painted(labels)
    assert all(a.end_s <= b.start_s for a, b in pairwise(spans))


@given(st.lists(SPANS, max_size=6), st.lists(SPANS, max_size=6))
def test_what_was_told_lies_under_the_corrections(
    told: list[tuple[int, int, Activity]], labels: list[tuple[int, int, Activity]]
) -> None:
    shown = overlaid(spans_of(kept(told)), spans_of(kept(labels)))
    both = [b if b is not Activity.UNKNOWN else a for a, b in zip(painted(told), painted(labels), strict=True)]
    assert seconds_of(shown) == both
    assert all(a.end_s < b.start_s or a.activity is not b.activity for a, b in pairwise(shown))


def test_a_correction_that_is_taken_back_leaves_nothing() -> None:
    corrections = Corrections()
    assert corrections.add(Label(3.0, 9.0, "", Activity.SITTING)) == [
        Event(CORRECTED, 3.0, 9.0, {"activity": "sitting"})
    ]
    assert corrections.add(Label(0.0, 20.0, "", Activity.UNKNOWN)) == [Event(CORRECTED, 3.0, 3.0, {})]
    assert corrections.add(Label(0.0, 20.0, "a note")) == []


def test_other_events_are_no_corrections() -> None:
    span = Corrected(1.0, 2.0, Activity.NOT_WORN)
    odd = Event(CORRECTED, 5.0, 6.0, {"activity": "dancing"})
    assert spans_of([Event("sitting", 0.0, 3.0), odd, event_of(span), Event(CORRECTED, 8.0, None, {})]) == [span]


def test_what_goes_on_began_when_the_wearer_says() -> None:
    stood, sat = Corrected(400.0, 1000.0, Activity.STANDING), Corrected(0.0, 100.0, Activity.SITTING)
    assert since(100.0, Activity.SITTING, []) == 100.0
    assert since(100.0, Activity.SITTING, [stood]) == 1000.0
    assert since(100.0, Activity.SITTING, [sat]) == 0.0
    assert since(100.0, Activity.SITTING, [sat, stood]) == 1000.0
    assert since(200.0, Activity.SITTING, [sat]) == 200.0  # it does not touch
