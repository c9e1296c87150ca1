"""Serve the candidate for real before it is registered."""
