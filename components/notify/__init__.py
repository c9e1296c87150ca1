"""Notify and alert: report the outcome of a run."""
