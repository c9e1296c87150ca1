"""Authenticates clients, and limits the rate of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving.admission.keys import KeyRing, owner
from serving.admission.rate import RateLimit
from serving.admission.refusal import RateLimitedError, UnauthenticatedError

if TYPE_CHECKING:
    from serving.admission.tokens import TokenCheck


@dataclass(frozen=True)
class Clients:
    """The clients that a server knows: by API key, by bearer token, or by either.

    Args:
        rate: limit for each key, and for each token's subject.
    """

    keys: Callable[[], KeyRing] | None = None
    tokens: TokenCheck | None = None
    rate: RateLimit | None = None

    def begin(self) -> None:
        """Start to fetch the issuer's keys. Called in every worker: threads do not survive a fork."""
        if self.tokens is not None:
            self.tokens.begin()

    def admit(self, authorization: str | None, api_key: str | None) -> str:
        """The client of a request: ``key:NAME`` or ``token:SUBJECT``.

        Args:
            authorization, api_key: the headers ``Authorization`` and ``X-API-Key``.

        Raises:
            UnauthenticatedError: the credentials are missing or invalid.
            RateLimitedError: the client exceeds its rate limit.
            OverloadedError: the issuer's keys are not fetched yet.
        """
        client = self._client(authorization, api_key)
        if self.rate is not None:
            wait_s = self.rate.wait_s(client)
            if wait_s > 0.0:
                raise RateLimitedError("the client exceeds its rate limit", wait_s)
        return client

    def _client(self, authorization: str | None, api_key: str | None) -> str:
        bearer = _bearer(authorization)
        # A token has two dots, a key has one.
        if api_key is None and bearer is not None and (self.tokens is None or bearer.count(".") != 2):
            api_key, bearer = bearer, None
        if api_key is not None and self.keys is not None:
            name = owner(self.keys(), api_key)
            if name is None:
                raise UnauthenticatedError("invalid API key")
            return f"key:{name}"
        if bearer is not None and self.tokens is not None:
            return f"token:{self.tokens.subject(bearer)}"
        ways = [way for way, on in (("an API key", self.keys), ("a token", self.tokens)) if on is not None]
        raise UnauthenticatedError(f"no credentials: send {' or '.join(ways)} as 'Authorization: Bearer ...'")


def _bearer(authorization: str | None) -> str | None:
    scheme, _, text = (authorization or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
