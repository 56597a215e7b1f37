"""The whole script, run as Streamlit runs it but without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.io.store import Store
from dashboard.server import APP
from tests.dashboard.filled import PATIENCE_S, Wearer


@pytest.fixture
def store_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "u.sqlite"
    monkeypatch.setenv("UPSTAND_STORE__URL", f"sqlite:///{file}")
    monkeypatch.delenv("UPSTAND_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return file


def _run() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=PATIENCE_S).run()


def _texts(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


def test_the_first_page_is_now(store_file: Path) -> None:
    app = _run()
    assert not app.exception
    assert "Nothing has been recorded yet" in _texts(app)
    assert "Unknown" in _texts(app)


def test_a_simulated_wearer_is_marked_with_the_reason(store_file: Path) -> None:
    with Store.open(f"sqlite:///{store_file}") as store:
        Wearer(store, "simulated", "simulated", note="No sensor answered within 8 s.")
    texts = _texts(_run())
    assert "SIMULATED — no real sensor is worn" in texts
    assert "No sensor answered within 8 s." in texts
    assert "Sitting" in texts


def test_a_broken_setting_is_one_sentence(store_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTAND_DASHBOARD__PORT", "none")
    app = _run()
    assert not app.exception
    assert "dashboard.port" in app.error[0].value


def test_a_broken_store_is_one_sentence(store_file: Path) -> None:
    store_file.write_bytes(b"this is no database" * 100)
    app = _run()
    assert not app.exception
    assert app.error
    assert "Traceback" not in app.error[0].value
