"""The writer and the reader on a real SQLite file, also where it is locked, full, damaged or too new."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

from analysis import schema
from analysis.break_flow import Prompt, PromptState
from analysis.errors import StoreError
from analysis.io import migrating, store_tables
from analysis.io.journal import Entry, Kind, entry_of, input_of, samples_entry
from analysis.io.outputs import Delivered
from analysis.io.reader import Reader
from analysis.io.store import Batch, Duplicate, Store
from analysis.model import Activity, Calibration, Event, Label, Output, PostureFrame, SampleBlock, Segment, Stance


def samples(segment: Segment, seq: int, session_id: str = "s") -> Entry:
    counts = np.full((10, 6), seq % 1000, "<i2").tobytes()
    message = schema.Samples(
        session_id=session_id, started_at=1000.0, source="radio", sensor_id=f"{segment}-1", segment=segment, seq=seq,
        t0=0.2 * seq, dt=0.02, acc_scale=0.001, gyr_scale=0.001, counts=counts, lost=seq % 2,
    )  # fmt: skip
    return samples_entry(schema.block_of(message), schema.encode(message))


def frame(first_tick: int, count: int) -> PostureFrame:
    ticks = first_tick + np.arange(count)
    values = {"tilt": np.where(ticks % 7 == 0, np.nan, ticks * 0.1)}
    return PostureFrame(ticks / 10, values, np.full(count, 1, np.int8), np.zeros(count, np.uint16))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'made' / 'upstand.sqlite').as_posix()}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def test_the_migrations_make_the_tables(url: str, store: Store) -> None:
    with create_engine(url).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), store_tables.metadata) == []
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == store_tables.REVISION


def test_everything_comes_back(url: str, store: Store) -> None:
    session = store.session("s", "me", "radio", 1000.0)
    sitting = Event("sitting", 1.5, None, {"x": float("nan"), "n": 3, "ok": True, "why": "é", "none": None})
    prompt = Prompt("p1", "stand", 1, "Stand up.", 2.0)
    calibration = Calibration(Segment.PELVIS, "pelvis-1", Stance.SITTING, 1.0, np.array([1.0, 0, 0, 0]), 0.1)
    entries = [samples(Segment.PELVIS, 0), entry_of(Label(0.0, 1.0, "phone")), samples(Segment.PELVIS, 1)]
    assert store.write([Batch(session, entries, [frame(0, 3), sitting, prompt, calibration])]) == []
    done = Prompt("p1", "stand", 1, "Stand up.", 2.0, PromptState.DONE, 2.5)
    over = Event("sitting", 1.5, 2.25, {"n": np.float64(4)})
    status = schema.Status(part="bridge", online=True, at=5.0)
    told = Delivered(session.run_id, "p1", "desktop", 1002.0, False, "No desktop.")
    store.write([Batch(session, (), [frame(3, 4), over, done])], statuses={("me", "bridge"): status}, deliveries=[told])
    with Reader(url) as reader:
        read = reader.newest_session("me")
        assert read is not None
        assert (read.session_id, read.source, read.started_at, read.run_id) == ("s", "radio", 1000.0, session.run_id)
        assert read.last_s == pytest.approx(0.38)
        kept = reader.frames(read, 0.0, float("inf"))
        assert kept.t.tolist() == frame(0, 7).t.tolist()
        assert kept.values["tilt"].tobytes() == frame(0, 7).values["tilt"].tobytes()
        assert reader.frames(read, 0.2, 0.5).t.tolist() == [0.2, 0.3, 0.4]
        assert reader.events(read) == [Event("sitting", 1.5, 2.25, {"n": 4.0})]
        assert reader.events(read, "walking") == []
        assert reader.prompts(read) == [done]
        assert reader.deliveries(read) == [told]
        (made,) = reader.calibrations(read)
        assert made.mounting.tolist() == [1.0, 0.0, 0.0, 0.0]
        assert reader.statuses("me") == {"bridge": status}
        assert reader.sample_count(read, Segment.PELVIS) == 20
        assert reader.sample_count(read, Segment.LUMBAR) == 0
        assert [run.kind for run in reader.runs(read)] == ["live"]
        minutes = reader.minutes(read)
        assert minutes.t0.tolist() == [0.0]
        assert minutes.values["tilt"].mean.tolist() == [pytest.approx(0.35)]
        assert minutes.values["tilt"].n.tolist() == [6.0]
        assert minutes.seconds[0, Activity.SITTING] == pytest.approx(0.7)
    journal = list(store.journal(session))
    assert [entry.payload for entry in journal] == [entry.payload for entry in entries]
    assert [entry.kind for entry in journal] == [Kind.SAMPLES, Kind.LABEL, Kind.SAMPLES]


def test_a_database_that_is_not_there_reads_as_empty(url: str) -> None:
    with Reader(url) as reader:
        assert reader.sessions("me") == []
        assert reader.newest_session("me") is None
        assert reader.statuses("me") == {}
        assert not file_of(url).parent.exists()
        file_of(url).parent.mkdir()
        sqlite3.connect(file_of(url)).close()  # the writer has just begun
        assert reader.sessions("me") == []
        with Store.open(url) as store:
            session = store.session("s", "me", "radio", 1000.0)
            read = reader.newest_session("me")
            assert read is not None
            assert read.last_s is None
            assert len(reader.frames(read, 0, 1).t) == 0
            assert reader.minutes(read).seconds.shape == (0, len(Activity))
            assert session.is_new


def test_sessions_are_those_that_overlap(url: str, store: Store) -> None:
    for number, began in enumerate([100.0, 200.0, 300.0]):
        session = store.session(f"s{number}", "me", "radio", began)
        store.write([Batch(session, [samples(Segment.PELVIS, k, f"s{number}") for k in range(250)])])  # 50 s
    store.session("other", "you", "radio", 200.0)
    with Reader(url) as reader:
        assert [s.session_id for s in reader.sessions("me")] == ["s0", "s1", "s2"]
        assert [s.session_id for s in reader.sessions("me", 140.0, 300.0)] == ["s0", "s1"]
        assert [s.session_id for s in reader.sessions("me", 251.0)] == ["s2"]


@settings(max_examples=25)
@given(
    arrivals=st.lists(st.tuples(st.sampled_from(list(Segment)), st.integers(0, 12)), max_size=40),
    size=st.integers(1, 7),
)
def test_a_block_is_stored_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, arrivals: list[tuple[Segment, int]], size: int
) -> None:
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('db') / 'x.sqlite'}") as store:
        session = store.session("s", "me", "radio", 1000.0)
        refused: list[Duplicate] = []
        for begin in range(0, len(arrivals), size):
            refused += store.write([Batch(session, [samples(*one) for one in arrivals[begin : begin + size]])])
        newest = dict.fromkeys(Segment, -1)
        expected, repeated = [], []
        for segment, seq in arrivals:
            if seq > newest[segment]:
                newest[segment] = seq
                expected.append((segment, seq))
            else:
                repeated.append(Duplicate("s", segment, seq))
        assert [(entry.segment, entry.seq) for entry in store.journal(session)] == expected
        assert refused == repeated
        found = store.find("s")
        assert found is not None
        assert found.next_seq == {segment: seq + 1 for segment, seq in newest.items() if seq >= 0}


def write_all(store: Store, batches: list[Batch]) -> None:
    for batch in batches:
        store.write([batch])


@pytest.mark.parametrize("pages", [4, 40])
def test_a_full_disk_is_said_and_loses_nothing(url: str, store: Store, pages: int) -> None:
    session = store.session("s", "me", "radio", 1000.0)
    store.write([Batch(session, [samples(Segment.PELVIS, 0)], [frame(0, 50)])])
    store.close()
    limit = [0]

    def limited(connection: sqlite3.Connection, _record: object) -> None:
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        limit[0] = limit[0] or used + pages
        connection.execute(f"PRAGMA max_page_count={limit[0]}")

    batches = [Batch(session, [samples(Segment.PELVIS, k)], [frame(50 * k, 50)]) for k in range(400)]
    full = Store.open(url)
    full.close()  # the connection of the migrations
    event.listen(Engine, "connect", limited)
    try:
        with pytest.raises(StoreError, match="disk is full"):
            write_all(full, batches[1:])
    finally:
        event.remove(Engine, "connect", limited)
    with Reader(url) as reader:
        read = reader.newest_session("me")
        assert read is not None
        written = len(list(store.journal(session)))
        assert 1 < written < 400
        assert len(reader.frames(read, 0, float("inf")).t) == 50 * written
        full.close()  # its connections; the next ones have room again
        full.write([batches[written]])  # the batch that was refused
        full.close()
        assert len(reader.frames(read, 0, float("inf")).t) == 50 * (written + 1)
        assert reader.minutes(read).seconds.sum() == pytest.approx(5 * (written + 1))


def test_a_locked_database_is_said_and_waited_for(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    session = store.session("s", "me", "radio", 1000.0)
    other = sqlite3.connect(file_of(url), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    batch = Batch(session, [samples(Segment.PELVIS, 0)], [frame(0, 5)])
    release = threading.Timer(0.3, other.rollback)
    release.start()
    assert store.write([batch]) == []  # waits
    release.join()
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="in use by another program"):
        store.write([Batch(session, [samples(Segment.PELVIS, 1)], [frame(5, 5)])])
    with Reader(url) as reader:  # reading goes on
        read = reader.newest_session("me")
        assert read is not None
        assert len(reader.frames(read, 0, 10).t) == 5
    other.rollback()
    other.close()
    assert store.write([Batch(session, [samples(Segment.PELVIS, 1)], [frame(5, 5)])]) == []
    with Reader(url) as reader:
        assert reader.minutes(read).values["tilt"].n.tolist() == [8.0]


def test_a_database_of_a_newer_version_is_left_alone(url: str, store: Store) -> None:
    store.session("s", "me", "radio", 1000.0)
    store.close()
    with sqlite3.connect(file_of(url)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '0999'")
    newer.close()
    with pytest.raises(StoreError, match="newer version"):
        Store.open(url)
    with Reader(url) as reader, pytest.raises(StoreError, match="newer version"):
        reader.sessions("me")


def test_a_damaged_or_foreign_file_is_said(url: str) -> None:
    file_of(url).parent.mkdir()
    file_of(url).write_bytes(b"this is no database at all, but a letter" * 200)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(url)
    with Reader(url) as reader, pytest.raises(StoreError, match="damaged"):
        reader.sessions("me")
    file_of(url).unlink()
    with sqlite3.connect(file_of(url)) as foreign:
        foreign.execute("CREATE TABLE sessions (x)")
    foreign.close()
    with pytest.raises(StoreError, match="not made by Upstand"):
        Store.open(url)


def test_pages_damaged_later_are_said(url: str, store: Store) -> None:
    session = store.session("s", "me", "radio", 1000.0)
    store.write([Batch(session, [samples(Segment.PELVIS, k) for k in range(500)])])
    store.close()
    data = bytearray(file_of(url).read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    file_of(url).write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged|not made by"), Store.open(url) as broken:
        broken.write([Batch(session, [samples(Segment.PELVIS, 500)])])


@pytest.mark.parametrize(
    ("url", "words"),
    [("nonsense", "URL is wrong"), ("oracle9://x", "URL is wrong"), ("sqlite:////proc/nowhere/x.sqlite", "data_dir")],
)
def test_a_wrong_url_is_said(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        Store.open(url)


def test_a_store_that_may_not_be_written_is_said(url: str, store: Store) -> None:
    session = store.session("s", "me", "radio", 1000.0)
    store.close()

    def protected(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")  # as a file without the right to write, which root always has

    event.listen(Engine, "connect", protected)
    try:
        with pytest.raises(StoreError, match="right to write"):
            store.write([Batch(session, [samples(Segment.PELVIS, 0)])])
    finally:
        event.remove(Engine, "connect", protected)


def test_old_raw_data_go_and_what_they_meant_stays(url: str, store: Store) -> None:
    told: list[Output] = [frame(0, 1200), Event("sitting", 0.0, 100.0, {}), Prompt("p", "stand", 1, "Stand up.", 60.0)]
    old = store.session("old", "me", "radio", 1000.0)
    new = store.session("new", "me", "radio", 9000.0)
    for session in (old, new):
        blocks = [samples(Segment.PELVIS, k, session.session_id) for k in range(10)]
        store.write([Batch(session, blocks, told)])
    assert store.forget_before(5000.0) == 10 + 12
    assert store.forget_before(5000.0) == 0
    assert list(store.journal(old)) == []
    assert len(list(store.journal(new))) == 10
    with Reader(url) as reader:
        first, second = reader.sessions("me")
        assert len(reader.frames(first, 0, float("inf")).t) == 0
        assert len(reader.frames(second, 0, float("inf")).t) == 1200
        assert len(reader.minutes(first).t0) == 2
        assert len(reader.events(first)) == len(reader.prompts(first)) == 1
        assert reader.sample_count(first, Segment.PELVIS) == 100
    assert store.write([Batch(old, [samples(Segment.PELVIS, 9, "old")])]) == [Duplicate("old", Segment.PELVIS, 9)]


def test_calibrations_are_remembered_by_wearer_sensor_and_segment(store: Store) -> None:
    def made(sensor_id: str, tilt: float, made_s: float = 5.0) -> Calibration:
        return Calibration(Segment.PELVIS, sensor_id, Stance.STANDING, made_s, np.array([1.0, 0, 0, 0]), tilt)

    first, second = (store.session(name, "me", "radio", 1000.0) for name in ("a", "b"))
    store.write([Batch(first, (), [made("x", 0.1), made("x", 0.2), made("y", 0.3)])])
    store.write([Batch(second, (), [made("x", 0.9, float("nan"))])])  # carried over: no new knowledge
    store.write([Batch(second, (), [made("x", 0.8)])], run_id=store.add_run(second))
    newest = store.newest_calibration("me", Segment.PELVIS, "x")
    assert newest is not None
    assert newest.tilt_error_deg == 0.2
    assert store.newest_calibration("me", Segment.LUMBAR, "x") is None
    assert store.newest_calibration("you", Segment.PELVIS, "x") is None


def test_a_journal_longer_than_a_page_comes_in_order(store: Store) -> None:
    session = store.session("s", "me", "radio", 1000.0)
    store.write([Batch(session, [samples(Segment.PELVIS, k) for k in range(4500)])])
    seqs = [item.seq for item in map(input_of, store.journal(session)) if isinstance(item, SampleBlock)]
    assert seqs == list(range(4500))
