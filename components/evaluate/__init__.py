"""Evaluate: decides whether a model may be registered."""
