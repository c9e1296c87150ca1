"""Who asks, and whether not too often."""

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
        rate: for each key, and for each token's subject.
    """

    keys: Callable[[], KeyRing] | None = None
    tokens: TokenCheck | None = None
    rate: RateLimit | None = None

    def begin(self) -> None:
        """Begin to fetch what tokens are checked with. Every worker does: threads do not survive a fork."""
        if self.tokens is not None:
            self.tokens.begin()

    def admit(self, authorization: str | None, api_key: str | None) -> str:
        """Who asks: ``key:NAME`` or ``token:SUBJECT``.

        Args:
            authorization, api_key: the headers ``Authorization`` and ``X-API-Key``.

        Raises:
            UnauthenticatedError: nobody that we know.
            RateLimitedError: too often.
            OverloadedError: the keys of the tokens' issuer are not here yet.
        """
        client = self._client(authorization, api_key)
        if self.rate is not None:
            wait_s = self.rate.wait_s(client)
            if wait_s > 0.0:
                raise RateLimitedError("this client asks too often", wait_s)
        return client

    def _client(self, authorization: str | None, api_key: str | None) -> str:
        bearer = _bearer(authorization)
        # A token has two dots, a key has one.
        if api_key is None and bearer is not None and (self.tokens is None or bearer.count(".") != 2):
            api_key, bearer = bearer, None
        if api_key is not None and self.keys is not None:
            name = owner(self.keys(), api_key)
            if name is None:
                raise UnauthenticatedError("the API key is not a good one")
            return f"key:{name}"
        if bearer is not None and self.tokens is not None:
            return f"token:{self.tokens.subject(bearer)}"
        ways = [way for way, on in (("an API key", self.keys), ("a token", self.tokens)) if on is not None]
        raise UnauthenticatedError(f"who asks? Send {' or '.join(ways)} as 'Authorization: Bearer ...'")


def _bearer(authorization: str | None) -> str | None:
    scheme, _, text = (authorization or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
