"""Features as of an instant, the split, and the tables that models are trained on."""

from tenure.features.as_of import at

__all__ = ["at"]
