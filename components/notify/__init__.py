"""The last word of a run on a cluster: what became of it, to whom it concerns."""
