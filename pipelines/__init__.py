"""The graphs, the two ways to run them, and the command line."""
