"""Requests that nobody should send, as Hypothesis makes them."""
