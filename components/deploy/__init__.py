"""deploy: a registered version goes out by canary."""
