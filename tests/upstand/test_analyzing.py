"""What the pipeline is told of the settings file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from analysis.errors import PostureError
from analysis.io.settings import load
from upstand.analyzing import chosen_notifiers, pipeline_settings


def test_the_wearers_height_comes_from_the_settings_and_is_unknown_without(tmp_path: Path) -> None:
    file = tmp_path / "upstand.toml"
    file.write_text("[body]\nheight_m = 1.75\n", encoding="utf-8")
    assert pipeline_settings(load(file)).height_m == 1.75
    file.write_text("", encoding="utf-8")
    assert math.isnan(pipeline_settings(load(file)).height_m)


def test_a_height_in_centimetres_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "upstand.toml"
    file.write_text("[body]\nheight_m = 175\n", encoding="utf-8")
    with pytest.raises(PostureError, match="height_m"):
        load(file)


def test_a_level_of_a_notifier_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "upstand.toml"
    file.write_text("[notify.levels]\nphone = 2\n", encoding="utf-8")
    assert "phone" in chosen_notifiers(load(file))
    file.write_text("[notify.levels]\npager = 2\n", encoding="utf-8")
    with pytest.raises(PostureError, match=r"'pager'.*desktop, hook, phone"):
        chosen_notifiers(load(file))
    file.write_text("[notify.levels]\nphone = 4\n", encoding="utf-8")
    with pytest.raises(PostureError, match=r"notify\.levels\.phone"):
        load(file)


def test_addresses_of_the_phone_are_secrets(tmp_path: Path) -> None:
    file = tmp_path / "upstand.toml"
    file.write_text('[notify]\nphone = ["ntfy://hidden-topic"]\n', encoding="utf-8")
    settings = load(file)
    assert "hidden-topic" not in repr(settings)
    assert settings.notify.phone[0].get_secret_value() == "ntfy://hidden-topic"


def test_the_environment_can_set_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where no settings file lies
    monkeypatch.setenv("UPSTAND_NOTIFY__PHONE", '["ntfy://hidden-topic"]')
    assert load().notify.phone[0].get_secret_value() == "ntfy://hidden-topic"
