"""Colours, type and the few styles of our own; light and dark are equals. Nothing is fetched from anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.model import Activity

# Mid tones: each has at least 3:1 against both backgrounds, as marks in a chart need (WCAG 2.2, 1.4.11).
ACTIVITY_COLOURS = {
    Activity.SITTING: "#c2741f",
    Activity.STANDING: "#1f8f84",
    Activity.WALKING: "#3b7dd8",
    Activity.LYING: "#8d68c4",
    Activity.OTHER: "#9a7b2c",
    Activity.NOT_WORN: "#8a7a84",
    Activity.UNKNOWN: "#7d8588",
}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of what is drawn as a picture and so cannot follow the page's own styles."""

    ink: str  # 7:1 and more against the page
    soft: str  # 4.5:1 and more
    lines: tuple[str, ...]  # for metrics in turn; 4.5:1 and more
    fill: str  # within a shape outlined by the first line


LIGHT = Palette(ink="#1c2629", soft="#566266", lines=("#14695f", "#94347c", "#2459a8", "#8f4f0c"), fill="#cfe6e1")
DARK = Palette(ink="#e8edeb", soft="#a9b4b6", lines=("#62cbbd", "#e59bd0", "#8bb8f5", "#f0a95c"), fill="#214a46")


def palette(kind: str | None) -> Palette:
    """Of the theme the person looks at, as Streamlit names it."""
    return DARK if kind == "dark" else LIGHT


