"""Batch scoring: predictions for a whole table, in files."""
