"""Training: model families, parameter search, candidates, and the choice between them."""
