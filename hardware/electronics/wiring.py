"""The wiring, once: as a list of joints, from which the drawing and its tests are made."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.enclosure.svg import INK, MARK, SOFT, Drawing, Point

MOTOR_PIN, BUTTON_PIN = "D2", "D3"  # as in hardware/firmware/code.py


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one sensor."""

    name: str
    what: str
    number: str


PARTS = (
    Part("U1", "board with radio, motion sensor and charger", "Seeed Studio XIAO nRF52840 Sense, 102010469"),
    Part("B1", "lithium polymer cell with protection board, two wires", "502030 (250 mAh); or 401230 or 502535"),
    Part("M1", "coin vibration motor, 10 mm, 2 to 5 V", "Adafruit 1201"),
    Part("Q1", "N-channel MOSFET, SOT-23", "Diodes Inc. DMN2050L-7"),
    Part("D1", "Schottky diode, SOD-123", "Diodes Inc. 1N5819HW-7-F"),
    Part("R1", "100 kΩ, 0603 or 0805", "Yageo RC0805FR-07100KL"),
    Part("S1", "push button 6 × 3.5 × 4.3 mm", "C&K PTS635SL43LFS"),
)

# Each net: the joints that one wire or blob of solder connects
NETS = {
    "BAT+": ("B1 +", "U1 BAT+", "M1 red", "D1 cathode"),
    "BAT-": ("B1 -", "U1 BAT-"),
    "GND": ("U1 GND", "Q1 source", "R1 1", "S1 1"),
    "motor": ("M1 blue", "D1 anode", "Q1 drain"),
    "gate": (f"U1 {MOTOR_PIN}", "Q1 gate", "R1 2"),
    "button": (f"U1 {BUTTON_PIN}", "S1 2"),
}

_RED, _BLACK, _BLUE, _GREEN = "#b4332d", "#22303a", "#2f5fa8", "#2f7a4f"


def wiring_drawing() -> str:
    """The parts as one sees them, and the wires between them."""
    drawing = Drawing(200, 112, "Wiring of the sensor")
    pins = _board(drawing, (16.0, 22.0))
    _cell(drawing, (16.0, 84.0))
    _button(drawing, (150.0, 88.0))
    _driver(drawing)
    wires: list[tuple[str, list[Point]]] = [
        (_RED, [(36, 88), (70, 88), (70, pins["BAT+"][1]), pins["BAT+"]]),
        (_BLACK, [(36, 94), (76, 94), (76, pins["BAT-"][1]), pins["BAT-"]]),
        (_RED, [(70, pins["BAT+"][1]), (70, 14), (168, 14), (168, 24)]),
        (_BLUE, [(168, 44), (168, 52), (126, 52)]),
        (_RED, [(144, 14), (144, 26)]),
        (_BLUE, [(144, 40), (144, 52)]),
        (_GREEN, [pins[MOTOR_PIN], (10, pins[MOTOR_PIN][1]), (10, 104), (90, 104), (90, 64), (106, 64)]),
        (_BLACK, [(126, 76), (126, 82), (82, 82), (82, pins["GND"][1]), pins["GND"]]),
        (_BLACK, [(126, 82), (140, 82), (140, 91), (150, 91)]),
        (_GREEN, [pins[BUTTON_PIN], (6, pins[BUTTON_PIN][1]), (6, 108), (140, 108), (140, 97), (150, 97)]),
    ]
    for colour, points in wires:
        drawing.line(points, stroke=colour, width=0.8)
    for joint in ((70.0, pins["BAT+"][1]), (144.0, 14.0), (144.0, 52.0), (126.0, 82.0)):
        drawing.circle(joint, 1.0, fill=INK, width=0.2)
    drawing.text(
        (100, 8), "red: cell +   black: minus   blue: motor   green: signals", size=3.4, anchor="middle", colour=SOFT
    )
    return drawing.render()


