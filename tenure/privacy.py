"""What may stand in a log about a person."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping

from tenure.contract import Contract
from tenure.errors import InputError

KEY_VARIABLE = "TENURE_LOG_HASH_KEY"
"""Environment variable with the secret under which identities are hashed."""
_MIN_KEY_CHARS = 32


class Pseudonyms:
    """Names for people in logs: HMAC-SHA256 (RFC 2104) under a secret, so that nobody without it can try out ids.

    The same id has the same name in every log made under one secret, which is what joins predictions with outcomes.

    Raises:
        InputError: the secret is shorter than 32 characters.
    """

    def __init__(self, secret: str) -> None:
        if len(secret) < _MIN_KEY_CHARS:
            raise InputError(f"{KEY_VARIABLE} has {len(secret)} characters, at least {_MIN_KEY_CHARS} are needed")
        self._secret = secret.encode()

    def of(self, value: object) -> str:
        """32 hexadecimal digits for a value, by its text."""
        return hmac.new(self._secret, str(value).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def pseudonyms_from(environment: Mapping[str, str] = os.environ) -> Pseudonyms | None:
    """The pseudonyms under the secret in ``KEY_VARIABLE``; None if there is none.

    Raises:
        InputError: it is too short.
    """
    secret = environment.get(KEY_VARIABLE)
    return Pseudonyms(secret) if secret else None


def hidden_columns(contract: Contract) -> frozenset[str]:
    """Columns that never stand in a log in clear: the key and the sensitive ones."""
    return frozenset(name for name, column in contract.columns.items() if column.role in ("key", "sensitive"))
