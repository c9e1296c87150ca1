"""Clusters of customers who are alike: how many there are, where their centres lie, and what distinguishes them."""

from tenure.training.clusters.make import MadeClusters, make_clusters

__all__ = ["MadeClusters", "make_clusters"]
