"""The append-only record of requests and decisions, with the authenticated identity of each."""
