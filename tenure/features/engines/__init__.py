"""Engines: they deal whole customers to the one function that computes, so that memory is bounded."""
