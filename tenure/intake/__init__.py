"""Rows of a source, parsed into the contract's types; rows that do not parse are kept apart."""
