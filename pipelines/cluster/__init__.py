"""Runs on a cluster: submit, follow, schedule."""
