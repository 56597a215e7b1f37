"""What the pipeline is told of the settings file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from analysis.errors import PostureError
from analysis.io.settings import load
from upstand.analyzing import pipeline_settings


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