def _board(drawing: Drawing, low: Point) -> dict[str, Point]:
    """The XIAO from its front, USB up; returns where each pad is. The battery pads are on its back."""
    x, y = low
    drawing.box(low, (32, 44), round_=3, fill="#2e4668", width=0.5)
    drawing.box((x + 8, y - 3), (16, 12), round_=2, fill="#c4c9ce", width=0.4)
    for row, words in enumerate(("XIAO", "nRF52840", "Sense")):
        drawing.text((x + 16, y + 15 + 4.5 * row), words, size=3.0, anchor="middle", colour="#ffffff")
    pads = {}
    left = ("D0", "D1", "D2", "D3", "D4", "D5", "D6")
    right = ("5V", "GND", "3V3", "D10", "D9", "D8", "D7")
    for names, pad_x, text_x, anchor in ((left, x, x + 2.2, "start"), (right, x + 32, x + 29.8, "end")):
        for row, name in enumerate(names):
            pads[name] = (pad_x, y + 8 + 5.3 * row)
            drawing.circle(pads[name], 1.2, fill="#e0b84e", width=0.3)
            drawing.text((text_x, pads[name][1] + 1.0), name, size=2.6, anchor=anchor, colour="#ffffff")
    for name, at in (("BAT+", (x + 22.0, y + 32.0)), ("BAT-", (x + 22.0, y + 37.2))):
        drawing.circle(at, 1.4, fill="#e0b84e", stroke=MARK, width=0.4)
        drawing.text((at[0] - 2.4, at[1] + 1.0), name, size=2.6, anchor="end", colour="#ffffff")
        pads[name] = at
    drawing.text((x + 16, y + 48), "BAT pads: on the back", size=3, anchor="middle", colour=MARK)
    return pads


def _cell(drawing: Drawing, low: Point) -> None:
    drawing.box(low, (20, 14), round_=1, fill="#d9dcdf", width=0.5)
    drawing.text((low[0] + 10, low[1] + 8), "LiPo", size=3.4, anchor="middle")
    drawing.text((38, 86.6), "+", size=4, colour=_RED)
    drawing.text((38, 92.8), "−", size=4)


def _button(drawing: Drawing, low: Point) -> None:
    drawing.box(low, (18, 12), round_=1, fill="#9aa4ab", width=0.5)
    drawing.circle((low[0] + 9, low[1] + 6), 3, fill="#46484c", width=0.3)
    drawing.text((low[0] + 9, low[1] + 16.5), "S1 button", size=3.2, anchor="middle")


def _driver(drawing: Drawing) -> None:
    """Transistor, resistor, diode and motor."""
    drawing.circle((168, 34), 10, fill="#c8c6d0", width=0.5)
    drawing.text((168, 35), "M1", size=3.6, anchor="middle")
    drawing.text((180, 35), "motor", size=3.2)
    drawing.box((141, 26), (6, 14), fill="#ffffff", width=0.5)
    drawing.box((141, 27.4), (6, 2.2), fill=INK, width=0.2)
    drawing.text((139, 34), "D1, band up", size=3.2, anchor="end")
    drawing.box((106, 56), (24, 20), round_=1.5, fill="#3a3d42", width=0.5)
    for at, name, anchor in (
        ((108.0, 65.0), "gate", "start"),
        ((126.0, 60.0), "drain", "middle"),
        ((125.0, 74.0), "source", "middle"),
    ):
        drawing.text(at, name, size=2.8, anchor=anchor, colour="#ffffff")
    drawing.text((132, 67), "Q1", size=3.6)
    drawing.line([(126, 52), (126, 56)], stroke=_BLUE, width=0.8)
    drawing.box((95, 69), (5, 9), fill="#ffffff", width=0.5)
    drawing.line([(97.5, 64), (97.5, 69)], stroke=_GREEN, width=0.8)
    drawing.line([(97.5, 78), (97.5, 82)], stroke=_BLACK, width=0.8)
    drawing.circle((97.5, 64), 1.0, fill=INK, width=0.2)
    drawing.circle((97.5, 82), 1.0, fill=INK, width=0.2)
    drawing.text((101.5, 77.5), "R1", size=3.2)
