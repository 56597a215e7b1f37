"""How the page says how the wearer walked: what is known, what is not and why, and no verdict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.gait.measures import NAMES
from analysis.io.reader import Reader
from analysis.io.store import Batch, Store
from analysis.model import Event, Value
from dashboard import data, gait
from dashboard.gait import LATEST, Walked
from tests.dashboard.filled import DAY, PATIENCE_S, fill_day

KNOWN: dict[str, Value] = {
    "steps": 41,
    "cadence_spm": 108.2,
    "step_s": 0.555,
    "stride_s": 1.109,
    "stride_cv_percent": 1.94,
    "step_regularity": 0.91,
    "stride_regularity": 0.93,
    "asymmetry_percent": 3.2,
    "step_length_m": 0.667,
    "speed_m_s": 1.203,
    "rotation_deg": 9.3,
    "obliquity_deg": 7.8,
    "tilt_deg": 2.7,
    "harmonic_ratio": 2.41,
    "push_off_m_s2": 1.1,
    "sensor": "pelvis",
    "reason": None,
}
SHORT: dict[str, Value] = {**dict.fromkeys(KNOWN), "steps": 6, "reason": "walked for less than 8 s"}
UNSIZED: dict[str, Value] = {
    **KNOWN,
    "step_length_m": None,
    "speed_m_s": None,
    "reason": "height of the wearer not set: no step length",
}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'u.sqlite'}"


@pytest.fixture
def reader(url: str) -> Iterator[Reader]:
    with Store.open(url) as store:
        fill_day(store, "me", UTC)
        session = store.session("me-morning", "me", "radio", 0.0)
        walks = [Event("gait", 2400.0, 2424.0, KNOWN), Event("gait", 2450.0, 2455.0, SHORT)]
        store.write([Batch(session, [], walks)])
    with Reader(url) as opened:
        yield opened


def test_the_table_says_what_is_known_in_plain_units() -> None:
    told = gait.table([Walked(36000.0, KNOWN)], UTC)
    assert list(told) == ["", "10:00:00", "Error", "In studies"]
    said = dict(zip(told[""], told["10:00:00"], strict=True))
    assert said["Cadence"] == "108 steps/min"
    assert said["Step length"] == "0.67 m"
    assert said["Pelvis turns left and right by"] == "9°"
    assert len({len(column) for column in told.values()}) == 1


def test_only_what_a_source_says_stands_as_usual() -> None:
    told = gait.table([Walked(36000.0, KNOWN)], UTC)
    usual = dict(zip(told[""], told["In studies"], strict=True))
    assert usual["Pelvis tilts forward and back by"] == "2 to 4°"
    from_memory = ("Smoothness (harmonic ratio)", "Pelvis turns left and right by", "Pelvis tips to the sides by")
    assert not [label for label in from_memory if usual[label]]


def test_a_row_names_error_and_studies_for_where_no_heading_does() -> None:
    said = gait.as_html({"": ["Foot"], "10:00:00": ["61 %"], "Error": ["<3 %"], "In studies": [""]})
    assert '<th scope="row" role="rowheader">Foot</th><td role="cell">61 %</td>' in said
    assert 'data-name="Error">&lt;3 %</td><td role="cell" class="up-aside" data-name="In studies"></td>' in said


def test_a_short_walk_counts_its_steps_and_has_no_column() -> None:
    walks = [Walked(36000.0, KNOWN), Walked(36060.0, SHORT), Walked(36120.0, {**SHORT, "steps": None})]
    assert gait.steps(walks) == 47
    assert "10:01:00" not in gait.table(walks, UTC)
    assert gait.unknown(walks) == ""
    assert gait.table(walks[1:], UTC) == {}


def test_what_nobody_knows_has_no_row_and_a_reason() -> None:
    walks = [Walked(36000.0, UNSIZED)]
    assert "Step length" not in gait.table(walks, UTC)[""]
    assert "height" in gait.unknown(walks)
    both = gait.table([Walked(35000.0, KNOWN), *walks], UTC)
    assert dict(zip(both[""], both["10:00:00"], strict=True))["Step length"] == "–"


def test_the_latest_walks_come_first() -> None:
    walks = [Walked(36000.0 + 60.0 * k, KNOWN) for k in range(LATEST + 3)]
    columns = list(gait.table(walks, UTC))[1:-2]
    assert columns == [f"10:0{LATEST + 2 - k}:00" for k in range(LATEST)]


def test_every_row_is_of_a_value_that_gait_has() -> None:
    assert {row.name for row in gait._ROWS} <= {"steps", *NAMES}


def test_the_walks_of_a_day_are_read_from_the_store(reader: Reader) -> None:
    walks = data.read_walks(reader, "me", DAY, UTC)
    assert [walk.values["steps"] for walk in walks] == [41, 6]


def _script(url: str) -> None:
    """Runs as a Streamlit script: it must bring all its imports."""
    from datetime import UTC

    from analysis.io.reader import Reader
    from dashboard import data, gait
    from tests.dashboard.filled import DAY

    gait.show(data.read_walks(Reader(url), "me", DAY, UTC), UTC)


def test_the_page_shows_the_table_and_no_verdict(reader: Reader, url: str) -> None:
    del reader  # filled
    app = AppTest.from_function(_script, args=(url,), default_timeout=PATIENCE_S).run()
    assert not app.exception
    assert "How you walked" in app.markdown[0].value
    told = " ".join(str(element.proto.body) for element in app.get("html")).lower()
    assert told.count("<table") == 1
    assert "not a verdict" in told
    assert not [word for word in ("normal", "abnormal", "healthy", "impaired", "poor", "good") if word in told]
