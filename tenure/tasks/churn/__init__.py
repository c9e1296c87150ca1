"""Classification: whether a customer leaves."""

from tenure.tasks.churn.task import TASK

__all__ = ["TASK"]
