"""One module a model family that predicts a number."""
