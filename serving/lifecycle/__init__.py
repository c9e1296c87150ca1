"""From the command line to a running server: start, workers, reload, and the end."""