def favicon(colour: str) -> str:
    """The wearer in a disc of that colour, as SVG: a tab that asks for something is told from all others."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="{colour}"/>'
        '<circle cx="16" cy="8" r="4" fill="#fff"/>'
        '<path d="M16 13v9m0 0l-4 7m4-7l4 7m-10-13h12" fill="none" stroke="#fff" stroke-width="3"/></svg>'
    )


# Command line options of Streamlit; `server.command` passes them on.
OPTIONS = {
    "theme.font": "sans-serif",
    "theme.baseRadius": "0.75rem",
    "theme.metricValueFontSize": "2.9rem",
    "theme.metricValueFontWeight": "600",
    "theme.headingFontSizes": "1.6rem",
    "theme.light.primaryColor": "#1b6f67",
    "theme.light.backgroundColor": "#f7f6f2",
    "theme.light.secondaryBackgroundColor": "#ecebe4",
    "theme.light.textColor": "#1c2629",
    "theme.light.borderColor": "#d6d4ca",
    "theme.dark.primaryColor": "#5fbfb3",
    "theme.dark.backgroundColor": "#12181a",
    "theme.dark.secondaryBackgroundColor": "#1c2427",
    "theme.dark.textColor": "#e8edeb",
    "theme.dark.borderColor": "#323d41",
}

# Streamlit sets `color-scheme`, so `light-dark()` follows the theme the person chose, not only the system's.
CSS = """
<style>
.stApp { --up-soft: light-dark(#566266, #a9b4b6); --up-line: light-dark(#d6d4ca, #323d41);
  --up-card: light-dark(#ffffff, #182022); --up-ink: light-dark(#1c2629, #e8edeb);
  --up-sitting: light-dark(#8f4f0c, #f0a95c); --up-standing: light-dark(#14695f, #62cbbd);
  --up-walking: light-dark(#2459a8, #8bb8f5); --up-lying: light-dark(#64429a, #c3a6ee); --up-unknown: var(--up-soft); }
.stMainBlockContainer { max-width: 76rem; padding-top: 4.5rem; padding-bottom: 3rem; }
[data-stale="true"], .stElementContainer { opacity: 1 !important; transition: none !important; }
.up-notice { display: flex; gap: .9rem; align-items: flex-start; border-radius: .75rem; padding: .8rem 1.1rem;
  margin-bottom: .5rem; font-size: 1.05rem; line-height: 1.45; border: 1px solid; }
.up-notice b { font-size: 1.15em; letter-spacing: .01em; }
.up-notice .up-mark { font-size: 1.5rem; line-height: 1.3; }
.up-made-up { background: light-dark(#f3e9fb, #2c2139); border-color: light-dark(#7d4fb0, #a987d6);
  color: light-dark(#43216b, #e6d7f8); font-size: 1.15rem; }
.up-made-up b { font-size: 1.5em; display: block; }
.up-problem { background: light-dark(#fbe9e4, #3a1f1a); border-color: light-dark(#b3482e, #e08a72);
  color: light-dark(#6b2210, #fbd9cf); }
.up-advice { background: light-dark(#fdf3d9, #332a12); border-color: light-dark(#a97a12, #cda344);
  color: light-dark(#5a3f00, #f6e3ae); }
.up-label { font-size: 1rem; color: var(--up-soft); }
.up-posture { font-size: clamp(3.2rem, 7vw, 5.2rem); font-weight: 700; line-height: 1.05; letter-spacing: -.02em; }
.up-bout { font-size: clamp(2.2rem, 5vw, 3.2rem); font-weight: 500; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
.up-words { font-size: 1.15rem; line-height: 1.4; color: var(--up-ink); }
.up-soft { font-size: 1rem; line-height: 1.45; color: var(--up-soft); }
.st-key-overlay:has(.up-over) { --up-edge: light-dark(#b3691a, #e3a356); border: 2px solid var(--up-edge);
  border-radius: .9rem; padding: 1rem 1.2rem; gap: .6rem; background: light-dark(#fff4e3, #2b2113); z-index: 1000;
  --up-says: light-dark(#4d2b00, #fbe6c8); color: light-dark(#4d2b00, #fbe6c8); }
.up-over { color: var(--up-says); }
.up-over b { font-size: 1.6rem; line-height: 1.2; display: block; }
.up-over p { font-size: 1.1rem; line-height: 1.4; margin: .3rem 0 0; }
.st-key-overlay:has(.up-over-heads_up), .st-key-overlay:has(.up-over-outcome) { border-width: 1px;
  padding: .7rem 1.1rem; }
.up-over-heads_up b, .up-over-outcome b { font-size: 1.15rem; }
.st-key-overlay:has(.up-over-in_break), .st-key-overlay:has(.up-over-outcome) {
  --up-edge: light-dark(#1f8f84, #62cbbd); background: light-dark(#e8f5f2, #14302d);
  --up-says: light-dark(#0d4640, #d5f3ee); color: light-dark(#0d4640, #d5f3ee); }
.st-key-overlay:has(.up-over-asked), .st-key-overlay:has(.up-over-in_break) { position: fixed; right: 1.2rem;
  bottom: 1.2rem; width: min(28rem, calc(100vw - 2.4rem)); box-shadow: 0 .6rem 2rem rgb(0 0 0 / .28); }
.stMainBlockContainer:has(.up-over-asked, .up-over-in_break) { padding-bottom: 18rem; }
.st-key-overlay:has(.up-over-louder), .st-key-overlay:has(.up-over-loudest) { position: fixed; left: 50%; top: 50%;
  transform: translate(-50%, -50%); width: min(40rem, calc(100vw - 2rem)); border-width: 4px;
  box-shadow: 0 .8rem 3rem rgb(0 0 0 / .4); }
.st-key-overlay:has(.up-over-loudest) { --up-edge: light-dark(#b3482e, #e08a72);
  box-shadow: 0 0 0 200vmax rgb(0 0 0 / .6); }
.up-over-louder b, .up-over-loudest b { font-size: 2.1rem; }
.up-over-louder p, .up-over-loudest p { font-size: 1.25rem; }
.up-sensor { font-size: 1.05rem; line-height: 1.55; font-variant-numeric: tabular-nums; }
.up-sensor b { font-size: 1.2rem; }
.up-facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: .8rem; }
.up-fact { background: var(--up-card); border: 1px solid var(--up-line); border-radius: .75rem; padding: .7rem .9rem; }
.up-fact span { display: block; font-size: .95rem; color: var(--up-soft); }
.up-fact strong { font-size: 1.65rem; font-weight: 600; line-height: 1.25;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.up-fact em { display: block; font-style: normal; font-size: .9rem; color: var(--up-soft); }
.up-more { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .5rem 1.2rem; }
.up-more span { display: block; font-size: .9rem; color: var(--up-soft); }
.up-more b { font-size: 1.05rem; font-weight: 500; color: var(--up-ink); font-variant-numeric: tabular-nums; }
.up-more em { font-style: normal; font-size: .9rem; color: var(--up-soft); }
.up-honest { font-size: .95rem; color: var(--up-soft); border-top: 1px solid var(--up-line); padding-top: .8rem; }
.up-walks { width: 100%; border-collapse: collapse; font-size: 1.05rem; font-variant-numeric: tabular-nums; }
.up-walks th, .up-walks td { text-align: left; font-weight: 400; padding: .45rem .6rem .45rem 0;
  border-bottom: 1px solid var(--up-line); }
.up-walks thead th, .up-walks .up-aside { color: var(--up-soft); }
@media (max-width: 45rem) {
  .up-walks, .up-walks thead, .up-walks tbody { display: block; }
  .up-walks tr { display: grid; grid-template-columns: repeat(4, 1fr); padding: .4rem 0;
    border-bottom: 1px solid var(--up-line); }
  .up-walks th, .up-walks td { border: 0; padding: 0; }
  .up-walks tbody th, .up-walks .up-aside { color: var(--up-soft); font-size: .95rem; }
  .up-walks tbody th { grid-column: 1 / -1; }
  .up-walks .up-aside { grid-column: span 2; }
  .up-walks .up-aside::before { content: attr(data-name) ": "; }
  .up-walks th:empty, .up-walks td:empty, .up-walks thead .up-aside { display: none; }
}
[data-testid="stStatusWidget"] { display: none; }
[data-testid="stMetricValue"] > div { text-overflow: clip; }
[data-testid="stBaseButton-primary"] { color: light-dark(#ffffff, #0b1514); }
.stMetric label p { font-size: 1.05rem; }
.stTable td, .stTable th { font-size: 1.05rem; }
</style>
"""


def word_colour(activity: Activity) -> str:
    """The CSS colour of an activity's word: at least 4.5:1 in both themes."""
    return f"var(--up-{activity.name.lower()})"
