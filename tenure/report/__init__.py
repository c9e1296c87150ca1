"""The evaluation as a page that a person enjoys reading."""

from tenure.report.render import render

__all__ = ["render"]
