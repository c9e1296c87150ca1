"""Distributions of columns, and distances between them."""

from tenure.stats.profile import NumberProfile, Profile, TextProfile, build
from tenure.stats.psi import ColumnComparison, compare_columns, distances, psi
from tenure.stats.scores import ScoreProfile
from tenure.stats.sketch import Sketch, drop_rare

__all__ = [
    "ColumnComparison",
    "NumberProfile",
    "Profile",
    "ScoreProfile",
    "Sketch",
    "TextProfile",
    "build",
    "compare_columns",
    "distances",
    "drop_rare",
    "psi",
]
