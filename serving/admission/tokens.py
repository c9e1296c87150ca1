"""Bearer tokens of an OpenID Connect provider: signed JWTs (RFC 7519), checked against its public keys (RFC 7517)."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import jwt

from serving.admission.jwks import KeySet
from serving.admission.refusal import OverloadedError, UnauthenticatedError

CLOCK_SKEW_S = 30.0
_MAX_TOKEN_CHARS = 8192
_REMEMBERED = 4096
_REQUIRED = ["exp", "iss", "aud", "sub"]


class TokenCheck:
    """Verifies tokens.

    Args:
        issuer: the required claim ``iss``.
        audience: required in the claim ``aud``.
        algorithms: of public-key signatures; with a shared secret, or none, anybody could forge a token.
        keys: the issuer's public keys.
        clock: returns seconds since the epoch.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        algorithms: Sequence[str],
        keys: KeySet,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer, self._audience = issuer, audience
        self._algorithms = list(algorithms)
        self._keys = keys
        self._clock = clock
        # Verifying a signature takes about 50 µs, and a client sends one token for minutes.
        self._verified: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._verified_generation = keys.generation

    def begin(self) -> None:
        """Start to fetch the keys, before the first token needs one."""
        self._keys.refresh_if_stale()

    def subject(self, token: str) -> str:
        """The claim ``sub`` of a valid token.

        Raises:
            UnauthenticatedError: the token is invalid; the message gives the reason and quotes nothing of the token.
            OverloadedError: the token's key is being fetched.
        """
        if len(token) > _MAX_TOKEN_CHARS:
            raise UnauthenticatedError(f"the token is longer than {_MAX_TOKEN_CHARS} characters")
        self._keys.refresh_if_stale()
        if self._verified_generation != self._keys.generation:  # a key may have been withdrawn
            self._verified.clear()
            self._verified_generation = self._keys.generation
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is not None and self._clock() <= known[1]:
            return known[0]
        subject, expires_at = self._check(token)
        self._verified[digest] = subject, expires_at
        self._verified.move_to_end(digest)
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return subject

    def _check(self, token: str) -> tuple[str, float]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key_id = header.get("alg"), header.get("kid")
            if algorithm not in self._algorithms:
                raise UnauthenticatedError(f"the token's algorithm is not one of {', '.join(self._algorithms)}")
            key = self._keys.find(key_id if isinstance(key_id, str) else None, algorithm)
            if key is None and self._keys.fetching:
                raise OverloadedError("the token's key is being fetched; send the request again")
            if key is None:
                raise UnauthenticatedError("the token is signed with a key that the issuer does not publish")
            claims = jwt.decode(
                token,
                key,
                algorithms=self._algorithms,
                issuer=self._issuer,
                audience=self._audience,
                leeway=CLOCK_SKEW_S,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise UnauthenticatedError("the token has expired") from None
        except jwt.InvalidIssuerError:
            raise UnauthenticatedError("the token has another issuer") from None
        except (jwt.InvalidAudienceError, jwt.MissingRequiredClaimError) as error:
            named = f"lacks the claim '{error.claim}'" if isinstance(error, jwt.MissingRequiredClaimError) else ""
            raise UnauthenticatedError(f"the token {named or 'has another audience'}") from None
        except jwt.ImmatureSignatureError:
            raise UnauthenticatedError("the token is not valid yet") from None
        except (jwt.PyJWTError, ValueError):
            raise UnauthenticatedError("invalid token") from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise UnauthenticatedError("the token's claim 'sub' is not a text")
        return subject, float(claims["exp"]) + CLOCK_SKEW_S
