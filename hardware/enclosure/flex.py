"""How the clip's tongue bends: a cantilever of constant section, fixed where the turn begins."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.enclosure.parts import Material

# Fillet as wide as the tongue is thick, in bending (Peterson's Stress Concentration Factors, stepped bar, r/t near 1)
ROOT_FACTOR = 1.3


@dataclass(frozen=True, slots=True)
class Tongue:
    """Measures in mm. `length` from the turn to the ridge that holds the band."""

    length: float
    width: float
    thickness: float

    def strain(self, opening: float) -> float:
        """Largest strain, at the root, when the ridge is lifted by `opening`."""
        return ROOT_FACTOR * 1.5 * self.thickness * opening / self.length**2

    def force_n(self, opening: float, material: Material) -> float:
        """Force at the ridge in N. The turn, which yields too, is left out: the true force is a little less."""
        second_moment = self.width * self.thickness**3 / 12
        return 3 * material.modulus_mpa * second_moment * opening / self.length**3
