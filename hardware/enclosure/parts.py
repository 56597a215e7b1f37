"""What the clip holds, in mm, as its makers give it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Board:
    """Seeed XIAO nRF52840 Sense (102010469), lying with its components to the front, USB down.

    Outline, corners, pads and the connector's overhang: Seeed's KiCad footprint XIAO-nRF52840-SMD (OPL_Kicad_Library).
    Thickness of board and connector: Seeed's STEP model of the XIAO series, 1.25 and 4.46 overall.
    """

    width: float = 17.8
    length: float = 21.0
    thickness: float = 1.25
    corner_radius: float = 1.9
    usb_width: float = 9.0
    usb_height: float = 3.21
    usb_overhang: float = 1.51
    usb_depth: float = 7.35
    pad_reach: float = (
        1.4  # how far the castellated pads reach in from a long edge; nothing is taller than solder there
    )
    behind: float = 1.5  # wires and solder on the battery pads, on the back of the board


@dataclass(frozen=True, slots=True)
class Cell:
    """A lithium polymer pouch with its protection board, as its six figures say: thickness, width, length."""

    name: str
    capacity_mah: float
    thickness: float
    width: float
    length: float
    tab: float = 2.0  # the protection board and the folded seam at the end with the wires


# Sold under these names by several makers; the figures of the name are the pouch without its protection board
CELLS = (
    Cell("401230", 100.0, 4.0, 12.0, 30.0),
    Cell("502030", 250.0, 5.0, 20.0, 30.0),
    Cell("502535", 400.0, 5.0, 25.0, 35.0),
)
SWELLING = 0.10  # of the thickness, over a pouch cell's life


@dataclass(frozen=True, slots=True)
class Motor:
    """A coin motor (eccentric mass), stuck down by its own adhesive: Adafruit 1201 is 10 × 2.7, others up to 3.4."""

    diameter: float = 10.0
    thickness: float = 3.4


@dataclass(frozen=True, slots=True)
class Switch:
    """C&K PTS635SL43LFS: 6.0 × 3.5, 4.3 over its seat, through-hole legs."""

    length: float = 6.0
    width: float = 3.5
    body: float = 3.5
    height: float = 4.3
    plunger: float = 1.7  # the narrow side of the plunger
    legs: float = 1.0  # what is left of the legs when they are cut and soldered


@dataclass(frozen=True, slots=True)
class Screw:
    """M2 × 6 with a pan head, self-cutting, into printed holes."""

    diameter: float = 2.0
    length: float = 6.0
    head_diameter: float = 3.8
    head_height: float = 1.3


@dataclass(frozen=True, slots=True)
class Material:
    """A printed plastic. `strain_limit` holds for a clip that is opened every day, along the printed lines.

    Single bends: 3 to 5 % for PETG and 5 to 8 % for PA12 (usual snap-fit advice for printed parts); makers of plastics
    take 60 % of that for repeated use (Covestro, Snap-Fit Joints for Plastics), of which we take the lower end.
    """

    name: str
    modulus_mpa: float
    strain_limit: float


PETG = Material("PETG", 1940.0, 0.6 * 0.03)  # modulus: tensile, printed, maker's data sheet of a common filament
PA12 = Material("PA12", 1700.0, 0.6 * 0.05)  # sintered, tensile
