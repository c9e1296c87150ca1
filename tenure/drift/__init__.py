"""How columns are distributed, and how far two distributions are apart."""

from tenure.drift.profile import NumberProfile, Profile, TextProfile, build
from tenure.drift.psi import distances, psi
from tenure.drift.sketch import Sketch

__all__ = ["NumberProfile", "Profile", "Sketch", "TextProfile", "build", "distances", "psi"]
