"""The page of a regression."""

from tenure.report.regression.page import value_page

__all__ = ["value_page"]
