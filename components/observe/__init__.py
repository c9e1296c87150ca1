"""Observe: reads the state outside a run on which its result depends."""
