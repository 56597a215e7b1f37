from __future__ import annotations

from benchmarks.report import Section, merged, render

FIRST = Section("Orientation", "In movement.", [("ours", "0.4°")])
SECOND = Section("Gait", "On two people.", [("cadence", "0.6"), ("contacts", "0.9")])


def test_a_page_of_everything_is_what_is_printed() -> None:
    assert merged("", [FIRST, SECOND]) == render([FIRST, SECOND])


def test_a_section_that_is_measured_again_stays_in_its_place_and_the_others_as_they_are() -> None:
    page = merged(render([FIRST, SECOND]), [Section("Orientation", "Anew.", [("ours", "0.3°")])])
    assert page == render([Section("Orientation", "Anew.", [("ours", "0.3°")]), SECOND])


def test_a_new_section_comes_last() -> None:
    assert merged(render([FIRST]), [SECOND]) == render([FIRST, SECOND])
