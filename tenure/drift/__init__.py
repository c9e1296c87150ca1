"""How columns are distributed, and how far two distributions are apart."""

from tenure.drift.profile import NumberProfile, Profile, TextProfile, build
from tenure.drift.psi import distances, psi
from tenure.drift.scores import ScoreProfile
from tenure.drift.sketch import Sketch

__all__ = ["NumberProfile", "Profile", "ScoreProfile", "Sketch", "TextProfile", "build", "distances", "psi"]
