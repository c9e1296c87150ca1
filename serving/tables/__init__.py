"""Rows of a contract's tables in a request: the model's inputs are computed from them, as of an instant."""
