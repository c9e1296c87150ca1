"""Pseudonyms of customers, and the columns that logs must not show."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping

from tenure.contract import Contract
from tenure.errors import InputError

KEY_VARIABLE = "TENURE_LOG_HASH_KEY"
"""Environment variable with the secret of the pseudonyms."""
_MIN_KEY_CHARS = 32


class Pseudonyms:
    """Pseudonyms by HMAC-SHA256 (RFC 2104): without the secret, ids cannot be found by trying them out.

    With the same secret an id has the same pseudonym in every log, which joins predictions with outcomes.

    Raises:
        InputError: the secret is shorter than 32 characters.
    """

    def __init__(self, secret: str) -> None:
        if len(secret) < _MIN_KEY_CHARS:
            raise InputError(f"{KEY_VARIABLE} has {len(secret)} characters, at least {_MIN_KEY_CHARS} are needed")
        self._secret = secret.encode()

    def of(self, value: object) -> str:
        """The pseudonym of a value, by its text: 32 hexadecimal digits."""
        return hmac.new(self._secret, str(value).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def pseudonyms_from(environment: Mapping[str, str] = os.environ) -> Pseudonyms | None:
    """Pseudonyms with the secret in ``KEY_VARIABLE``; None if it is not set.

    Raises:
        InputError: the secret is shorter than 32 characters.
    """
    secret = environment.get(KEY_VARIABLE)
    return Pseudonyms(secret) if secret else None


def hidden_columns(contract: Contract) -> frozenset[str]:
    """Columns that are never logged in clear: the key and the sensitive ones."""
    return frozenset(name for name, column in contract.row_columns.items() if column.role in ("key", "sensitive"))
