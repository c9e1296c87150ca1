"""Regression: how much of something there will be of a customer."""

from tenure.tasks.value.task import TASK

__all__ = ["TASK"]
