"""Legibility, computed as WCAG 2.2 defines it, in both themes."""

from __future__ import annotations

import re

import pytest

from dashboard import theme

OVERLAY = (
    ".st-key-overlay:has(.up-over)",
    ".st-key-overlay:has(.up-over-in_break), .st-key-overlay:has(.up-over-outcome)",
)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _pair(prop: str, rule: str) -> tuple[str, str]:
    """The light and dark value of a property in one of our CSS rules."""
    body = re.search(re.escape(rule) + r" \{([^}]*)\}", theme.CSS)
    assert body is not None, rule
    found = re.search(rf"(?<![-\w]){re.escape(prop)}:[^;]*?light-dark\((#\w{{6}}), (#\w{{6}})\)", body[1])
    assert found is not None, (rule, prop)
    return found[1], found[2]


def test_contrast_of_black_on_white() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("rule", [".up-made-up", ".up-problem", ".up-advice", *OVERLAY])
def test_notices_are_legible(rule: str, which: int) -> None:
    assert _contrast(_pair("color", rule)[which], _pair("background", rule)[which]) >= 7.0


@pytest.mark.parametrize(("which", "mode"), [(0, "light"), (1, "dark")])
@pytest.mark.parametrize(
    "name", ["--up-soft", "--up-ink", "--up-sitting", "--up-standing", "--up-walking", "--up-lying"]
)
def test_words_are_legible_on_the_page(name: str, which: int, mode: str) -> None:
    background = theme.OPTIONS[f"theme.{mode}.backgroundColor"]
    assert _contrast(_pair(name, ".stApp")[which], background) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("colour", theme.ACTIVITY_COLOURS.values())
def test_marks_in_charts_can_be_told_from_the_page(colour: str, mode: str) -> None:
    assert _contrast(colour, theme.OPTIONS[f"theme.{mode}.backgroundColor"]) >= 3.0


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_of_the_themes(mode: str) -> None:
    background = theme.OPTIONS[f"theme.{mode}.backgroundColor"]
    assert _contrast(theme.OPTIONS[f"theme.{mode}.textColor"], background) >= 12.0
    primary = theme.OPTIONS[f"theme.{mode}.primaryColor"]
    assert _contrast(primary, background) >= 4.5
    button = _pair("color", '[data-testid="stBaseButton-primary"]')[mode == "dark"]
    assert _contrast(button, primary) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_in_pictures(mode: str) -> None:
    background, colours = theme.OPTIONS[f"theme.{mode}.backgroundColor"], theme.palette(mode)
    assert _contrast(colours.ink, background) >= 7.0
    assert _contrast(colours.soft, background) >= 4.5
    assert min(_contrast(colour, background) for colour in colours.lines) >= 4.5


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert "url(" not in theme.CSS
    assert "@import" not in theme.CSS
    assert not any("http" in value for value in theme.OPTIONS.values())
