"""Validation of the tables that features are computed from as of an instant."""
