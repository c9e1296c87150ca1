"""Two evaluations side by side: ``tenure report A B``."""

from tenure.report.comparison.document import compare
from tenure.report.comparison.page import render
from tenure.report.comparison.side import Side, read_side

__all__ = ["Side", "compare", "read_side", "render"]
