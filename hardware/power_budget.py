"""What the sensor draws in each state, on paper: figures of the makers times how long each part is busy.

`python -m hardware.power_budget` writes the tables of hardware/firmware/README.md. Nothing here was measured on a
board of ours. Each figure says where it is from; one that could not be looked up again says "unconfirmed", and the
shares that are estimates of ours say so.
"""

from __future__ import annotations

from dataclasses import dataclass

CELLS_MAH = (100, 250, 400)
USABLE = 0.85  # of a cell's rated charge, down to the 3.4 V that the regulator needs

_NRF = "Nordic, nRF52840 Product Specification"
_IMU = "LSM6DS3TR-C data sheet, table 4; unconfirmed"
_FLASH = "P25Q16H data sheet; unconfirmed"

_CPU_MA = 3.3  # from flash, DC/DC, 64 MHz; unconfirmed, but with the radio on (IS0, 8.1 mA) it adds 1.7 mA
_TX_MA = 6.4  # 0 dBm, DC/DC: IRADIO_TX1
_RX_MA = 6.26  # 1 Mbit/s, DC/DC: IRADIO_RX0
_BYTE_S = 8e-6  # on the air, 1 Mbit/s


@dataclass(frozen=True, slots=True)
class Load:
    """A part of the sensor in one of the states."""

    part: str
    ma: float  # mean
    why: str


@dataclass(frozen=True, slots=True)
class State:
    name: str
    loads: tuple[Load, ...]

    @property
    def ma(self) -> float:
        return sum(load.ma for load in self.loads)

    def hours(self, cell_mah: float) -> float:
        """From full to empty in this state alone."""
        return USABLE * cell_mah / self.ma


def _cpu(share: float, doing: str) -> Load:
    why = f"{100 * share:g} % of {_CPU_MA} mA (unconfirmed); share estimated: {doing}"
    return Load("processor", share * _CPU_MA, why)


def _link(interval_s: float, packets_per_s: float, packet_bytes: int) -> Load:
    """A connection event listens and answers once (80 bits each way, 140 µs of ramp-up each); packets come on top."""
    event_s = 2 * (0.00014 + 10 * _BYTE_S)
    packet_s = (packet_bytes + 21) * _BYTE_S + 0.00015 + 10 * _BYTE_S  # header, then the other's acknowledgement
    ma = event_s / interval_s * (_TX_MA + _RX_MA) / 2 + packets_per_s * packet_s * (_TX_MA + _RX_MA) / 2
    return Load("radio", ma, f"link of {1e3 * interval_s:g} ms and {packets_per_s:g} packets/s at 0 dBm ({_NRF})")


def _advertising(interval_s: float) -> Load:
    on_s = 3 * (0.00014 + 47 * _BYTE_S + 0.00015 + 0.00014)  # three channels: send 47 bytes, listen
    return Load(
        "radio", on_s / interval_s * (_TX_MA + _RX_MA) / 2, f"advertising every {1e3 * interval_s:g} ms ({_NRF})"
    )


_MEASURING = Load("IMU", 0.90, f"both in high performance ({_IMU})")
_DOZING = Load("IMU", 0.025, f"accelerometer alone, low power, at most as at 52 Hz ({_IMU})")
_BOARD = Load(
    "board",
    0.020,
    "a whole XIAO asleep 5.6 µA, its divider 2.3 µA (measured: Seeed's forum, topics 274333, 273177), and flash in "
    "standby; rounded up",
)
_WRITING = Load("flash", 0.0095, f"2.8 pages/s of 0.7 ms at 5 mA ({_FLASH})")

STATES = (
    State("worn, read at 52 Hz", (_MEASURING, _cpu(0.20, "Python"), _link(0.03, 4.0, 180), _BOARD)),
    State("worn, read at 104 Hz", (_MEASURING, _cpu(0.28, "Python"), _link(0.03, 8.0, 180), _BOARD)),
    State("worn, left behind", (_MEASURING, _cpu(0.20, "Python"), _advertising(0.25), _WRITING, _BOARD)),
    State("on the table", (_DOZING, _cpu(0.06, "fifty looks a second"), _advertising(0.25), _BOARD)),
)


def table() -> str:
    """Markdown: a line for each state, hours for each cell."""
    cells = " | ".join(f"{cell} mAh" for cell in CELLS_MAH)
    lines = [f"| state | mA | {cells} |", "|---|---|" + "---|" * len(CELLS_MAH)]
    for state in STATES:
        hours = " | ".join(f"{state.hours(cell):.0f} h" for cell in CELLS_MAH)
        lines.append(f"| {state.name} | {state.ma:.2f} | {hours} |")
    return "\n".join(lines)


def arithmetic() -> str:
    """Markdown: what each state is the sum of."""
    lines = ["| state | part | mA | from |", "|---|---|---|---|"]
    lines += [
        f"| {state.name} | {load.part} | {load.ma:.3f} | {load.why} |" for state in STATES for load in state.loads
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(), arithmetic(), sep="\n\n")  # noqa: T201 - that is what it is for
