"""Validate: hold the table against the contract, keep the good rows, stop what must not go on."""
