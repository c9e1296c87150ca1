"""Admission of requests: authentication, rate limits, load limits, deadlines."""
