"""Who may ask, how often, how much at once, and for how long."""

from serving.admission.clients import Clients
from serving.admission.gate import Gate
from serving.admission.keys import KeyFile, create_key, parse_keys
from serving.admission.rate import RateLimit
from serving.admission.refusal import LateError, OverloadedError, RateLimitedError, UnauthenticatedError

__all__ = [
    "Clients",
    "Gate",
    "KeyFile",
    "LateError",
    "OverloadedError",
    "RateLimit",
    "RateLimitedError",
    "UnauthenticatedError",
    "create_key",
    "parse_keys",
]
