"""Answers when parts of a model fail: circuit breakers and fallbacks."""

from serving.resilience.breaker import CLOSED, HALF_OPEN, OPEN, Breaker
from serving.resilience.guard import Guard

__all__ = ["CLOSED", "HALF_OPEN", "OPEN", "Breaker", "Guard"]
