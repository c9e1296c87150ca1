"""Inference over HTTP: connections, KServe's REST application, and the fast route beside it."""
