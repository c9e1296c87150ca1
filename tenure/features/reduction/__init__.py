"""Inputs and derived features that the model does not read: constant, equal to another, or not among the best."""

from tenure.features.reduction.reducing import FILE_NAME, Reduction, reduce

__all__ = ["FILE_NAME", "Reduction", "reduce"]
