"""Validate: checks the table against its contract, separates the good rows, and stops a table that must not be used."""
