"""Several families as one candidate: a weighted sum of their margins."""

from tenure.training.blend.stack import Blend, blend

__all__ = ["Blend", "blend"]
