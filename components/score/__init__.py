"""Score: predictions for a whole table, in files."""
