"""KServe's V1 protocol: a list of customers in, a list of answers out."""

from serving.v1.exchange import V1Exchange

__all__ = ["V1Exchange"]
